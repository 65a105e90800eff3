"""What heads give to the nouns that a pronoun may stand for."""

from collections.abc import Sequence

import torch
from torch import Tensor

from attention.data.winograd import Pair
from attention.models.bert.encoder import BertEncoder, attention_maps
from attention.models.bert.pretrained import encode
from attention.models.judging import check_numbers
from attention.shapes import check_tensor


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


def pair_score(
    maps: Sequence[Tensor], pronouns: Sequence[int], nouns: Sequence[Sequence[int]]
) -> Tensor:
    """Ask of each head whether its pronoun turns to the other noun when the deciding word changes.

        score = 1 where  w[pronoun, first noun] > w[pronoun, second noun]  in the first sentence
                    and  w[pronoun, second noun] > w[pronoun, first noun]  in the second

    A head that keeps to one noun, whatever its reason, scores 0.

    Args:
        maps: of the pair's two sentences, each (n_layers, n_heads, length, length), as
            `attention_maps` returns them; the two lengths may differ.
        pronouns: two whole numbers: where the pronoun stands in each sentence. In the first it
            stands for the first noun, in the second for the second.
        nouns: two pairs of whole numbers: where the first and the second noun stand in each.

    Returns:
        (n_layers, n_heads) whole numbers, 1 where both sentences are right and 0 elsewhere. Equal
        weights are wrong.

    Raises:
        ValueError: the maps are not those of two sentences of one model, or a weight is NaN.

    Source: Levesque, Davis and Morgenstern (2012), section 2, for the pairs.
    """
    if not len(maps) == len(pronouns) == len(nouns) == 2:
        raise ValueError(
            "a pair has two sentences: two maps, two pronouns and two pairs of nouns, "
            f"got {len(maps)}, {len(pronouns)} and {len(nouns)}"
        )
    leans = []
    for weights, pronoun, (first, second) in zip(maps, pronouns, nouns, strict=True):
        check_tensor("maps", weights, axes=4)
        check_numbers("maps", weights)
        asks = weights[:, :, pronoun]  # (n_layers, n_heads, length)
        leans.append(asks[..., first] - asks[..., second])
    if leans[0].shape != leans[1].shape:
        raise ValueError(
            "both maps must be of one model, (n_layers, n_heads, length, length), "
            f"got {tuple(maps[0].shape)} and {tuple(maps[1].shape)}"
        )
    return ((leans[0] > 0) & (leans[1] < 0)).long()


def pair_places(tokenizer, pair: Pair) -> tuple[list[Tensor], list[int], list[list[int]]]:
    """Find what `pair_score` needs to know of a pair.

    Returns:
        (ids, pronouns, nouns): of each of the two sentences its token ids (length,), the place of
        its pronoun, and the places of its two nouns.

    Raises:
        ValueError: for this tokenizer a noun or pronoun is not one token of its sentence.
    """
    ids, pronouns, nouns = [], [], []
    for text, pronoun in zip(pair.sentences(), pair.pronouns(), strict=True):
        numbers, tokens = encode(tokenizer, text)
        first, second, asking = (_place(tokens, word) for word in (*pair.nouns, pronoun))
        ids.append(numbers)
        pronouns.append(asking)
        nouns.append([first, second])
    return ids, pronouns, nouns


def _place(tokens: list[str], word: str) -> int:
    """Where a word stands, which must be one token that stands once."""
    if tokens.count(word) != 1:
        raise ValueError(
            f"{word!r} must be one token that stands once in its sentence, got {tokens}"
        )
    return tokens.index(word)


def _given(encoder, ids, tokens, pronoun, nouns) -> Tensor:
    """(2, n_layers, n_heads): the pronoun's weights on both nouns in one sentence."""
    asking, *places = (_place(tokens, word) for word in (pronoun, *nouns))
    asks = attention_maps(encoder, ids)[:, :, asking]
    return torch.stack([asks[..., place] for place in places])
