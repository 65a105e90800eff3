"""Exercise of the chapter "Listening". Replace the `raise` with your code; save; grade.

make grade EXERCISE=listening
"""

import torch


def alignment_error(weights, begin, end, step=0.02):
    """Measure how far the largest weight of each word lies from the middle of the word.

    Args:
        weights: (n_heads, n_words, n_vectors) float32, what each word gives to each vector of the
            sound, in each head. Vector 0 is centred on second 0, and vector j on second j · step.
        begin: (n_words,) float32 seconds: when each word begins.
        end: (n_words,) float32 seconds: when each word ends.
        step: seconds from the centre of one vector to the centre of the next.

    Returns:
        (n_heads,) float32 seconds, none negative: for each head, the median over the words of the
        distance between the centre of the vector with the largest weight and the middle of the
        word. Of an even number of words, the median is the mean of the two in the middle.
    """
    raise NotImplementedError
