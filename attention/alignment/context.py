"""Alignment: a decoder looks back at the encoder's states and takes what it needs now."""

from collections.abc import Callable

from torch import Tensor

from attention.masks.padding import padding_mask
from attention.precision import wide
from attention.shapes import check_kind, check_shape, check_tensor
from attention.soft_lookup.softmax import masked_softmax


def context(
    state: Tensor, memory: Tensor, lengths: Tensor, scorer: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Average the encoder's states, weighted by how well each answers the decoder's state.

        c = Σⱼ wⱼ gⱼ,   w = softmax over the real positions j of score(g′, gⱼ)

    The states are keys and values at once. The weights say which source positions this step of
    the decoder is aligned with.

    Args:
        state: (batch, d_state) the decoder's state g′, the query.
        memory: (batch, src_len, d_memory) the encoder's states g, padded to one length.
        lengths: (batch,) how many of each row's states are real, from 0 to src_len.
        scorer: called with query (batch, 1, d_state) and key (batch, src_len, d_memory), returns
            the scores (batch, 1, src_len), of the memory's dtype or, for half precision, float32.

    Returns:
        The context (batch, d_memory) and the weights (batch, src_len). Padding has the weight
        zero; both are zero where the length is 0.

    Raises:
        TypeError: state, memory or scores are not floating point, or lengths not whole numbers.
        ValueError: a shape is not the one above, a length lies outside 0 … src_len, or dtypes or
            devices differ.

    Source: Bahdanau, Cho and Bengio (2015), equations 5 and 6.
    """
    check_tensor("memory", memory, axes=3)
    check_tensor("state", state)
    batch, src_len, d_memory = memory.shape[-3:]
    check_shape("memory", memory, "(batch, src_len, d_memory)", (batch, src_len, d_memory))
    check_shape("state", state, "(batch, d_state)", (batch, state.shape[-1]))
    mask = padding_mask(lengths, src_len)  # (batch, 1, src_len)
    check_shape("lengths", mask[:, 0].any(dim=-1), "(batch,)", (batch,))
    scores = scorer(state.unsqueeze(1), memory)
    check_tensor("the scorer's result", scores)
    check_shape("the scorer's result", scores, "(batch, 1, src_len)", (batch, 1, src_len))
    alike = wide(memory) if scores.dtype == wide(memory).dtype else memory
    check_kind("memory", alike, "the scorer's result", scores)
    weights = masked_softmax(scores, mask).to(memory.dtype)  # (batch, 1, src_len)
    return (weights @ memory).squeeze(1), weights.squeeze(1)
