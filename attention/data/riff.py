"""What a WAV file says of itself, and the bytes of its samples.

Python's own `wave` refuses other files in each version, and believes any length that a header
announces. The header is short enough to be read here.
"""

import struct
from typing import NamedTuple

WHOLE_NUMBERS, FLOATS = 1, 3  # formats
EXTENSIBLE = 0xFFFE  # behind it the true one is told further on
SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")  # follows the true format, as a seal
# Who writes to a pipe cannot go back and fill in how long it became. Programs leave 0 there, or a
# number close to the largest that fits; no sound of two hours at 192 kHz comes near it.
UNKNOWN = 0x7FFF0000


class Riff(NamedTuple):
    """A sound, not decoded."""

    channels: int
    rate: int  # samples a second
    width: int  # bytes in a sample
    data: bytes
    announced: int  # how many bytes of data there should be
    kind: int  # WHOLE_NUMBERS or FLOATS


def parse_riff(content: bytes) -> Riff:
    """Take a WAV file apart.

    Raises:
        ValueError: it is none, or its samples are compressed. The message says
            why, and leaves it to the caller to name the file.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError("it does not begin as one" if content else "it is empty")
    chunks, place = {}, 12
    while place + 8 <= len(content) and b"data" not in chunks:
        name, size = struct.unpack_from("<4sI", content, place)
        chunks[name] = size, place + 8
        place += 8 + size + size % 2  # each begins at an even place
    size, begin = chunks.get(b"fmt ", (0, 0))
    form = content[begin : begin + size]
    if b"data" not in chunks or len(form) < 16:
        raise ValueError("it ends within its header")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if kind == EXTENSIBLE and form[26:40] == SUBFORMAT:
        (kind,) = struct.unpack_from("<H", form, 24)
    if kind not in (WHOLE_NUMBERS, FLOATS):
        raise ValueError(f"unknown format: {kind}")
    width, (announced, begin) = -(-bits // 8), chunks[b"data"]
    (of_file,) = struct.unpack_from("<I", content, 4)
    if announced >= UNKNOWN or (announced == 0 and (of_file == 0 or of_file >= UNKNOWN)):
        there = len(content) - begin
        announced = there - there % max(1, width * channels)
    return Riff(channels, rate, width, content[begin : begin + announced], announced, kind)
