"""Train a `Translator`, and count the sentences that it gets right."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.data.translation import draw_pairs, teacher_forced
from attention.models.encoder_decoder.translator import Translator
from attention.models.judging import best, share
from attention.models.training import trained

TEST_SEED = 10_000  # of sentences that no training draws


def train_translator(
    seed: int, see: Callable[[Tensor], Tensor] = lambda source: source
) -> Translator:
    """Train a fresh model on 300 batches of 96 fresh sentences.

    Args:
        seed: of the model's first weights and of its sentences.
        see: what the model is shown of a source (batch, source_len); all of it if not given.
    """

    def draw(generator: torch.Generator) -> tuple[Tensor, ...]:
        source, translation, _ = draw_pairs(96, generator)
        return teacher_forced(see(source), translation)

    return trained(Translator, draw, steps=300, seed=seed, lr=5e-3)


def right_when_alone(model: Translator, source: Tensor, translation: Tensor) -> Tensor:
    """Compare what the model writes by itself with the right translation, token by token.

    Returns:
        (batch, length) boolean: True where the two agree, beyond the end, too.
    """
    length = translation.shape[1]
    written = model.translate(source, longest=length)
    return F.pad(written, (0, length - written.shape[1])) == translation


def right_when_taught(model: Translator, source: Tensor, translation: Tensor) -> Tensor:
    """Compare each next token with the right one, where all before it are the right ones."""
    _, written, _ = teacher_forced(source, translation)
    with torch.no_grad():
        return best(model(source, written)) == translation


def share_exact(
    model: Translator, see: Callable[[Tensor], Tensor] = lambda source: source, **adjectives: int
) -> float:
    """Measure the share of 500 new sentences that the model translates without any mistake.

    Args:
        model: a trained one.
        see: what it is shown of a source, as in its training.
        adjectives: `least` and `most`, as for `draw_pairs`.
    """
    generator = torch.Generator().manual_seed(TEST_SEED)
    source, translation, _ = draw_pairs(500, generator, **adjectives)
    return share(right_when_alone(model, see(source), translation).all(dim=1))
