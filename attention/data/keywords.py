"""Synthetic keywords: every word is the same three vowels in another order, with noise around.

Made as vowels are made: a voice gives pulses of air, and the mouth rings at a few frequencies, the
formants. It sounds like speech and is none: no consonants, no breath, and a short rest after each
vowel that is longer than a frame, so that no frame hears two vowels.
"""

from itertools import permutations
from typing import NamedTuple

import torch
from torch import Tensor

from attention.data.dice import by

RATE = 8000  # samples a second, as on a telephone
FORMANTS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240)}  # in hertz
BANDWIDTHS = (60, 90, 150)  # in hertz: how sharply each formant rings
WORDS = ["".join(order) for order in permutations(FORMANTS)]  # aiu, aui, iau, …
ORDER = torch.tensor(list(permutations(range(3))), device="cpu")  # (words, 3) the vowels of each
VOWEL, REST, PAUSE = (0.10, 0.18), 0.05, (0.05, 0.40)  # seconds, of these from … to …
FADE = 0.02  # seconds in which a vowel swells, and fades
LONGEST = round(RATE * (3 * VOWEL[1] + 2 * REST + 2 * PAUSE[1]))  # samples


class Spoken(NamedTuple):
    """A batch of recordings, padded with zeros to one length, LONGEST where made here."""

    waves: Tensor  # (batch, samples) air pressure between −1 and 1
    lengths: Tensor  # (batch,) samples of each
    target: Tensor  # (batch,) which of WORDS was said
    spans: Tensor  # (batch, 3, 2) the samples at which the vowels begin and end, in their order


def speak(
    target: Tensor, generator: torch.Generator, snr: tuple[float, float] = (5.0, 20.0)
) -> Spoken:
    """Say words, each by a speaker of its own.

    Pitch and its rise or fall, the length of the mouth, how long and how loud each vowel is, the
    pauses before and after, the gain of the recording and the noise are drawn for each word.

    Args:
        target: (batch,) numbers of WORDS.
        generator: the source of chance.
        snr: the least and the greatest ratio of the vowels' power to the noise's, in decibels
            (10: ten times the power; 0: the same).

    Source: Peterson and Barney (1952), table II, for the formants of three vowels, as men say
    them; Klatt (1980) for pulses that pass through resonators.
    """
    batch = len(target)

    def between(low, high, *shape):
        return low + (high - low) * torch.rand(batch, *shape, **by(generator))

    begin, vowel, end = between(*PAUSE, 1), between(*VOWEL, 3), between(*PAUSE, 1)
    rests = REST * torch.arange(3, device=vowel.device)
    stop = begin + vowel.cumsum(dim=1) + rests  # (batch, 3) in seconds
    start = stop - vowel
    time = torch.arange(LONGEST, device=vowel.device) / RATE
    is_heard = time < stop[:, -1:] + end  # (batch, LONGEST)
    # (batch, 3, LONGEST) how loud each vowel is at each moment
    loud = torch.minimum(time - start[..., None], stop[..., None] - time).div(FADE).clamp(0, 1)
    pulses = _pulses(time, between(90, 230, 1), between(-0.15, 0.15, 1))
    order, mouth = ORDER.to(target.device)[target], between(0.9, 1.15, 1, 1)
    rings = _ring(pulses, order, mouth)  # (batch, 3, LONGEST)
    vowels = rings / rings.square().mean(dim=-1, keepdim=True).sqrt() * between(0.7, 1.4, 3, 1)
    clean = (vowels * loud).sum(dim=1)  # (batch, LONGEST)
    power = clean.square().sum(dim=-1) / (RATE * vowel.sum(dim=-1))  # (batch,) while it speaks
    noise = (power / 10 ** (between(*snr) / 10)).sqrt()
    waves = clean + noise[:, None] * torch.randn(clean.shape, **by(generator))
    waves = waves * is_heard
    waves = waves / waves.abs().amax(dim=-1, keepdim=True) * between(0.2, 1.0, 1)
    spans = (torch.stack([start, stop], dim=-1) * RATE).round().long()
    return Spoken(waves, is_heard.sum(dim=-1), target, spans)


def draw_words(size: int, seed: int, **options) -> Spoken:
    """Say `size` words drawn at random, always the same for one seed; options as for `speak`."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(len(WORDS), (size,), **by(generator))
    # a hundred at a time: their spectra then fit into the processor's cache
    parts = [speak(each, generator, **options) for each in target.split(100)]
    return Spoken(*(torch.cat(each) for each in zip(*parts, strict=True)))


def at_twice_the_rate(spoken: Spoken) -> Spoken:
    """Record the same words with twice as many samples a second: each sample comes twice."""
    return Spoken(
        spoken.waves.repeat_interleave(2, dim=-1),
        2 * spoken.lengths,
        spoken.target,
        2 * spoken.spans,
    )


def _pulses(time: Tensor, pitch: Tensor, slope: Tensor) -> Tensor:
    """One pulse for each vibration of the voice, (batch, samples); pitch and slope (batch, 1)."""
    cycles = pitch * (time + slope * time.square())  # vibrations so far
    return (cycles.floor().diff(dim=-1, prepend=cycles[:, :1] - 1) > 0).float()


def _ring(pulses: Tensor, order: Tensor, mouth: Tensor) -> Tensor:
    """Let a mouth of three shapes ring with pulses (batch, samples): (batch, 3, samples)."""
    samples = pulses.shape[-1]
    hertz = torch.fft.rfftfreq(samples, 1 / RATE, device=pulses.device)  # (n_frequencies,)
    formants = torch.tensor(list(FORMANTS.values()), dtype=torch.float32, device=pulses.device)
    centres = formants[order] * mouth  # (batch, 3, formants)
    response = 1 / (1 + 1j * hertz / 1500)  # of a voice, whose high frequencies are weaker
    for centre, width in zip(centres.unbind(dim=-1), BANDWIDTHS, strict=True):
        square = centre[..., None] ** 2
        response = response * square / (square - hertz**2 + 1j * width * hertz)
    return torch.fft.irfft(torch.fft.rfft(pulses)[:, None] * response, samples)
