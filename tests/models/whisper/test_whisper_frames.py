"""Slaney's filters and Whisper's frames, against Hugging Face's feature extractor."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close
from transformers import WhisperFeatureExtractor
from transformers.audio_utils import mel_filter_bank

from attention.data.austen import load_austen
from attention.tokens.mel import mel_filters
from attention.tokens.slaney import from_slaney, slaney_filters, to_slaney
from attention.tokens.whisper_frames import RATE, whisper_frames


def theirs(wave, n_mels=80):
    extract = WhisperFeatureExtractor(feature_size=n_mels)
    features = extract(wave.numpy(), sampling_rate=RATE)["input_features"]
    return torch.tensor(np.array(features))[0].T


@pytest.mark.parametrize("n_mels", [80, 128])
def test_frames_are_those_of_hugging_face(n_mels):
    """Every number within 1e-4, the silence behind the recording too."""
    wave, _ = load_austen()
    assert_close(whisper_frames(wave, n_mels), theirs(wave, n_mels), rtol=0, atol=1e-4)


def test_half_a_minute_is_filled_to_the_last_sample():
    """A sound of the full length, one of a single sample, and one in half precision."""
    full = torch.randn(30 * RATE, generator=torch.Generator().manual_seed(0)) / 9
    assert_close(whisper_frames(full), theirs(full), rtol=0, atol=1e-4)
    assert whisper_frames(torch.ones(1)).shape == (3000, 80)
    assert whisper_frames(full[:5000].half()).dtype == torch.float32


def test_filters_are_those_of_librosas_formula():
    """On Slaney's scale, each with the same area; HTK's differ."""
    expected = mel_filter_bank(201, 80, 0.0, 8000.0, RATE, norm="slaney", mel_scale="slaney")
    assert_close(slaney_filters(RATE, 400, 80), torch.tensor(expected.T).float())
    hertz_apart = RATE / 400
    wide = slaney_filters(RATE, 400, 20).sum(-1) * hertz_apart  # area; 80 are too narrow to add up
    assert_close(wide, torch.ones(20), rtol=0.05, atol=0)
    assert not torch.allclose(slaney_filters(RATE, 400, 20), mel_filters(RATE, 400, 20))


def test_the_scale_bends_at_a_thousand_hertz():
    """Even steps below, even ratios above; and back."""
    assert [to_slaney(hertz) for hertz in (0, 200, 1000)] == pytest.approx([0, 3, 15])
    assert to_slaney(6400) == pytest.approx(15 + 27)
    assert [from_slaney(to_slaney(hertz)) for hertz in (70, 999, 5000)] == pytest.approx(
        [70, 999, 5000]
    )


@pytest.mark.parametrize(
    ("wave", "error", "said"),
    [
        (torch.zeros(0), ValueError, r"from 1 to 480000 of them.*got \(0,\)"),
        (torch.zeros(480_001), ValueError, r"30 s at 16000 a second, got \(480001,\)"),
        (torch.zeros(2, 9), ValueError, r"shape \(samples,\).*got \(2, 9\)"),
        (torch.tensor([0.0, float("nan")]), ValueError, "finite, got NaN or ∞"),
        (torch.zeros(9, dtype=torch.int16), TypeError, "floating-point numbers, got torch.int16"),
    ],
)
def test_what_is_no_such_sound_is_told(wave, error, said):
    """The rule, and what came."""
    with pytest.raises(error, match=said):
        whisper_frames(wave)


def test_filters_of_no_size_are_refused():
    """A number below one has its name in the message."""
    with pytest.raises(ValueError, match="n_mels must be at least 1, got 0"):
        slaney_filters(RATE, 400, 0)
