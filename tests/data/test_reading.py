"""Text that somebody else has written: marks, encodings, line ends, and what is no text."""

import codecs

import pytest

from attention.data.ratings import read_ratings
from attention.data.reading import read_text
from attention.data.tales import load_text

TEXT = "Grüße,\nund 夜 🌙.\n"
WRITTEN = {
    "plain": TEXT.encode(),
    "marked": codecs.BOM_UTF8 + TEXT.encode(),
    "Windows": TEXT.replace("\n", "\r\n").encode(),
    "old Mac": TEXT.replace("\n", "\r").encode(),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16, big": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "UTF-32, big": codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
    "all of it": codecs.BOM_UTF16_LE + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_text_is_read_however_it_was_saved(tmp_path, how):
    """Its mark is no part of it, and its line ends are one."""
    path = tmp_path / "text.txt"
    path.write_bytes(WRITTEN[how])
    assert read_text(path) == read_text(str(path)) == load_text(path) == TEXT


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\r\nb\nGrüße".encode("latin-1"), r"is not UTF-8 \(byte 7\): .* in line 3$"),
        (b"a\rb\xff", r"is not UTF-8 \(byte 3\): .* in line 2$"),
        ("a\nb".encode("utf-16-le"), "holds zeros, as no text does: .* in line 1$"),
        (b"a\nb\0", "holds zeros, as no text does: .* in line 2$"),
        ("a\nb".encode("utf-16")[:-1], r"is not UTF-16-LE \(byte 6\): .* in line 2$"),
        (b"\x1f\x8b\x08\0", r"is not UTF-8 \(byte 1\): save it as UTF-8 in an editor"),
    ],
    ids=["Latin-1", "old Mac", "UTF-16 without a mark", "zero", "cut off", "gzip"],
)
@pytest.mark.parametrize("read", [read_text, load_text, read_ratings])
def test_what_cannot_be_read_is_refused_by_file_and_line(tmp_path, content, said, read):
    """By whoever reads it."""
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"text\.txt {said}"):
        read(path)


CSV = "userId,movieId,rating,timestamp\n1,30,5.0,300\n1,10,1.0,100\n2,10,3.5,5\n1,20,4.0,200\n"
DAT = "1::30::5::300\n1::10::1::100\n2::10::3::5\n1::20::4::200\n"
INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + DAT.replace("::", "\t")
QUOTED = "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in CSV.split())
RATINGS = {
    "csv": CSV,
    "dat": DAT,
    "quoted": QUOTED,
    "tabs": DAT.replace("::", "\t"),
    "RecBole": INTER,
    "spaced": CSV.replace(",", " , "),
    "blank lines": f"\n \n{CSV}\n\n",
    "no header": CSV.partition("\n")[2],
    "loud header": CSV.upper(),
    "form feeds": CSV.replace("100\n", "100\f\n"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("how", RATINGS)
def test_ratings_are_read_however_they_were_saved(tmp_path, how, encoding, line_end):
    """No film is lost, and no user is invented."""
    path = tmp_path / "ratings"
    path.write_bytes(RATINGS[how].replace("\n", line_end).encode(encoding))
    sessions, times, films = read_ratings(path, min_length=1)
    assert [session.tolist() for session in sessions] == [[0, 1, 2], [0]]
    assert [seconds.tolist() for seconds in times] == [[100, 200, 300], [5]]
    assert films == [10, 20, 30]


@pytest.mark.parametrize(
    "line", ["\ufeff1,40,5.0,9", "\u200b1,40,5.0,9", "anna,40,5.0,9", '1,40,5.0,9"', '"1,40,5.0,9']
)
def test_a_user_is_a_number(tmp_path, line):
    """What only looks like one is another user to a computer; here it is refused by its line."""
    path = tmp_path / "ratings.csv"
    path.write_text(f"{CSV}{line}\n", "utf-8")
    with pytest.raises(ValueError, match=r"ratings\.csv, line 6: expected userId,movieId"):
        read_ratings(path)
