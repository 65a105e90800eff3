"""A real recording whose word times are known: a sentence of Jane Austen's, read aloud.

The recording is in the public domain. Source, licence and how the times were found are told in
`austen.txt`, which stands beside it.
"""

import json
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from attention.data.recordings import read_wav

AUSTEN = Path(__file__).parent / "austen.wav"
RATE = 16_000
SILENCE = "<sil>"
SPELLING = {"and": "And", "mister": "Mr.", "john": "John", "dashwood": "Dashwood"}


class Word(NamedTuple):
    """A word, and when it was said."""

    text: str
    begin: float  # seconds
    end: float


def load_austen() -> tuple[Tensor, list[Word]]:
    """Read the recording and the times of its words.

    Returns:
        (wave, words): (samples,) float32 at RATE samples a second; 22 words in the order in which
        they were said, without the silences, written as in print.
    """
    wave = read_wav(AUSTEN, RATE)
    heard = json.loads(AUSTEN.with_suffix(".json").read_text("utf-8"))["w"]
    return wave, [
        Word(SPELLING.get(text, text), round(word["b"], 3), round(word["b"] + word["d"], 3))
        for word in heard
        if (text := word["t"].partition("(")[0]) != SILENCE
    ]
