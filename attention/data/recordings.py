"""Real recordings: a folder of WAV files, one subfolder for each word."""

import io
import wave as wav_files
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attention.data.riff import WHOLE_NUMBERS, parse_riff
from attention.data.sound import pressure

WIDTHS = 1, 2, 4  # bytes of a sample


class Recordings(NamedTuple):
    """Recordings of words, padded with zeros to the longest."""

    waves: Tensor  # (batch, samples) air pressure between −1 and 1
    lengths: Tensor  # (batch,) samples of each
    target: Tensor  # (batch,) which of the words it is
    words: list[str]  # the subfolders' names, sorted


def read_wav(path: Path | str, rate: int) -> Tensor:
    """Read one recording.

    Args:
        path: a WAV file with one channel of 8, 16 or 32 bits a sample, uncompressed; its header may
            be of the extensible kind, or not know the length, as that of a file from a pipe.
        rate: the samples a second that the file must have.

    Returns:
        (samples,) float32 air pressure, from −1 to 1.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such a WAV file, has another rate or more than one channel, ends
            early, or is empty. The message says how to convert it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file: check the path")

    def refuse(what):
        convert = f"ffmpeg -i IN -ac 1 -ar {rate} -c:a pcm_s16le OUT.wav"
        return ValueError(f"{path} {what}. Convert it first, for example with `{convert}`")

    try:
        sound = parse_riff(path.read_bytes())
    except ValueError as error:
        raise refuse(f"is not a WAV file with uncompressed samples ({error})") from None
    if sound.kind != WHOLE_NUMBERS:
        raise refuse(f"is not a WAV file with uncompressed samples (unknown format: {sound.kind})")
    width = sound.width
    samples, there = (size // max(1, width) for size in (sound.announced, len(sound.data)))
    if sound.channels != 1:
        raise refuse(f"has {sound.channels} channels, wanted 1")
    if sound.rate != rate:
        raise refuse(f"has {sound.rate} samples a second, wanted {rate}")
    if width not in WIDTHS:
        raise refuse(f"has {8 * width} bits a sample, wanted 8, 16 or 32")
    if there < samples:
        raise refuse(f"ends early: {samples} samples are announced, {there} are there")
    if samples == 0:
        raise ValueError(f"{path} holds no samples: record it again, or delete it")
    return pressure(sound)[:, 0]


def read_words(folder: Path | str, rate: int) -> Recordings:
    """Read a folder laid out as the Speech Commands set is: `<word>/<name>.wav`.

    Subfolders that begin with an underscore or a dot are left out, as is the set's own
    `_background_noise_`. So are folders called like a recording, and the files `._anna.wav` that a
    Mac leaves beside `anna.wav`.

    Args:
        folder: the folder that holds a subfolder for each word.
        rate: the samples a second that every file must have; Speech Commands has 16000.

    Returns:
        All recordings, word by word, the files of a word by name.

    Raises:
        FileNotFoundError: there is no such folder, or no WAV file in its subfolders.
        ValueError: a file is refused by `read_wav`.

    Source: Warden (2018), Speech Commands, section 5, for the layout.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder: check the path")
    files = [
        path
        for path in sorted(folder.glob("*/*"))
        if path.suffix.lower() == ".wav" and path.name[0] != "." and not path.is_dir()
        if path.parent.name[0] not in "_."
    ]
    if not files:
        raise FileNotFoundError(
            f"{folder} holds no recordings: expected WAV files in a subfolder for each word, "
            "such as yes/anna.wav"
        )
    words = sorted({path.parent.name for path in files})
    waves = [read_wav(path, rate) for path in files]
    return Recordings(
        pad_sequence(waves, batch_first=True),
        torch.tensor([len(wave) for wave in waves], device="cpu"),
        torch.tensor([words.index(path.parent.name) for path in files], device="cpu"),
        words,
    )


def wav_bytes(wave: Tensor, rate: int) -> bytes:
    """Write a sound (samples,) as a WAV file of 16 bits; what is louder than ±1 is cut off."""
    numbers = (wave.clamp(-1, 1) * 32767).round().to(torch.int16)
    out = io.BytesIO()
    with wav_files.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(numbers.numpy(force=True).tobytes())
    return out.getvalue()
