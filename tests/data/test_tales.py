"""Text to learn from: what is read, how it is cut, and how characters become numbers."""

import pytest
import torch

from attention.data.characters import Alphabet, draw_windows
from attention.data.tales import load_text, split_text


def test_the_tales_are_plain_text_in_paragraphs():
    """A few hundred thousand characters, few of them different, one line a paragraph."""
    text = load_text()
    assert 400_000 < len(text) < 500_000
    assert text.isascii() and len(set(text)) < 70
    assert "\r" not in text and "  " not in text and "\n\n\n" not in text
    assert all(line == line.strip() for line in text.splitlines())
    assert text.startswith("THE GOLDEN BIRD\n\nA certain king had a beautiful garden")


def test_a_readers_own_text_is_read(tmp_path):
    """In UTF-8, with or without a byte order mark, with line ends of any system."""
    own = tmp_path / "own.txt"
    own.write_bytes("\ufeffGrüße,\r\nund gute Nacht.\r\n".encode())
    assert load_text(own) == load_text(str(own)) == "Grüße,\nund gute Nacht.\n"


def test_a_text_that_cannot_be_read_is_named(tmp_path):
    """A missing file, a folder, another encoding, and nothing at all."""
    with pytest.raises(FileNotFoundError, match=r"no text file .*none\.txt: give the path"):
        load_text(tmp_path / "none.txt")
    with pytest.raises(FileNotFoundError, match="no text file"):
        load_text(tmp_path)
    latin = tmp_path / "latin.txt"
    latin.write_bytes("Grüße".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt is not UTF-8 \(byte 2\): save it as UTF-8"):
        load_text(latin)
    empty = tmp_path / "empty.txt"
    for nothing in ("", " \n\n"):
        empty.write_text(nothing)
        with pytest.raises(ValueError, match=r"the corpus .*empty\.txt is empty: give a file"):
            load_text(empty)


def test_the_parts_are_the_text_and_end_with_paragraphs():
    """Nothing is lost or read twice; each part begins where a paragraph does."""
    text = "\n\n".join("abcdefghij"[: 3 + i % 7] for i in range(100))
    parts = split_text(text)
    assert "".join(parts) == text
    assert [round(len(part) / len(text), 1) for part in parts] == [0.8, 0.1, 0.1]
    assert parts[0].endswith("\n\n") and parts[1].endswith("\n\n")
    assert [len(part) for part in split_text("x" * 50, (0.5, 0.2))] == [25, 10, 15]


def test_a_text_too_short_to_cut_is_refused():
    """Three parts need at least a few characters."""
    with pytest.raises(ValueError, match=r"a text of 3 characters cannot be cut .* a longer text"):
        split_text("abc")


def test_characters_become_numbers_and_come_back():
    """Every character of the text has its number, in the order of the alphabet."""
    alphabet = Alphabet("banana split")
    assert alphabet.characters == " abilnpst" and len(alphabet) == 9
    numbers = alphabet.encode("split a\nbanana".replace("\n", " "))
    assert numbers.dtype == torch.int64
    assert alphabet.decode(numbers) == "split a banana"
    assert alphabet.encode("ab").tolist() == [1, 2]
    assert alphabet.encode("").tolist() == []


def test_an_alphabet_names_what_it_lacks():
    """Unknown characters, and no characters at all."""
    with pytest.raises(ValueError, match=r"the alphabet has no 'xz': make it of a text"):
        Alphabet("banana").encode("zanx")
    with pytest.raises(ValueError, match="the corpus is empty: an alphabet needs a text"):
        Alphabet("")


def test_a_piece_comes_with_its_next_tokens():
    """Targets are the inputs, moved on by one; every place of the text can be drawn."""
    tokens = torch.arange(9)
    read, target = draw_windows(tokens, 200, 4, torch.Generator().manual_seed(0))
    assert read.shape == target.shape == (200, 4)
    assert target.equal(read + 1)
    assert set(target.flatten().tolist()) == set(range(1, 9)) and read.min() == 0
    again, _ = draw_windows(tokens, 200, 4, torch.Generator().manual_seed(0))
    assert again.equal(read)


def test_a_text_shorter_than_the_context_is_refused():
    """With what to do; and so is a batch of texts."""
    dice = torch.Generator()
    with pytest.raises(ValueError, match="longer than the context of 4 tokens, got 4: give a long"):
        draw_windows(torch.arange(4), 2, 4, dice)
    with pytest.raises(ValueError, match=r"got 0: give a longer text or a shorter context"):
        draw_windows(torch.arange(0), 2, 4, dice)
    with pytest.raises(ValueError, match=r"shape \(text_len,\), got \(2, 9\)"):
        draw_windows(torch.zeros(2, 9), 2, 4, dice)
