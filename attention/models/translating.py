"""Train a `Translator`, and count how many sentences it gets right."""

from collections.abc import Callable

import torch
from torch import Tensor

from attention.data.translation import draw_pairs, teacher_forced
from attention.models.translator import Translator
from attention.training import trained

TEST_SEED = 10_000  # of sentences that no training draws


def train_translator(
    seed: int, see: Callable[[Tensor], Tensor] = torch.Tensor.clone, steps: int = 300, lr=7e-3, size=64
) -> Translator:
    """Train a fresh model on fresh sentences.

    Args:
        seed: of the model's first weights and of its sentences.
        see: what the model is shown of the source (batch, source_len): all of it, if not given.
        steps: how many batches.
    """

    def draw(generator: torch.Generator) -> tuple[Tensor, ...]:
        source, translation, _ = draw_pairs(size, generator)
        return teacher_forced(see(source), translation)

    return trained(Translator, draw, steps, seed=seed, lr=lr)


def share_exact(
    model: Translator, see: Callable[[Tensor], Tensor] = torch.Tensor.clone, **adjectives: int
) -> float:
    """Measure the share of new sentences that the model, writing freely, translates to the letter.

    Args:
        model: a trained one.
        see: what the model is shown of the source.
        adjectives: `least` and `most`, as for `draw_pairs`.
    """
    generator = torch.Generator().manual_seed(TEST_SEED)
    source, translation, _ = draw_pairs(500, generator, **adjectives)
    written = model.translate(see(source), longest=translation.shape[1])
    if written.shape != translation.shape:
        written = torch.nn.functional.pad(written, (0, translation.shape[1] - written.shape[1]))
    return (written == translation).all(1).float().mean().item()
