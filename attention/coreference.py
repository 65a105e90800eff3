"""What heads give to the nouns that a pronoun may stand for."""

from collections.abc import Sequence

import torch
from torch import Tensor

from attention.data.winograd import Pair
from attention.models.bert.encoder import BertEncoder, attention_maps
from attention.models.bert.pretrained import encode
from attention.models.judging import check_numbers


def pronoun_weights(encoder: BertEncoder, tokenizer, pairs: Sequence[Pair]) -> Tensor:
    """Read each pair's two sentences, and keep what the pronoun gives to each of the two nouns.

    Args:
        encoder, tokenizer: as `load_bert` returns them.
        pairs: as in `attention.data.winograd`.

    Returns:
        (pairs, endings, nouns, n_layers, n_heads); with ending 0 the pronoun stands for noun 0,
        with ending 1 for noun 1.

    Raises:
        ValueError: for this tokenizer a noun or pronoun is not one token of its sentence.
    """
    return torch.stack([
        torch.stack([
            _given(encoder, *encode(tokenizer, text), pronoun, pair.nouns)
            for text, pronoun in zip(pair.sentences(), pair.pronouns(), strict=True)
        ])
        for pair in pairs
    ])  # fmt: skip


def sentences_right(given: Tensor) -> Tensor:
    """Count in how many sentences each head's pronoun prefers the noun that it stands for.

    A head that prefers the same noun with both endings gets exactly half.

    Args:
        given: (pairs, endings, nouns, n_layers, n_heads), as `pronoun_weights` returns them.

    Returns:
        (n_layers, n_heads) whole numbers, from 0 to 2 · pairs. Equal weights are wrong.

    Raises:
        ValueError: a weight is NaN.
    """
    check_numbers("given", given)
    lean = given[:, :, 0] - given[:, :, 1]  # (pairs, endings, n_layers, n_heads)
    return (lean[:, 0] > 0).sum(0) + (lean[:, 1] < 0).sum(0)


def _given(encoder, ids, tokens, pronoun, nouns) -> Tensor:
    """(2, n_layers, n_heads): the pronoun's weights on both nouns in one sentence."""
    for word in (pronoun, *nouns):
        if tokens.count(word) != 1:
            raise ValueError(
                f"{word!r} must be one token that stands once in its sentence, got {tokens}"
            )
    asks = attention_maps(encoder, ids)[:, :, tokens.index(pronoun)]
    return torch.stack([asks[..., tokens.index(noun)] for noun in nouns])
