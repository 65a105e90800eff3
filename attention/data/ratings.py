"""Real sessions from a file of ratings in the formats of MovieLens."""

from pathlib import Path

import torch
from torch import Tensor

HEADER = "userId,movieId,rating,timestamp"


def read_ratings(path: str | Path, min_length: int = 3) -> tuple[list[Tensor], list[int]]:
    """Read who rated what and when, and make a session of each user's films, oldest first.

    Two formats are known: `ratings.csv` (a header, then `userId,movieId,rating,timestamp`) and
    `ratings.dat` (`UserID::MovieID::Rating::Timestamp`, no header). How well a film was liked
    is not used: that it was watched is.

    Args:
        path: the file.
        min_length: users with fewer films are left out.

    Returns:
        (sessions, films): one tensor (length,) of item numbers 0, 1, 2, … for each user, and the
        film's own number for each item.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is broken, or no user has so many films.

    Source: Harper and Konstan (2015), The MovieLens Datasets.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}: download a MovieLens data set, unpack it, and name its "
            "ratings.csv or ratings.dat"
        )
    watched: dict[str, list[tuple[int, int, int]]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if (number == 1 and line.strip().lower() == HEADER.lower()) or not line.strip():
            continue
        fields = line.split("::") if "::" in line else line.split(",")
        try:
            user, film, _rating, time = fields
            float(_rating)
            watched.setdefault(user, []).append((int(time), number, int(film)))
        except ValueError:
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
    return [torch.tensor([number_of[film] for film in history]) for history in histories], films
