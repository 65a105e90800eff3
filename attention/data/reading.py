"""One way to read text that somebody else has written: its marks, its encoding, its line ends."""

import codecs
from pathlib import Path

# What editors put before a text, and what it says of the text. UTF-32's begins as UTF-16's does.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def read_text(path: str | Path) -> str:
    """Read a text file in UTF-8, or in UTF-16 or UTF-32 if a byte-order mark says so.

    Returns:
        The text without the mark, its line ends as "\\n".

    Raises:
        ValueError: it is in another encoding, or no text. The message names the line and the byte.
        OSError: it cannot be read.
    """
    data = Path(path).read_bytes()
    mark = next((mark for mark in MARKS if data.startswith(mark)), b"")
    encoding = MARKS.get(mark, "utf-8")
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding)
        place = f"byte {len(mark) + error.start}"
        raise _refused(path, f"is not {encoding.upper()} ({place})", before) from None
    if "\0" in text:  # UTF-16 without its mark, or no text at all
        raise _refused(path, "holds zeros, as no text does", text.partition("\0")[0])
    return _with_one_line_end(text)


def _with_one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refused(path: str | Path, why: str, before: str) -> ValueError:
    line = _with_one_line_end(before).count("\n") + 1
    remedy = "save it as UTF-8 in an editor"
    return ValueError(f"{path} {why}: {remedy}. The first place is in line {line}")
