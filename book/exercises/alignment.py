"""Exercise of the chapter "Alignment". Replace the `raise` with your code; save; grade.

make grade EXERCISE=alignment
"""

import torch

from attention import masked_softmax, padding_mask


def context(state, memory, lengths, scorer):
    """Average the encoder's states, weighted by how well each answers the decoder's state.

    Args:
        state: (batch, d_state) the decoder's state, which is the query.
        memory: (batch, src_len, d_memory) the encoder's states, which are keys and values.
        lengths: (batch,) integers: the first lengths[b] states of row b are real, the rest is
            padding. A length may be 0.
        scorer: any score of the last chapter, called as scorer(query, key) with query
            (batch, 1, d_state) and key (batch, src_len, d_memory); returns the scores
            (batch, 1, src_len).

    Returns:
        The context (batch, d_memory) and the weights (batch, src_len). Padding has the weight
        zero; where the length is 0, both are zero.
    """
    raise NotImplementedError
