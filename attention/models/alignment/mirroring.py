"""Train a translator into Mirror English, and hold words and alignment against the truth."""

from functools import partial

import torch
from torch import Tensor

from attention.data.mirror import N_WORDS, in_mirror_english, mirrored, mirrored_up_to, numbers
from attention.models.alignment.seq2seq import Seq2Seq
from attention.models.judging import best, share
from attention.models.training import train

LONGEST = 8  # words in a sentence of training
TEST_SEED = 10_000  # of sentences that no training draws


def new_translator(kind: type[Seq2Seq], hidden: int, seed: int = 0) -> Seq2Seq:
    """Build an untrained translator whose words are 16 numbers wide."""
    torch.manual_seed(seed)
    return kind(N_WORDS, N_WORDS, 16, hidden)


def practise(model: Seq2Seq, seed: int = 0) -> Seq2Seq:
    """Train a translator in place on 300 batches of 64 sentences of one to eight words."""
    train(model, partial(mirrored_up_to, 64, LONGEST), steps=300, seed=seed)
    return model


def translate(model: Seq2Seq, text: str) -> tuple[list[str], Tensor]:
    """Let a translator write a sentence given as text.

    Args:
        model: a trained one.
        text: words of Mirror English's source, with spaces between them.

    Returns:
        The words that it writes, and the weights (step, source position).
    """
    source = numbers(text.split())  # (1, src_len)
    lengths = torch.tensor([source.shape[1]])
    words, weights = model.translate(source, lengths, source.shape[1] + 1)
    return in_mirror_english(words[0].tolist()), weights[0]


def fresh_sentences(length: int) -> tuple[Tensor, ...]:
    """Draw 500 sentences of one length, always the same ones; returns what `mirrored` does."""
    generator = torch.Generator().manual_seed(TEST_SEED)
    return mirrored(torch.full((500,), length, device=generator.device), generator)


def sentences_right(model: Seq2Seq, length: int) -> float:
    """Measure the share of fresh sentences of which every word and the full stop are right."""
    source, lengths, _, target = fresh_sentences(length)
    words, _ = model.translate(source, lengths, length + 1)
    return share((words == target).all(-1))


def check_alignment(model: Seq2Seq, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Hold each step's largest weight against the place of the word that is translated there.

    Args:
        model: a trained one that looks back.
        length: how many words the fresh sentences have.

    Returns:
        off: (500, length) how many places the largest weight is to the right of the right place.
        right: (500, length) boolean: the word that was written is right.
        weights: (500, length, length) of step and source position.
    """
    source, lengths, _, target = fresh_sentences(length)
    words, weights = model.translate(source, lengths, length)
    place = length - 1 - torch.arange(length, device=weights.device)
    return best(weights, "the weights") - place, words == target[:, :length], weights
