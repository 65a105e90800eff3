"""Exercise of the chapter "What does "it" mean?". Replace the `raise` with your code; save; grade.

make grade EXERCISE=coreference
"""

import torch


def pair_score(maps, pronouns, nouns):
    """Ask of each head whether its pronoun turns to the other noun when the deciding word changes.

    A pair has two sentences. In the first the pronoun stands for the first noun, in the second for
    the second. A head is right in a sentence if its pronoun gives the noun that it stands for more
    weight than the other noun.

    Args:
        maps: two tensors (n_layers, n_heads, length, length), one for each sentence: entry
            [layer, head, i, j] is the weight that token i gives to token j in that head. The two
            lengths may differ.
        pronouns: two whole numbers, the place of the pronoun in each sentence.
        nouns: two pairs of whole numbers, the places of the first and of the second noun in each
            sentence.

    Returns:
        (n_layers, n_heads) tensor: 1 where the head is right in both sentences, 0 elsewhere. Equal
        weights are wrong.
    """
    raise NotImplementedError
