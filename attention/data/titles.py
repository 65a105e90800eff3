"""What the films of a file of ratings are called."""

import csv
import re
from pathlib import Path

from attention.data.reading import read_text

# What may stand beside a file of ratings, and what separates its columns.
BESIDE = {"movies.csv": ",", "movies.dat": "::", "u.item": "|"}


def titles_beside(ratings: str | Path) -> dict[int, str]:
    """Read the titles of films from the file that a MovieLens data set keeps beside its ratings.

    Known are `movies.csv`, `movies.dat`, `u.item`, and RecBole's `.item`, which has the name of its
    `.inter`. "Piano, The" becomes "The Piano".

    Args:
        ratings: the file of ratings.

    Returns:
        {the film's own number: its title, with the year in brackets where it is known}; nothing if
        there is no such file.

    Raises:
        ValueError: a line is broken, or the file is no text in UTF-8. The message names the line.
    """
    ratings = Path(ratings)
    known = {ratings.with_suffix(".item"): "\t"}
    known |= {ratings.with_name(name): between for name, between in BESIDE.items()}
    for path, between in known.items():
        if path != ratings and path.is_file():
            return _titles(path, between)
    return {}


def _titles(path: Path, between: str) -> dict[int, str]:
    titles = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip() or re.match(r"\W*(movieId|item_id)", line, re.IGNORECASE):
            continue
        fields = next(csv.reader([line])) if between == "," else line.split(between)
        try:
            film, title = int(fields[0]), fields[1].strip()
        except (ValueError, IndexError):
            raise ValueError(
                f"{path}, line {number}: expected a film's number and its title, with {between!r} "
                f"between; got {line[:80]!r}"
            ) from None
        year = fields[2].strip() if between == "\t" and len(fields) > 2 else ""
        titles[film] = _in_speech(f"{title} ({year})" if year.isdigit() else title)
    return titles


def _in_speech(title: str) -> str:
    """Put the article where it is said: "Postino, Il (1994)" is "Il Postino (1994)"."""
    return re.sub(r"^([^(]+), (A|An|The|Il|La|Le|Les|El|Das|Der|Die)(?= \(|$)", r"\2 \1", title)
