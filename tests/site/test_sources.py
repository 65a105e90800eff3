"""A file of Python is read as Python reads it, and written to without touching the rest of it."""

import ast
import os

import pytest

from sources import Source, cut, read_source, shown

TEXT = "# coding: {}\nname = 'é'\n\n\ndef first(x):\n    return 'é'  # \x0c \x1c\n\n\nlast = 1\n"
MARK = b"\xef\xbb\xbf"
# encoding: the bytes of a file that Python reads
FILES = {
    "plain": TEXT.format("utf-8").encode(),
    "mark": MARK + TEXT.format("utf-8").encode(),
    "latin-1": TEXT.format("latin-1").encode("latin-1"),
    "windows": TEXT.format("cp1252").replace("\n", "\r\n").encode("cp1252"),
    "windows with a mark": MARK + TEXT.format("utf-8").replace("\n", "\r\n").encode(),
    "old mac": TEXT.format("latin-1").replace("\n", "\r").encode("latin-1"),
    "second line": b"#!/usr/bin/python\n" + TEXT.format("latin-1").encode("latin-1"),
    "no last end": TEXT.format("utf-8").encode().rstrip(),
    "japanese": TEXT.format("shift_jis").replace("é", "ソ表").encode("shift_jis"),
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "it.py"


@pytest.mark.parametrize("kind", FILES)
def test_text_is_what_python_reads(file, kind):
    """Marks, declared encodings and line ends; the compiler of the bytes is the judge."""
    file.write_bytes(FILES[kind])
    text = read_source(file)
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(FILES[kind]))
    assert "\r" not in text and "\ufeff" not in text
    assert cut(text, "first").startswith("def first(x):\n    return ")


@pytest.mark.parametrize("kind", FILES)
def test_other_lines_stay_byte_by_byte(file, kind):
    """What is put in their place has the encoding and the line ends of the file."""
    file.write_bytes(FILES[kind])
    source = Source.of(file)
    new = "def first(x):\n    return '1'\n"
    lines = FILES[kind].splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if line.startswith(b"def"))
    after = source.with_lines((place, place + 2), new)
    assert after.splitlines(keepends=True)[:place] == lines[:place]
    assert Source.from_bytes(after, file).text.split("\n")[place : place + 2] == new.split("\n")[:2]
    ends = {line[len(line.rstrip(b"\r\n")) :] for line in after.splitlines(keepends=True)}
    assert len(ends - {b""}) == 1, "the file has one kind of line ends, as before"


def test_first_line_is_replaced_behind_the_mark(file):
    """The mark belongs to the file and not to its first line."""
    source = Source.from_bytes(MARK + b"def f(): 1\r\nx = 1\r\n", file)
    assert source.with_lines((0, 1), "def f(): 2\n") == MARK + b"def f(): 2\r\nx = 1\r\n"


def test_characters_that_the_encoding_lacks_are_escaped(file):
    """In a docstring they mean the same."""
    source = Source.from_bytes(b"# coding: ascii\nx = 1\n", file)
    after = source.with_lines((1, 2), "'1/\u221ad'\n")
    assert ast.parse(after).body[0].value.value == "1/\u221ad"


BROKEN = {
    b"x = 1\ny = '\xe9'\n": (2, "byte 0xe9 is not utf-8: save the file as UTF-8, or declare"),
    b"\xff": (1, "byte 0xff is not utf-8"),
    MARK + b"\r\ny = '\xe9'\r\n": (2, "byte 0xe9 is not utf-8"),
    b"# coding: ascii\n\n'\xe9'": (3, "byte 0xe9 is not ascii"),
    b"# coding: klingon\n": (1, "unknown encoding: klingon"),
    b"# coding: rot13\n": (1, "is not a text encoding"),
    MARK + b"# coding: latin-1\n": (1, "take one of them out"),
    "x = 1\n".encode("utf-16"): (1, "the file is UTF-16: save it as UTF-8"),
    b"x = 1\n\0": (2, "null bytes"),
}


@pytest.mark.parametrize("data", BROKEN)
def test_what_is_no_text_is_told_with_file_line_and_remedy(file, data):
    """As a syntax error, which whoever reads source expects."""
    file.write_bytes(data)
    line, words = BROKEN[data]
    with pytest.raises(SyntaxError, match=words) as caught:
        read_source(file)
    assert (caught.value.filename, caught.value.lineno) == (str(file), line)


def test_what_is_no_file_is_told(tmp_path):
    """Above all, nobody waits for a pipe to which nobody writes."""
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    for name in ("pipe.py", "loop.py", "missing.py", "."):
        with pytest.raises(OSError) as caught:
            read_source(tmp_path / name)
        assert caught.value.filename == str(tmp_path / name)


def test_lines_are_never_put_where_they_cannot_be_counted(file):
    """An encoding can hide line ends in escapes."""
    source = Source.from_bytes(b"# coding: unicode_escape\nx = 1\\ny = 2\n", file)
    with pytest.raises(ValueError, match="hides line ends: save the file as UTF-8"):
        source.with_lines((1, 2), "x = 2\n")


def test_any_name_can_be_shown():
    """Also one that is not UTF-8."""
    assert shown(os.fsdecode(b"caf\xe9/caf\xc3\xa9.py")).encode().endswith("/café.py".encode())
