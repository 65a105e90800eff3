"""Real sessions from a file of ratings in the formats of MovieLens."""

import csv
from pathlib import Path

import torch
from torch import Tensor

from attention.data.reading import read_text

HEADER = "userId,movieId,rating,timestamp"


def read_ratings(path: str | Path, min_length: int = 3) -> tuple[list[Tensor], list[int]]:
    """Read who rated what and when, and make a session of each user's films, oldest first.

    Two formats are known: `ratings.csv` (a header, then `userId,movieId,rating,timestamp`, quoted
    or not) and `ratings.dat` (`UserID::MovieID::Rating::Timestamp`, no header). How well a film was
    liked is not used: that it was watched is.

    Args:
        path: the file.
        min_length: users with fewer films are left out.

    Returns:
        (sessions, films): one tensor (length,) of item numbers 0, 1, 2, … for each user, and the
        film's own number for each item.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is broken, the file is no text in UTF-8, or no user has so many films.

    Source: Harper and Konstan (2015), The MovieLens Datasets.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}: download a MovieLens data set, unpack it, and name its "
            "ratings.csv or ratings.dat"
        )
    watched: dict[int, list[tuple[int, int, int]]] = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = _fields(line)
            if not watched and ",".join(fields).lower() == HEADER.lower():
                continue
            user, film, _rating, time = fields
            float(_rating)
            watched.setdefault(int(user), []).append((int(time), number, int(film)))
        except (ValueError, csv.Error):
            raise ValueError(
                f"{path}, line {number}: expected {HEADER} or the same with :: between, as "
                f"1,296,5.0,1147880044; got {line[:80]!r}"
            ) from None
    histories = [[film for _, _, film in sorted(rows)] for rows in watched.values()]
    histories = [films for films in histories if len(films) >= min_length]
    if not histories:
        raise ValueError(f"{path}: no user has rated {min_length} films or more")
    films = sorted({film for history in histories for film in history})
    number_of = {film: number for number, film in enumerate(films)}
    numbered = [[number_of[film] for film in history] for history in histories]
    return [torch.tensor(numbers, device="cpu") for numbers in numbered], films


def _fields(line: str) -> list[str]:
    """Split a line of either format; quotes around a field are no part of it."""
    fields = line.split("::" if "::" in line else ",")
    if '"' in line:
        fields = next(csv.reader([line]))
    return [field.strip() for field in fields]
