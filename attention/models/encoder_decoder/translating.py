"""Train a `Translator`, and count the sentences that it gets right."""

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.data.translation import ENGLISH, PAD, draw_pairs, spell, teacher_forced
from attention.models.encoder_decoder.translator import Translator
from attention.models.judging import best, share
from attention.models.training import trained

STEPS, BATCH = 300, 96
TEST_SEED = 10_000  # of sentences that no training draws


def train_translator(seed: int) -> Translator:
    """Train a fresh model on STEPS batches of BATCH fresh sentences.

    Args:
        seed: of the model's first weights and of its sentences.
    """

    def draw(generator: torch.Generator) -> tuple[Tensor, ...]:
        source, translation, _ = draw_pairs(BATCH, generator)
        return teacher_forced(source, translation)

    return trained(Translator, draw, steps=STEPS, seed=seed, lr=5e-3)


def crowded_pairs() -> tuple[Tensor, Tensor]:
    """Draw sentences with three adjectives at the first noun, no longer than those of training.

    Returns:
        (source, translation) of those among 2000 drawn ones.
    """
    source, translation, _ = draw_pairs(2000, torch.Generator().manual_seed(9), 0, 3)
    verb = (source >= ENGLISH.index("see")).int().argmax(1)  # the place of the verb
    crowded = (verb == 4) & ((source != PAD).sum(1) <= 7)
    return source[crowded], translation[crowded]


def drawn_in_training(source: Tensor, seed: int) -> Tensor:
    """Say which sentences `train_translator` had also drawn with this seed.

    Returns:
        (batch,) boolean.
    """

    def spelt(sentences):
        return [tuple(spell(sentence, ENGLISH)) for sentence in sentences]

    generator, drawn = torch.Generator().manual_seed(seed), set()
    for _ in range(STEPS):
        drawn.update(spelt(draw_pairs(BATCH, generator)[0]))
    return torch.tensor([sentence in drawn for sentence in spelt(source)])


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


@torch.no_grad()
def weights_on_source(model: Translator, source: Tensor, translation: Tensor) -> Tensor:
    """Measure where cross-attention looks at each place, given the right words before it.

    Returns:
        (batch, length, source_len): the first block's weights, averaged over its heads.
    """
    _, written, _ = teacher_forced(source, translation)
    _, weights = model(source, written, return_weights=True)
    return weights[0].mean(dim=1)


def share_exact(model: Translator, **adjectives: int) -> float:
    """Measure the share of 500 fresh sentences that the model translates without any mistake.

    Args:
        model: a trained one.
        adjectives: `least` and `most`, as for `draw_pairs`.
    """
    generator = torch.Generator().manual_seed(TEST_SEED)
    source, translation, _ = draw_pairs(500, generator, **adjectives)
    return share(right_when_alone(model, source, translation).all(dim=1))
