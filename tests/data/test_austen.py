"""The recording that comes with the book, and the times of its words."""

import hashlib

from attention.data.austen import AUSTEN, RATE, load_austen
from attention.data.recordings import read_wav


def test_words_stand_in_order_within_the_recording():
    """22 of them, none before the last has ended, the last before the recording has."""
    wave, words = load_austen()
    assert len(words) == 22 and [words[0].text, words[-1].text] == ["And", "them"]
    times = [time for word in words for time in word[1:]]
    assert times == sorted(times) and times[0] > 0 and times[-1] < len(wave) / RATE


def test_words_are_louder_than_the_pauses_around_them():
    """So the times belong to this sound."""
    wave, words = load_austen()
    loud = [wave[int(w.begin * RATE) : int(w.end * RATE)].square().mean() for w in words]
    quiet = wave[int(words[-1].end * RATE) + 1600 :].square().mean()
    assert min(loud) > 3 * quiet


def test_the_recording_is_the_one_that_its_licence_speaks_of():
    """The hash in the note beside it is the file's."""
    note = AUSTEN.with_suffix(".txt").read_text("utf-8")
    assert hashlib.sha256(AUSTEN.read_bytes()).hexdigest() in note
    assert "Copyright (c) 1999-2016 Carnegie Mellon University" in note
    assert read_wav(AUSTEN, RATE).shape == (113_600,)
