"""Reads Python from files, as Python itself does: the one way in which the book reads source.

A mark at the beginning (BOM), an encoding that the first lines declare and any kind of line ends
are what Python accepts and editors leave. Whatever keeps a file from being read is an `OSError`,
or a `SyntaxError` that names the file, its line and what to do.
"""

import ast
import codecs
import errno
import io
import os
import re
import stat
import tokenize
from dataclasses import dataclass

_END = re.compile(rb"\r\n|\r|\n")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MARKS_OF_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REMEDY = "save the file as UTF-8, or declare its encoding in the first line (# coding: latin-1)"


def read_source(path) -> str:
    """The text of a file of Python: its lines end in "\\n", and it has no mark.

    Raises:
        OSError: it cannot be read, or is no file (a folder, a pipe).
        SyntaxError: it is not text in the encoding that it declares.
    """
    return Source.of(path).text


def content(path) -> bytes:
    """The bytes of a file; an OSError for what is none, such as a pipe that nobody writes to."""
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a file", os.fspath(path))
        return file.read()


def cut(text: str, name: str) -> str | None:
    """The lines of a top-level function or class; None if it cannot be found."""
    place = segment(text, name)
    return place and "\n".join(text.split("\n")[slice(*place)])


def segment(text: str, name: str) -> tuple[int, int] | None:
    """Where the lines of a top-level function or class are, [first, last); None if nowhere."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in reversed(tree.body):  # of two definitions Python keeps the last
        if getattr(node, "name", None) == name:
            starts = [node.lineno, *(d.lineno for d in node.decorator_list)]
            return min(starts) - 1, node.end_lineno
    return None


def shown(path) -> str:
    """A path as text that can be printed and written down: a name need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(frozen=True)
class Source:
    """What a file of Python holds, and its text as `read_source` has it."""

    data: bytes
    encoding: str
    text: str

    @classmethod
    def of(cls, path) -> "Source":
        return cls.from_bytes(content(path), path)

    @classmethod
    def from_bytes(cls, data: bytes, path) -> "Source":
        """Take the bytes from elsewhere; `path` is what an error calls them."""
        plain = _END.sub(b"\n", data)
        encoding = _encoding(plain, path)
        try:
            text = plain.decode(encoding)
        except UnicodeDecodeError as error:
            name, line = encoding.removesuffix("-sig"), error.object.count(b"\n", 0, error.start)
            byte = f"byte {error.object[error.start]:#04x}"
            raise _refused(path, line + 1, f"{byte} is not {name}: {_REMEDY}") from None
        except (LookupError, ValueError) as error:  # an encoding that is not one of text
            raise _refused(path, 1, f"{error}: {_REMEDY}") from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise _refused(path, line, "source code cannot contain null bytes")
        return cls(data, encoding, text)

    def with_lines(self, place: tuple[int, int], text: str) -> bytes:
        """The bytes of the file with this text in the place of the lines [first, last).

        It gets the file's encoding and line ends; the other lines stay byte by byte.

        Raises:
            ValueError: the encoding hides line ends, so the place cannot be told.
        """
        lines = _LINE.findall(self.data)
        if len(lines) != len(_LINE.findall(self.text.encode())):
            raise ValueError(f"an encoding ({self.encoding}) that hides line ends: {_REMEDY}")
        first, last = place
        end = _END.search(b"".join(lines[first:])) or _END.search(self.data)
        # what the encoding lacks is escaped: that is the same in a docstring, and harms no comment
        encoding = self.encoding.removesuffix("-sig")  # the mark stands in front of all lines
        new = text.replace("\n", end[0].decode() if end else "\n")
        new = new.encode(encoding, "backslashreplace")
        mark = codecs.BOM_UTF8 if first == 0 and self.data.startswith(codecs.BOM_UTF8) else b""
        return b"".join([*lines[:first], mark, new, *lines[last:]])


def _without_waiting(path, flags):
    """Open a pipe, too, on whose other end is nobody."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _encoding(data: bytes, path) -> str:
    """The encoding that the mark or the first lines name; UTF-8 where they name none."""
    if data.startswith(_MARKS_OF_UTF_16):
        raise _refused(path, 1, "the file is UTF-16: save it as UTF-8")
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        if "invalid or missing" in error.msg:  # the first lines are not UTF-8: decoding tells where
            return "utf-8"
        if data.startswith(codecs.BOM_UTF8):
            two = "it has the mark of UTF-8 and declares another encoding: take one of them out"
            raise _refused(path, 1, two) from None
        raise _refused(path, 1, f"{error.msg}: {_REMEDY}") from None


def _refused(path, line, message) -> SyntaxError:
    return SyntaxError(message, (os.fspath(path), line, None, None))
