"""Attention to the last few tokens, which does not compute what it hides."""

import torch
from torch import Tensor

from attention.efficiency.tiles import blocks
from attention.masks.patterns import window_mask
from attention.scoring.fast import fast_attention
from attention.shapes import check_attention, check_count


def sliding_window_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    window: int,
    block: int = 256,
    *,
    scale: float | None = None,
) -> Tensor:
    """Let each query attend to the `window` newest keys, its own position among them.

        mask[i, j] = p − window < j ≤ p,   p = i + (key_len − query_len)

    As in Mistral, Gemma and gpt-oss, a window of 1 is the token alone; `window_mask` counts alike,
    and `attention.masks.window_conventions` knows who counts otherwise.

    A block of queries is compared with the block + window keys that some of them may see, so time
    and memory grow with query_len · (block + window).

    Args:
        query: (..., query_len, d).
        key: (..., key_len, d).
        value: (..., key_len, value_dim).
        window: how many keys, its own position among them; one or more.
        block: how many queries at a time.
        scale: what the dot products are multiplied by; 1/√d if not given.

    Returns:
        (..., query_len, value_dim). A query that comes before the first key gets zeros.
        As in `fast_attention`, NaN in a key or value may show in rows that do not see it.

    Raises:
        ValueError: the shapes do not belong together, or window or block is less than one.
        TypeError: window or block is not a whole number, or a tensor is not floating point.

    Source: Jiang et al. (2023), Mistral 7B, section 2; Beltagy et al. (2020), section 3.1, for a
    window on both sides.
    """
    check_attention(query, key, value)
    check_count("window", window, least=1)
    ahead = key.shape[-2] - query.shape[-2]  # the last query lines up with the last key
    leading = torch.broadcast_shapes(*(x.shape[:-2] for x in (query, key, value)))
    output = []
    for rows in blocks(query.shape[-2], block) or [slice(0, 0)]:
        near = slice(max(0, rows.start + ahead - window + 1), max(0, rows.stop + ahead))
        if near.stop == 0:  # these queries come before the first key
            output.append(query.new_zeros(*leading, rows.stop - rows.start, value.shape[-1]))
            continue
        asked, keys, values = query[..., rows, :], key[..., near, :], value[..., near, :]
        lengths = asked.shape[-2], keys.shape[-2]
        mask = window_mask(*lengths, window=window, device=query.device)
        output.append(fast_attention(asked, keys, values, mask, is_causal=True, scale=scale))
    return torch.cat(output, dim=-2)
