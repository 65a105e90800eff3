"""WAV files by other programs: their headers, long and short, true and untrue."""

import struct

import numpy as np
import pytest
import torch

from attention.data.recordings import read_wav, read_words
from attention.data.riff import parse_riff

RATE = 8000
SAMPLES = np.array([-(2**15), 0, 2**14, 2**15 - 1], "<i2").tobytes()
HEARD = [-1.0, 0.0, 0.5, 1 - 2**-15]
SEAL = bytes.fromhex("000000001000800000aa00389b71")


def form(kind=1, bits=16, channels=1):
    size = bits // 8 * channels
    return struct.pack("<HHIIHH", kind, channels, RATE, RATE * size, size, bits)


def extensible(kind=1, bits=16, valid=None):
    return form(0xFFFE, bits) + struct.pack("<HHIH", 22, valid or bits, 4, kind) + SEAL


def chunk(name, content, size=None):
    size = len(content) if size is None else size
    return name + struct.pack("<I", size) + content + b"\0" * (len(content) % 2)


def wav(*chunks, size=None):
    inside = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(inside) if size is None else size) + inside


FORM, DATA = chunk(b"fmt ", form()), chunk(b"data", SAMPLES)
LIST = chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0")
FILES = {
    "plain": wav(FORM, DATA),
    "extensible": wav(chunk(b"fmt ", extensible()), DATA),
    "a longer header": wav(chunk(b"fmt ", form() + b"\0\0"), DATA),
    "chunks before": wav(chunk(b"JUNK", bytes(7)), FORM, LIST, DATA),
    "chunks behind": wav(FORM, DATA, LIST),
    "what is no chunk behind": wav(FORM, DATA) + b"ID3",
}
# What programs write to a pipe, where they cannot come back: (of the file, of the data).
PIPES = {
    "ffmpeg": (0xFFFFFFFF, 0xFFFFFFFF),
    "sox": (0x7FFFF024, 0x7FFFF000),
    "arecord": (0x80000024, 0x80000000),
    "zeros": (0, 0),
    "half filled in": (0xFFFFFFFF, 0),
}


@pytest.fixture
def read(tmp_path):
    """A function of a file's bytes: what `read_wav` makes of them."""

    def from_bytes(content, rate=RATE):
        (tmp_path / "anna.wav").write_bytes(content)
        return read_wav(tmp_path / "anna.wav", rate)

    return from_bytes


@pytest.mark.parametrize("name", FILES)
def test_every_header_is_understood(read, name):
    """On every Python alike, for none of its own parts is asked."""
    assert read(FILES[name]).tolist() == HEARD


@pytest.mark.parametrize("odd", [b"", b"\x07"], ids=["whole", "cut within a sample"])
@pytest.mark.parametrize("program", PIPES)
def test_a_length_that_nobody_knew_is_what_is_there(read, program, odd):
    """From a pipe; if it was cut within a sample, up to that one."""
    of_file, of_data = PIPES[program]
    content = wav(FORM, LIST, chunk(b"data", SAMPLES + odd, size=of_data), size=of_file)
    assert read(content[: len(content) - len(odd)]).tolist() == HEARD


def test_24_bits_in_32_are_read_as_what_they_are(read):
    """Such samples stand at the upper end."""
    numbers = np.array([-(2**31), 2**30], "<i4").tobytes()
    content = wav(chunk(b"fmt ", extensible(bits=32, valid=24)), chunk(b"data", numbers))
    assert read(content).tolist() == [-1.0, 0.5]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (wav(chunk(b"fmt ", form(3, 32)), DATA), r"is not a WAV file .*\(unknown format: 3\)"),
        (wav(chunk(b"fmt ", extensible(3, 32)), DATA), r"\(unknown format: 3\)"),
        (wav(chunk(b"fmt ", extensible()[:26] + bytes(14)), DATA), r"\(unknown format: 65534\)"),
        (wav(chunk(b"fmt ", form(7, 8)), DATA), r"\(unknown format: 7\)"),
        (wav(chunk(b"fmt ", form(channels=2)), DATA), "has 2 channels, wanted 1"),
        (wav(chunk(b"fmt ", form(channels=0)), DATA), "has 0 channels, wanted 1"),
        (wav(chunk(b"fmt ", form(bits=24)), DATA), "has 24 bits a sample, wanted 8, 16 or 32"),
        (wav(FORM, DATA)[:-3], "ends early: 4 samples are announced, 2 are there"),
        (wav(FORM, DATA)[:30], r"\(it ends within its header\)"),
        (wav(FORM), r"\(it ends within its header\)"),
        (wav(chunk(b"fmt ", b"\1\0"), DATA), r"\(it ends within its header\)"),
        (wav(FORM, chunk(b"data", b"")), "holds no samples: record it again"),
        (wav(FORM, chunk(b"data", b"", size=0xFFFFFFFF)), "holds no samples: record it again"),
        (b"", r"\(it is empty\)"),
        (b"\0\5\x16\7" + bytes(120), r"\(it does not begin as one\)"),
    ],
)
def test_what_is_no_such_file_is_told_in_words(read, content, said):
    """With the file's name, never with a number that no file could hold."""
    with pytest.raises(ValueError, match=rf"anna\.wav .*{said}") as error:
        read(content)
    assert "2147483647" not in str(error.value)


def test_a_header_is_taken_apart():
    """Channels, rate, width, data, how much of it there should be, and that it is no floats."""
    assert parse_riff(wav(FORM, DATA)[:-2]) == (1, RATE, 2, SAMPLES[:-2], len(SAMPLES), 1)


def test_what_a_system_leaves_in_a_folder_is_no_recording(tmp_path):
    """A Mac's twin of each file, folders called like one, previews; a dangling link is told."""
    for name in ("yes/anna.wav", "yes/._anna.wav", "no/berta.WAV", "no/.berta.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(FILES["plain"] if "._" not in name else b"\0\5\x16\7")
    for name in ("yes/.DS_Store", "no/Thumbs.db", "no/desktop.ini", ".DS_Store", "top.wav"):
        (tmp_path / name).write_bytes(b"\0")
    (tmp_path / "yes" / "x.wav").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "._anna.wav").write_bytes(b"\0")
    found = read_words(tmp_path, RATE)
    assert found.words == ["no", "yes"] and found.target.tolist() == [0, 1]
    assert found.waves.equal(torch.tensor([HEARD, HEARD]))
    (tmp_path / "yes" / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    with pytest.raises(FileNotFoundError, match=r"gone\.wav is not a file"):
        read_words(tmp_path, RATE)
