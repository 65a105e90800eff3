"""Real sessions from a file of ratings in the formats of MovieLens."""

import csv
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from attention.data.reading import read_text

HEADER = "userId,movieId,rating,timestamp"
HEADERS = {HEADER, "user_id,item_id,rating,timestamp"}


class Ratings(NamedTuple):
    """Who rated what and when: a session for each user, oldest film first."""

    sessions: list[Tensor]  # (length,) item numbers 0, 1, 2, … for each user
    times: list[Tensor]  # (length,) whole seconds since 1970, which never fall
    films: list[int]  # the film's own number for each item


def read_ratings(path: str | Path, min_length: int = 3) -> Ratings:
    """Read who rated what and when, and make a session of each user's films, oldest first.

    Three formats are known. `ratings.csv` has a header and then `userId,movieId,rating,timestamp`,
    quoted or not. `ratings.dat` has no header and `::` for each comma. `u.data` has tabs, and so
    has the `.inter` of RecBole, whose header adds a type to each name, as in `user_id:token`. How
    well a film was liked is not used: that it was watched is. Films that a user rated within the
    same second stay in the order of the file.

    Args:
        path: the file.
        min_length: users with fewer films are left out.

    Returns:
        The sessions, their times, and the films.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is broken, the file is no text in UTF-8, or no user has so many films.

    Source: Harper and Konstan (2015), The MovieLens Datasets.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}: download a MovieLens data set, unpack it, and name its "
            "ratings.csv, ratings.dat or u.data"
        )
    watched: dict[int, list[tuple[int, int, int]]] = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = _fields(line)
            if not watched and _is_header(fields):
                continue
            user, film, _rating, time = fields
            float(_rating)
            watched.setdefault(int(user), []).append((int(time), number, int(film)))
        except (ValueError, csv.Error):
            raise ValueError(
                f"{path}, line {number}: expected {HEADER} or the same with :: or a tab between, "
                f"as 1,296,5.0,1147880044; got {line[:80]!r}"
            ) from None
    histories = [sorted(rows) for rows in watched.values() if len(rows) >= min_length]
    if not histories:
        raise ValueError(f"{path}: no user has rated {min_length} films or more")
    films = sorted({film for history in histories for _, _, film in history})
    number_of = {film: number for number, film in enumerate(films)}
    return Ratings(
        [_whole([number_of[film] for _, _, film in history]) for history in histories],
        [_whole([time for time, _, _ in history]) for history in histories],
        films,
    )


def _fields(line: str) -> list[str]:
    """Split a line of any of the formats; quotes around a field are no part of it."""
    if '"' in line:
        fields = next(csv.reader([line]))
    else:
        between = next((mark for mark in ("::", ",") if mark in line), "\t")
        fields = line.split(between)
    return [field.strip() for field in fields]


def _is_header(fields: list[str]) -> bool:
    """Whether a line names the four columns."""
    names = ",".join(field.partition(":")[0] for field in fields)
    return names.lower() in {header.lower() for header in HEADERS}


def _whole(numbers: list[int]) -> Tensor:
    return torch.tensor(numbers, device="cpu")
