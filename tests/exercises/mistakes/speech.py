"""Known answers to the exercise of speech: what people really write, right and wrong."""

import math

import torch

from attention import mel_filters
from grading.known import mistake, right_answer


def _frames(wave, size, step):
    return wave.unfold(0, size, step) * torch.hann_window(size)


def _power(frames):
    return torch.fft.rfft(frames).abs() ** 2


def _log_mel(power, rate, size, n_mels):
    return (power @ mel_filters(rate, size, n_mels).T).clamp(min=1e-10).log()


def _right(wave, rate, size, step, n_mels):
    return _log_mel(_power(_frames(wave, size, step)), rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_a_row_holds_the_bands_of_a_frame")
def bands_as_rows(wave, rate, size, step, n_mels):
    """Turns the table over, as pictures of spectrograms are drawn."""
    return _right(wave, rate, size, step, n_mels).T


@mistake("log_mel_frames", caught_by="test_a_row_holds_the_bands_of_a_frame")
def without_the_filters(wave, rate, size, step, n_mels):
    """Returns every bin of the spectrum."""
    return _power(_frames(wave, size, step)).clamp(min=1e-10).log()


@mistake("log_mel_frames", caught_by="test_a_row_holds_the_bands_of_a_frame")
def complex_squared(wave, rate, size, step, n_mels):
    """Squares the complex numbers instead of their absolute values."""
    return _log_mel(torch.fft.rfft(_frames(wave, size, step)) ** 2, rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_a_row_holds_the_bands_of_a_frame")
def complex_filters(wave, rate, size, step, n_mels):
    """Makes the filters complex, so that they fit, and takes the logarithm of what comes out."""
    filters = mel_filters(rate, size, n_mels).to(torch.complex64)
    return (torch.fft.rfft(_frames(wave, size, step)) ** 2 @ filters.T).log()


@mistake("log_mel_frames", caught_by="test_as_many_frames_as_fit")
def last_frame_lost(wave, rate, size, step, n_mels):
    """Stops one frame early."""
    frames = [wave[i : i + size] for i in range(0, max(len(wave) - size, 1), step)]
    return _log_mel(_power(torch.stack(frames) * torch.hann_window(size)), rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_as_many_frames_as_fit")
def end_padded(wave, rate, size, step, n_mels):
    """Fills the last frame up with zeros."""
    missing = -(len(wave) - size) % step
    return _right(torch.nn.functional.pad(wave, (0, missing)), rate, size, step, n_mels)


@mistake("log_mel_frames", caught_by="test_as_many_frames_as_fit")
def without_overlap(wave, rate, size, step, n_mels):
    """Cuts the sound into pieces that do not overlap."""
    return _right(wave, rate, size, size, n_mels)


@mistake("log_mel_frames", caught_by="test_as_many_frames_as_fit")
def centred(wave, rate, size, step, n_mels):
    """Lets torch.stft pad the sound on both sides, as it does unless told not to."""
    spectrum = torch.stft(
        wave, size, step, window=torch.hann_window(size), pad_mode="constant", return_complex=True
    )
    return _log_mel(spectrum.abs().square().T, rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_silence_gives_finite_numbers")
def logarithm_of_zero(wave, rate, size, step, n_mels):
    """Takes the logarithm of whatever there is."""
    return (_power(_frames(wave, size, step)) @ mel_filters(rate, size, n_mels).T).log()


@mistake("log_mel_frames", caught_by="test_silence_gives_finite_numbers")
def loudest_sample_made_one(wave, rate, size, step, n_mels):
    """Divides by the loudest sample first."""
    return _right(wave / wave.abs().max(), rate, size, step, n_mels)


@mistake("log_mel_frames", caught_by="test_the_sound_stays_as_it_was")
def window_written_through_the_view(wave, rate, size, step, n_mels):
    """Multiplies the frames in place, and so the sound beneath them."""
    frames = torch.stack(
        [wave[i : i + size].mul_(torch.hann_window(size))
         for i in range(0, len(wave) - size + 1, step)]
    )  # fmt: skip
    return _log_mel(_power(frames), rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_a_louder_sound_adds_the_same_everywhere")
def amplitude_for_power(wave, rate, size, step, n_mels):
    """Forgets the square."""
    return _log_mel(torch.fft.rfft(_frames(wave, size, step)).abs(), rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_a_louder_sound_adds_the_same_everywhere")
def logarithm_to_base_ten(wave, rate, size, step, n_mels):
    """Takes log10, as Whisper's code does."""
    return _right(wave, rate, size, step, n_mels) / math.log(10)


@mistake("log_mel_frames", caught_by="test_a_louder_sound_adds_the_same_everywhere")
def logarithm_before_the_filters(wave, rate, size, step, n_mels):
    """Adds up logarithms of bins."""
    power = _power(_frames(wave, size, step)).clamp(min=1e-10)
    return power.log() @ mel_filters(rate, size, n_mels).T


@mistake("log_mel_frames", caught_by="test_a_louder_sound_adds_the_same_everywhere")
def logarithm_forgotten(wave, rate, size, step, n_mels):
    """Returns the power in each band."""
    return (_power(_frames(wave, size, step)) @ mel_filters(rate, size, n_mels).T).clamp(min=1e-10)


@mistake("log_mel_frames", caught_by="test_silence_is_the_logarithm_of_the_floor")
def floor_after_the_logarithm(wave, rate, size, step, n_mels):
    """Clamps the logarithm instead of the power."""
    power = _power(_frames(wave, size, step)) @ mel_filters(rate, size, n_mels).T
    return power.log().clamp(min=1e-10)


@mistake("log_mel_frames", caught_by="test_silence_is_the_logarithm_of_the_floor")
def floor_for_the_bins(wave, rate, size, step, n_mels):
    """Lifts each bin to the floor, and then adds the bins up."""
    power = _power(_frames(wave, size, step)).clamp(min=1e-10)
    return (power @ mel_filters(rate, size, n_mels).T).log()


@mistake("log_mel_frames", caught_by="test_a_click_is_heard_by_the_frames_that_hold_it")
def padding_in_front(wave, rate, size, step, n_mels):
    """Puts half a frame of silence before the sound and drops what then is too much."""
    fits = (len(wave) - size) // step + 1
    padded = torch.nn.functional.pad(wave, (size // 2, size // 2))
    return _right(padded, rate, size, step, n_mels)[:fits]


@mistake("log_mel_frames", caught_by="test_a_tone_is_as_loud_wherever_its_swing_begins")
def real_part_only(wave, rate, size, step, n_mels):
    """Squares the real part, and drops the sines."""
    return _log_mel(torch.fft.rfft(_frames(wave, size, step)).real ** 2, rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_a_tone_is_as_loud_wherever_its_swing_begins")
def imaginary_part_only(wave, rate, size, step, n_mels):
    """Squares the imaginary part, and drops the cosines."""
    return _log_mel(torch.fft.rfft(_frames(wave, size, step)).imag ** 2, rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_a_tone_stays_out_of_distant_bands")
def without_a_window(wave, rate, size, step, n_mels):
    """Cuts the frames off at full strength."""
    return _log_mel(_power(wave.unfold(0, size, step)), rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_a_tone_stays_out_of_distant_bands")
def window_over_the_whole_sound(wave, rate, size, step, n_mels):
    """Fades the sound in and out once, instead of each frame."""
    faded = wave * torch.hann_window(len(wave) + 2, periodic=False)[1:-1]
    return _log_mel(_power(faded.unfold(0, size, step)), rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_each_tone_lands_in_its_mel_band")
def bands_of_equal_hertz(wave, rate, size, step, n_mels):
    """Shares the bins out evenly."""
    parts = _power(_frames(wave, size, step)).tensor_split(n_mels, dim=-1)
    bands = torch.stack([part.sum(-1) for part in parts], dim=-1)
    return bands.clamp(min=1e-10).log()


@mistake("log_mel_frames", caught_by="test_each_tone_lands_in_its_mel_band")
def rate_taken_for_granted(wave, rate, size, step, n_mels):
    """Makes the filters for 16000 samples a second, whatever the rate."""
    return _right(wave, 16000, size, step, n_mels)


@mistake("log_mel_frames", caught_by="test_values")
def symmetric_window(wave, rate, size, step, n_mels):
    """Takes the window that ends on a zero as well."""
    frames = wave.unfold(0, size, step) * torch.hann_window(size, periodic=False)
    return _log_mel(_power(frames), rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_values")
def divided_by_the_size(wave, rate, size, step, n_mels):
    """Takes the mean where a sum is asked for."""
    return _log_mel(_power(_frames(wave, size, step)) / size, rate, size, n_mels)


@mistake("log_mel_frames", caught_by="test_the_floor_changes_nothing_above_it")
def floor_added(wave, rate, size, step, n_mels):
    """Adds the floor to every power instead of taking the larger of the two."""
    power = _power(_frames(wave, size, step)) @ mel_filters(rate, size, n_mels).T
    return (power + 1e-10).log()


@right_answer("log_mel_frames")
def by_unfolding(wave, rate, size, step, n_mels):
    return _right(wave, rate, size, step, n_mels)


@right_answer("log_mel_frames")
def by_torch_stft(wave, rate, size, step, n_mels):
    spectrum = torch.stft(
        wave, size, step, window=torch.hann_window(size), center=False, return_complex=True
    )  # (bins, n_frames)
    mel = mel_filters(rate, size, n_mels) @ (spectrum.real**2 + spectrum.imag**2)
    return torch.log(torch.maximum(mel, torch.tensor(1e-10))).T


@right_answer("log_mel_frames")
def frame_by_frame(wave, rate, size, step, n_mels):
    filters, window, rows = mel_filters(rate, size, n_mels), torch.hann_window(size), []
    begin = 0
    while begin + size <= len(wave):
        spectrum = torch.fft.fft(wave[begin : begin + size] * window)[: size // 2 + 1]
        bands = [(f * spectrum.abs().square()).sum() for f in filters]
        rows.append(torch.stack([b.clamp(min=1e-10).log() for b in bands]))
        begin += step
    return torch.stack(rows)


@right_answer("log_mel_frames")
def with_sines_and_cosines(wave, rate, size, step, n_mels):
    n_frames = 1 + (wave.shape[0] - size) // step
    places = torch.arange(n_frames)[:, None] * step + torch.arange(size)
    n = torch.arange(size, dtype=torch.float64)
    frames = wave.double()[places] * (torch.pi * n / size).sin() ** 2
    angle = 2 * torch.pi * torch.outer(torch.arange(size // 2 + 1), n) / size
    power = (frames @ angle.cos().T).square() + (frames @ angle.sin().T).square()
    mel = torch.einsum("tk,mk->tm", power, mel_filters(rate, size, n_mels).double())
    return mel.clamp_min(1e-10).log().float()
