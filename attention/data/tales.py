"""A text to learn to write from: a reader's own, or the tales that come with the book.

`tales.txt` holds 57 of the fairy tales collected by the Brothers Grimm, in the English of Edgar
Taylor (1823) and Marian Edwardes (1912). The text is in the public domain. Each paragraph is one
line, and five of the tales of those editions are left out.
"""

from pathlib import Path

from attention.data.reading import read_text

TALES = Path(__file__).parent / "tales.txt"
PARAGRAPH = "\n\n"


def load_text(path: str | Path = TALES) -> str:
    """Read a text file, as `read_text` does.

    Args:
        path: the file; the book's tales if not given.

    Returns:
        The text, its line ends as "\\n".

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not UTF-8 and has no mark that says what else, or holds nothing but white
            space.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no text file {path}: give the path of a text in UTF-8")
    text = read_text(path)
    if not text.strip():
        raise ValueError(f"the corpus {path} is empty: give a file with some text in it")
    return text


def split_text(text: str, shares: tuple[float, float] = (0.8, 0.1)) -> tuple[str, str, str]:
    """Cut a text into what is learned from, what choices are made on, and what is held out.

    Each part is one piece, so that no sentence of one part stands next to one of another. A cut
    is made at the next end of a paragraph, or on the spot if there is none in the same part.

    Args:
        text: the whole text.
        shares: of the first two parts.

    Returns:
        (training, validation, held_out); joined, they are the text.

    Raises:
        ValueError: a part would be empty.
    """
    ends = [0]
    for share in (shares[0], sum(shares)):
        near = round(share * len(text))
        end = text.find(PARAGRAPH, near, near + len(text) // 20)
        ends.append(near if end < 0 else end + len(PARAGRAPH))
    training, validation, held_out = (
        text[start:end] for start, end in zip(ends, [*ends[1:], len(text)], strict=True)
    )
    if not (training and validation and held_out):
        raise ValueError(
            f"a text of {len(text)} characters cannot be cut into parts of {shares} and the rest: "
            "give a longer text"
        )
    return training, validation, held_out
