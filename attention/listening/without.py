"""Whisper without some of the heads with which its decoder listens."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.interpretation.ablation import ablate_head
from attention.listening.spoken import Spoken
from attention.models.whisper.model import Whisper


@contextmanager
def without(model: Whisper, heads: Iterable[tuple[int, int]]) -> Iterator[None]:
    """Let heads of the cross-attention answer nothing, for the length of a `with` block.

    Args:
        model: a Whisper.
        heads: (layer, head) of each, counted from 0.

    Raises:
        ValueError: the decoder has no such layer or head.
    """
    listening = [SimpleNamespace(attention=block.cross_attention) for block in model.decoder.blocks]
    with ExitStack() as changes:
        for layer, head in heads:
            changes.enter_context(ablate_head(SimpleNamespace(blocks=listening), layer, head))
        yield


@torch.no_grad()
def surprise_without(model: Whisper, heard: Spoken, heads: Iterable[tuple[int, int]]) -> Tensor:
    """Measure −ln p of each token of a word, given the right ones before it, without these heads.

    Returns:
        (n,) nats.
    """
    with without(model, heads):
        scores = model.decoder(heard.tokens, heard.kept)[0, heard.row]  # (n, vocab_size)
    return F.cross_entropy(scores, heard.tokens[0, heard.row + 1], reduction="none")
