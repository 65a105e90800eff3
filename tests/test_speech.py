"""Speech: frames, the listener, synthetic words, real WAV files, and what the chapter claims."""

import wave as wav_files
from functools import partial

import numpy as np
import pytest
import torch
from scipy import signal
from scipy.io import wavfile
from torch.testing import assert_close
from transformers import audio_utils

from attention import log_mel_frames, mel_filters
from attention.data.framed import N_MELS, SIZE, STEP, framed
from attention.data.keywords import (
    REST,
    WORDS,
    at_twice_the_rate,
    draw_words,
    speak,
)
from attention.data.melody import RATE, melody, spectra
from attention.data.recordings import read_wav, read_words, wav_bytes
from attention.models.speech.listener import Listener
from attention.models.speech.listening import (
    ORDER,
    Heard,
    answers,
    hear,
    hear_words,
    practise,
    right,
    second_taken_for_first,
    shares,
)
from attention.models.speech.mean_of_parts import MeanOfParts
from attention.tokens.log_mel import FLOOR, windowed_frames
from attention.tokens.mel import to_hertz, to_mel


def noise(*shape, dtype=torch.float32, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# --- the mel scale ---


@pytest.mark.parametrize("hertz", [0.0, 55.0, 1000.0, 7777.0])
def test_mels_agree_with_transformers_and_turn_back(hertz):
    """The formula of the HTK toolkit; 1000 Hz are 1000 mels."""
    assert_close(to_mel(hertz), float(audio_utils.hertz_to_mel(hertz, mel_scale="htk")))
    assert_close(to_hertz(to_mel(hertz)), hertz)
    assert round(to_mel(1000)) == 1000


@pytest.mark.parametrize(
    ("rate", "size", "n_mels"), [(8000, 200, 24), (16000, 401, 7), (90, 13, 2)]
)
def test_filters_agree_with_transformers(rate, size, n_mels):
    """Triangles from foot to foot, also for an odd size."""
    theirs = audio_utils.mel_filter_bank(
        size // 2 + 1, n_mels, 0, rate / 2, rate, mel_scale="htk"
    ).T  # its bins end at rate / 2 exactly, which an odd size does not reach
    ours = mel_filters(rate, size, n_mels, dtype=torch.float64)
    assert ours.shape == theirs.shape
    if size % 2 == 0:
        assert_close(ours, torch.tensor(theirs))
    hertz = np.arange(size // 2 + 1) * rate / size
    feet = [to_hertz(to_mel(rate / 2) * i / (n_mels + 1)) for i in range(n_mels + 2)]
    for m, row in enumerate(ours):
        points = np.interp(hertz, feet[m : m + 3], [0, 1, 0])
        assert_close(row, torch.tensor(points))


def test_filters_are_the_callers_own():
    """Writing into what was returned does not spoil the next call's."""
    mel_filters(80, 8, 2).zero_()
    assert mel_filters(80, 8, 2).sum() > 0
    assert mel_filters(80, 8, 2).dtype == torch.float32


def test_filters_refuse_what_no_bin_can_fill():
    """More bands than a frame can tell apart, or numbers that are not positive."""
    with pytest.raises(ValueError, match=r"filter 0 of n_mels = 80 is too narrow .* 40 Hz apart"):
        mel_filters(RATE, 200, 80)
    for bad in ((0, 200, 4), (RATE, 0, 4), (RATE, 200, 0)):
        with pytest.raises(ValueError, match="must be at least 1, got 0"):
            mel_filters(*bad)


# --- log-mel frames ---


@pytest.mark.parametrize(("size", "step", "n_mels"), [(200, 80, 24), (64, 100, 5), (50, 7, 3)])
def test_frames_agree_with_transformers_and_scipy(size, step, n_mels):
    """Two independent implementations; SciPy's spectrum is scaled by its window's sum."""
    wave = draw_words(1, seed=3).waves[0, 2000:4003].double()
    window = audio_utils.window_function(size, "hann")
    bank = audio_utils.mel_filter_bank(
        size // 2 + 1, n_mels, 0, RATE / 2, RATE, norm=None, mel_scale="htk"
    )
    theirs = audio_utils.spectrogram(
        wave.numpy(), window, size, step, power=2.0, center=False, mel_filters=bank,
        log_mel="log", mel_floor=FLOOR,
    )  # fmt: skip
    ours = log_mel_frames(wave, RATE, size, step, n_mels)
    assert_close(ours.T.float(), torch.tensor(theirs))
    if step <= size:  # SciPy knows no gaps
        _, _, spectrum = signal.stft(
            wave.numpy(), nperseg=size, noverlap=size - step, window="hann", boundary=None,
            padded=False,
        )  # fmt: skip
        power = np.abs(spectrum * signal.get_window("hann", size).sum()) ** 2
        assert_close(ours.T, torch.tensor(np.log(np.maximum(bank.T @ power, FLOOR))))
    assert_close(log_mel_frames(wave.float(), RATE, size, step, n_mels), ours.float(),
                 rtol=1e-4, atol=1e-3)  # fmt: skip  # float32 spectra of faint high bands


def test_each_recording_of_a_batch_has_its_own_frames():
    """Any axes may stand in front."""
    waves = noise(2, 3, 47)
    frames = log_mel_frames(waves, 80, 8, 5, 2)
    assert frames.shape == (2, 3, 8, 2)
    assert_close(frames[1, 2], log_mel_frames(waves[1, 2], 80, 8, 5, 2))


def test_silence_is_the_logarithm_of_the_floor():
    """No −inf and no NaN."""
    frames = log_mel_frames(torch.zeros(9), 80, 8, 1, 2)
    assert_close(frames, torch.full((2, 2), FLOOR).log())


def test_frames_refuse_what_they_cannot_cut():
    """A sound that is too short, a step that leads nowhere, samples as whole numbers."""
    with pytest.raises(ValueError, match=r"at least one frame of size 200 long, got 199 samples"):
        log_mel_frames(torch.zeros(199), RATE)
    with pytest.raises(ValueError, match="size and step must be at least 1, got size 8 and step 0"):
        windowed_frames(torch.zeros(9), 8, 0)
    with pytest.raises(TypeError, match=r"wave must hold floating-point numbers, got torch.int16"):
        log_mel_frames(torch.zeros(300, dtype=torch.int16), RATE)


def test_framed_batches_know_nothing_of_their_neighbours():
    """A recording alone has the frames that it has in a batch, and zeros where it is over."""
    waves, lengths = noise(3, 2000), torch.tensor([2000, 700, 361])
    frames, n_frames = framed(waves, lengths, RATE)
    assert n_frames.tolist() == [12, 4, 2]
    for each, wave, length, n in zip(frames, waves, lengths, n_frames, strict=True):
        alone, _ = framed(wave[None, :length], length[None], RATE)
        assert_close(each[:n], alone[0])
        assert (each[n:] == 0).all()
        assert_close(each[:n].mean(), torch.tensor(0.0), atol=1e-5, rtol=0)


def test_framed_recordings_lose_their_loudness():
    """Ten times the pressure, the same frames."""
    waves, lengths = noise(2, 900), torch.tensor([900, 500])
    frames, _ = framed(waves, lengths, RATE)
    assert_close(framed(10 * waves, lengths, RATE)[0], frames, atol=1e-5, rtol=1e-5)


def test_framed_refuses_a_recording_shorter_than_a_frame():
    """The padding beside it would let it through otherwise."""
    with pytest.raises(
        ValueError, match="at least one frame of 200 samples long, got lengths from 9"
    ):
        framed(noise(2, 900), torch.tensor([900, 9]), RATE)


# --- synthetic words ---


def test_words_are_the_orders_of_three_vowels():
    """Six words, each with every vowel once."""
    assert sorted(WORDS) == ["aiu", "aui", "iau", "iua", "uai", "uia"]


def test_spoken_words_repeat_from_their_seed_and_differ_from_each_other():
    """The same seed, the same sounds; no two recordings of a word are alike."""
    one, same, other = draw_words(4, seed=1), draw_words(4, seed=1), draw_words(4, seed=2)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one.waves, other.waves)
    twice = speak(torch.tensor([5, 5]), torch.Generator().manual_seed(0))
    assert (twice.spans[0] != twice.spans[1]).any()


def test_vowels_stand_in_order_inside_their_recording():
    """Pause, vowel, rest, vowel, rest, vowel, pause; zeros after the end; never louder than 1."""
    said = draw_words(30, seed=0)
    begin, end = said.spans.unbind(-1)
    assert (begin[:, 0] > 0).all() and (end[:, 2] < said.lengths).all()
    assert_close(
        (begin[:, 1:] - end[:, :-1]).float(), torch.full((30, 2), REST * RATE), atol=1, rtol=0
    )
    over = torch.arange(said.waves.shape[1]) >= said.lengths[:, None]
    assert (said.waves[over] == 0).all() and (said.waves[~over] != 0).double().mean() > 0.99
    assert said.waves.abs().max() <= 1


def test_no_frame_hears_two_vowels():
    """The rest between two is longer than a frame."""
    assert REST * RATE > SIZE
    data = hear_words(20, seed=0)
    assert data.vowels.sum(dim=1).max() == 1 and data.vowels.any(dim=-1).all()


def test_each_vowel_rings_where_its_formants_are():
    """Without noise a has its power around 700 Hz, i has more above 1900 Hz than u has."""
    said = draw_words(60, seed=0, snr=(60, 60))
    found = {vowel: [] for vowel in "aiu"}
    for wave, spans, target in zip(said.waves, said.spans, said.target, strict=True):
        for (begin, end), vowel in zip(spans.tolist(), WORDS[target], strict=True):
            power = torch.fft.rfft(wave[begin:end]).abs().square()
            hertz = torch.fft.rfftfreq(end - begin, 1 / RATE)
            bands = [((low <= hertz) & (hertz < high)) for low, high in
                     ((150, 500), (500, 1500), (1900, 3500))]  # fmt: skip
            found[vowel].append(torch.stack([power[band].sum() for band in bands]) / power.sum())
    low, middle, high = (
        {vowel: torch.stack(shares)[:, i].mean() for vowel, shares in found.items()}
        for i in range(3)
    )
    assert middle["a"] > 0.6 and low["i"] > 0.6 and low["u"] > 0.5
    assert high["i"] > 10 * high["u"]


@pytest.mark.parametrize("level", [-5.0, 10.0])
def test_noise_is_as_strong_as_asked_for(level):
    """Power in the vowels is voice and noise, power in the first pause is noise alone."""
    said = draw_words(60, seed=0, snr=(level, level))
    time = torch.arange(said.waves.shape[1])
    begin, end = said.spans[..., :1], said.spans[..., 1:]
    in_vowel = ((begin <= time) & (time < end)).any(dim=1)
    in_pause = time < begin[:, 0]
    vowel, pause = (
        (said.waves.square() * part).sum(-1) / part.sum(-1) for part in (in_vowel, in_pause)
    )
    measured = 10 * ((vowel / pause - 1).clamp(min=1e-3)).median().log10()
    assert abs(measured - level) < 1  # decibel


def test_twice_the_rate_is_the_same_sound():
    """Frames twice as long of the doubled recording lie where they lay."""
    said = draw_words(2, seed=0, snr=(30, 30))
    double = at_twice_the_rate(said)
    once, n = framed(said.waves, said.lengths, RATE)
    assert torch.equal(double.lengths, 2 * said.lengths)
    twice, same = framed(double.waves, double.lengths, 2 * RATE, 2 * SIZE, 2 * STEP)
    assert torch.equal(n, same)
    loud = hear(said).vowels.any(dim=1)
    assert (once[loud].argmax(-1) - twice[loud].argmax(-1)).abs().double().mean() < 4


# --- the listener ---


def listener(**options):
    torch.manual_seed(0)
    return Listener(5, 6, d_model=8, n_heads=2, **options).eval()


FRAMES, N_FRAMES = noise(3, 7, 5), torch.tensor([7, 4, 1])


@torch.no_grad()
def test_a_listener_scores_every_word_and_shows_its_weights():
    """Rows sum to one, and nobody attends to padding."""
    logits, weights = listener(n_layers=2)(FRAMES, N_FRAMES, return_weights=True)
    assert logits.shape == (3, 6) and weights.shape == (2, 3, 2, 8, 8)
    assert_close(weights.sum(-1), torch.ones(2, 3, 2, 8))
    for each, n in zip(weights.unbind(1), N_FRAMES, strict=True):
        assert (each[..., n + 1 :] == 0).all() and (each[..., : n + 1] > 0).all()
    assert_close(listener(n_layers=2)(FRAMES, N_FRAMES), logits)


@torch.no_grad()
def test_what_fills_a_recording_up_is_not_heard():
    """Alone, or in a batch with anything after its end: the same scores."""
    model, junk = listener(n_layers=2), FRAMES.clone()
    junk[1, 4:], junk[2, 1:] = 1e3, -1e3
    scores = model(FRAMES, N_FRAMES)
    assert_close(model(junk, N_FRAMES), scores)
    assert_close(model(FRAMES[1:2, :4], N_FRAMES[1:2]), scores[1:2])


@torch.no_grad()
def test_a_hidden_frame_is_not_heard():
    """Not by the class token and not by other frames."""
    model, other = listener(n_layers=2), FRAMES.clone()
    audible = torch.ones(3, 7, dtype=torch.bool)
    audible[:, 2] = False
    other[:, 2] += 5
    assert_close(model(other, N_FRAMES, audible), model(FRAMES, N_FRAMES, audible))
    assert (model(other, N_FRAMES) != model(FRAMES, N_FRAMES))[:2].any(-1).all()


@torch.no_grad()
def test_a_listener_without_positions_hears_a_bag():
    """Shuffled frames get the same scores; with positions they do not."""
    shuffled, everything = FRAMES[:, torch.tensor([3, 6, 0, 2, 5, 1, 4])], torch.tensor([7, 7, 7])
    bag = listener(positions=False, n_layers=2)
    assert_close(bag(shuffled, everything), bag(FRAMES, everything))
    assert (listener()(shuffled, everything) - listener()(FRAMES, everything)).abs().max() > 1e-3


def test_a_listener_refuses_what_does_not_fit():
    """Frames of another width, more frames than there are, a mask of another shape."""
    with pytest.raises(ValueError, match="the last axis of frames must be n_mels = 5"):
        listener()(noise(3, 7, 4), N_FRAMES)
    with pytest.raises(ValueError, match="lengths must lie between 0 and max_len = 7"):
        listener()(FRAMES, N_FRAMES + 1)
    with pytest.raises(ValueError, match=r"audible must have shape .* = \(3, 7\), got \(3, 8\)"):
        listener()(FRAMES, N_FRAMES, torch.ones(3, 8, dtype=torch.bool))


@torch.no_grad()
@pytest.mark.parametrize(("parts", "n"), [(1, 7), (3, 6), (2, 4), (3, 1)])
def test_the_baselines_average_equal_parts(parts, n):
    """The averages of the parts, and nothing else, reach the classifier; no frame gives zeros."""
    model = MeanOfParts(5, 6, parts)
    junk = FRAMES.clone()
    junk[:, n:] = 99
    pieces = FRAMES[:, :n].tensor_split(parts, dim=1)
    if n < parts:
        pieces = [FRAMES[:, :n], *[torch.zeros(3, 1, 5)] * (parts - n)]
    averages = torch.cat([piece.mean(dim=1) for piece in pieces], dim=-1)
    assert_close(model(junk, torch.full((3,), n)), model.read(averages))


# --- what is asked of a listener ---


class Looks(torch.nn.Module):
    """A stand-in: head 0 looks at the first vowel evenly, head 1 at frame 0 alone."""

    def forward(self, frames, n_frames, audible=None, *, return_weights=False):
        if not return_weights:
            seen = torch.ones(len(frames), 4, dtype=torch.bool) if audible is None else audible
            return torch.eye(6)[seen[:, 1].long()]  # answers word 1, or word 0 if frame 1 is hidden
        weights = torch.zeros(1, len(frames), 2, 5, 5)
        weights[0, :, 0, 0, 2:4] = 0.5
        weights[0, :, 1, 0, 1] = 1.0
        return None, weights


def test_shares_are_added_up_by_place_and_by_vowel():
    """The second word begins with i: what its first vowel gets is i's."""
    vowels = torch.tensor([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]).bool().expand(2, 3, 4)
    target = torch.tensor([WORDS.index("aiu"), WORDS.index("iua")])
    data = Heard(torch.zeros(2, 4, 5), torch.tensor([4, 4]), target, vowels)
    expected = [[1, 0, 0, 0.5, 0.5, 0, 0], [0, 0, 0, 0, 0, 0, 1]]
    assert_close(shares(Looks(), data), torch.tensor(expected))
    assert answers(Looks(), data).tolist() == [1, 1] and right(Looks(), data) == 0
    audible = torch.tensor([[True, False, True, True]] * 2)
    assert right(Looks(), data, audible) == 0.5  # "aiu" is word 0
    assert second_taken_for_first(Looks(), data) == 0  # "aiu" begins with neither i nor u
    said_second = data._replace(target=torch.tensor([WORDS.index("iau"), WORDS.index("aui")]))
    assert second_taken_for_first(Looks(), said_second) == 0.5


def test_vowels_are_marked_where_they_are():
    """A frame's middle decides."""
    said = draw_words(3, seed=1)
    data = hear(said)
    for b, place in ((0, 0), (2, 2)):
        begin, end = said.spans[b, place].tolist()
        inside = [t for t in range(data.frames.shape[1]) if begin <= t * STEP + SIZE // 2 < end]
        assert data.vowels[b, place].nonzero().flatten().tolist() == inside
    assert ORDER[WORDS.index("uai")].tolist() == [2, 0, 1]


# --- real recordings ---


def write(path, samples, *, rate=RATE, channels=1, width=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wav_files.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)
    return path


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32])
def test_recordings_that_scipy_wrote_are_read(tmp_path, dtype):
    """8, 16 and 32 bits, from −1 to 1."""
    info = np.iinfo(dtype)
    numbers = np.array([info.min, info.max, info.max // 2 + (dtype == np.uint8), 1], dtype)
    wavfile.write(tmp_path / "a.wav", RATE, numbers)
    half = (float(info.max) - info.min + 1) / 2
    expected = (numbers.astype(float) - (half if dtype == np.uint8 else 0)) / half
    assert_close(read_wav(tmp_path / "a.wav", RATE), torch.tensor(expected).float())


def test_recordings_that_we_wrote_are_read_by_scipy(tmp_path):
    """Sixteen bits; what is too loud is cut off."""
    (tmp_path / "a.wav").write_bytes(wav_bytes(torch.tensor([0.5, -1.0, 3.0]), 44100))
    rate, numbers = wavfile.read(tmp_path / "a.wav")
    assert rate == 44100 and numbers.tolist() == [16384, -32767, 32767]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate": 16000}, "has 16000 samples a second, wanted 8000"),
        ({"channels": 2}, "has 2 channels, wanted 1"),
        ({"width": 3, "samples": bytes(12)}, "has 24 bits a sample, wanted 8, 16 or 32"),
    ],
)
def test_recordings_of_another_kind_are_refused(tmp_path, options, said):
    """The message says what was found, what was wanted, where, and how to convert it."""
    samples = options.pop("samples", bytes(16))
    path = write(tmp_path / "anna.wav", samples, **options)
    with pytest.raises(ValueError, match=rf"anna.wav {said}.*ffmpeg -i IN -ac 1 -ar 8000"):
        read_wav(path, RATE)


def test_damaged_recordings_are_refused(tmp_path):
    """Cut off, empty, no WAV at all, compressed or floating point."""
    path = write(tmp_path / "cut.wav", bytes(200))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r"cut.wav ends early: 100 samples are announced, 75 are"):
        read_wav(path, RATE)
    with pytest.raises(ValueError, match=r"silent.wav holds no samples: record it again"):
        read_wav(write(tmp_path / "silent.wav", b""), RATE)
    for name, content in (("text.wav", b"not a sound at all"), ("empty.wav", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is not a WAV file with uncompressed samples"):
            read_wav(tmp_path / name, RATE)
    wavfile.write(tmp_path / "float.wav", RATE, np.zeros(9, np.float32))
    with pytest.raises(ValueError, match=r"float.wav is not a WAV file .*unknown format: 3"):
        read_wav(tmp_path / "float.wav", RATE)
    with pytest.raises(FileNotFoundError, match=r"nowhere.wav is not a file: check the path"):
        read_wav(tmp_path / "nowhere.wav", RATE)


def test_a_folder_of_words_is_read(tmp_path):
    """A subfolder a word, as Speech Commands has it; its background noise is no word."""
    for name, n in (("yes/b.wav", 300), ("no/a.WAV", 250), ("yes/a.wav", 201)):
        write(tmp_path / name, np.full(n, 2**14, np.int16).tobytes())
    write(tmp_path / "_background_noise_" / "hum.wav", bytes(4), rate=16000)
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "yes" / "notes.txt").write_text("about")
    read = read_words(tmp_path, RATE)
    assert read.words == ["no", "yes"] and read.target.tolist() == [0, 1, 1]
    assert read.lengths.tolist() == [250, 201, 300] and read.waves.shape == (3, 300)
    assert (read.waves[1, :201] == 0.5).all() and (read.waves[1, 201:] == 0).all()
    frames, n_frames = framed(read.waves, read.lengths, RATE)
    assert n_frames.tolist() == [1, 1, 1] and frames.shape == (3, 1, N_MELS)


def test_folders_without_words_are_refused(tmp_path):
    """No such folder, an empty one, files that are not in a word's folder, one bad file."""
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder: check the path"):
        read_words(tmp_path / "nowhere", RATE)
    for _ in ("empty", "files beside the folders"):
        with pytest.raises(
            FileNotFoundError, match=r"holds no recordings: .* such as yes/anna.wav"
        ):
            read_words(tmp_path, RATE)
        write(tmp_path / "anna.wav", bytes(8))
    write(tmp_path / "yes" / "bad.wav", bytes(8), channels=2)
    with pytest.raises(ValueError, match=r"yes.bad.wav has 2 channels"):
        read_words(tmp_path, RATE)


# --- what the chapter claims ---

WITHOUT = partial(Listener, positions=False)
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def practice():
    """About half as many words as the page's."""
    return hear_words(800, seed=0)


@pytest.fixture(scope="module")
def test_words():
    return hear_words(300, seed=10_000)


def practised(kind, data, seed):
    return practise(partial(kind, N_MELS, len(WORDS)), data, seed, steps=200)


@pytest.fixture(scope="module")
def listeners(practice):
    """Two of them, trained for fewer steps than the page's."""
    return [practised(Listener, practice, seed) for seed in SEEDS]


def test_the_listener_hears_the_order_and_the_mean_spectrum_does_not(
    listeners, practice, test_words
):
    """More than nine words of ten against less than three; guessing gets one in six."""
    assert min(right(model, test_words) for model in listeners) > 0.9
    assert max(right(practised(MeanOfParts, practice, s), test_words) for s in SEEDS) < 0.3


def test_without_positions_the_order_is_lost(practice, test_words):
    """It stays near guessing."""
    assert right(practised(WITHOUT, practice, 0), test_words) < 0.3


def test_in_loud_noise_the_listeners_lead_is_gone(listeners, practice):
    """At 10 dB it leads the average of thirds by a tenth at least, at −10 dB by less than that."""
    thirds = [practised(partial(MeanOfParts, parts=3), practice, seed) for seed in SEEDS]
    leads = []
    for level in (10.0, -10.0):
        data = hear_words(300, seed=10_001, snr=(level, level))
        ours, theirs = (sum(right(m, data) for m in group) / 2 for group in (listeners, thirds))
        leads.append(ours - theirs)
    assert leads[0] > 0.1 > leads[1]


def test_weights_fall_on_vowels(listeners, test_words):
    """They fill less than half of the time and get more than two thirds of the weight."""
    assert test_words.vowels.any(dim=1).sum() / test_words.n_frames.sum() < 0.5
    for model in listeners:
        assert shares(model, test_words)[:, 6].mean() < 1 / 3


def test_some_head_specialises(listeners, test_words):
    """It gives one vowel, or one place, more than half of its weight; an even share is a third."""
    for model in listeners:
        assert shares(model, test_words)[:, :6].max() > 0.5


def test_answers_depend_on_vowels_and_not_on_pauses(listeners, test_words):
    """Without the pauses nine answers of ten are right, without some vowel less than half."""
    for model in listeners:
        assert right(model, test_words, test_words.vowels.any(dim=1)) > 0.9
        without = [right(model, test_words, ~test_words.vowels[:, i]) for i in range(3)]
        assert min(without) < 0.5


def test_a_wrong_rate_is_not_noticed(listeners):
    """Words recorded at twice the rate and read as if they were not: little more than a guess."""
    slow = hear(at_twice_the_rate(draw_words(300, seed=10_000)))
    assert max(right(model, slow) for model in listeners) < 0.35


def test_the_strongest_frequency_of_a_frame_is_its_tone():
    """The peak lies in the column nearest the pitch; a column is 40 hertz wide."""
    spectrum = spectra(melody([520, 800], seconds=0.2))
    assert spectrum.shape[1] == 101
    peaks = spectrum.argmax(dim=-1) * RATE / 200
    assert peaks[5] == 520 and peaks[-5] == 800
