"""MovieLens-100K out of its package, another file in its place, and what films are called."""

import pytest
import torch

from attention.data import packaged as module
from attention.data.films import VARIABLE, load_films
from attention.data.packaged import MissingData
from attention.data.titles import titles_beside

RATINGS = "".join(f"{user},{film},4.0,{film}\n" for user in (1, 2) for film in (9, 8, 7, 5, 4))


@pytest.fixture
def ratings(tmp_path):
    """A file of two people who rated five films each."""
    (tmp_path / "ratings.csv").write_text(RATINGS)
    return tmp_path / "ratings.csv"


def test_movielens_is_what_its_authors_say(movielens):
    """100,000 ratings of 943 people, 1,682 films; each film at most once by each, 20 at least."""
    lengths = torch.tensor([len(films) for films in movielens.people])
    assert lengths.sum() == 100_000 and len(lengths) == 943 and lengths.min() == 20
    assert len(movielens.titles) == 1682
    assert all(len(films.unique()) == len(films) for films in movielens.people)
    assert torch.cat(movielens.people).unique().tolist() == list(range(1682))


def test_films_stand_in_the_order_in_which_they_were_rated(movielens):
    """Times never fall, and all are between September 1997 and April 1998."""
    assert all((times.diff() >= 0).all() for times in movielens.times)
    seconds = torch.cat(movielens.times)
    assert seconds.min() > 874_000_000 and seconds.max() < 894_000_000


def test_titles_are_told_as_they_are_said(movielens):
    """With the year, and with the article in front."""
    assert movielens.titles[:2] == ["Toy Story (1995)", "GoldenEye (1995)"]
    assert {"The Usual Suspects (1995)", "Il Postino (1994)", "Paris, Texas (1984)"} <= set(
        movielens.titles
    )


def test_a_reader_may_name_another_file(ratings, monkeypatch):
    """By the variable or as an argument; films without a title are numbers."""
    monkeypatch.setenv(VARIABLE, str(ratings))
    films = load_films()
    assert [items.tolist() for items in films.people] == [[0, 1, 2, 3, 4]] * 2
    assert films.titles == ["film 4", "film 5", "film 7", "film 8", "film 9"]
    assert load_films(ratings).titles == films.titles


def test_a_file_that_is_not_there_is_named(tmp_path, monkeypatch):
    """A typing error in the variable is no reason to show other films."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "rating.csv"))
    with pytest.raises(FileNotFoundError, match=r"there is no file \S*rating\.csv"):
        load_films()


def test_without_its_package_it_says_how_to_get_it(tmp_path, monkeypatch):
    """And so that a page can be built with a notice."""
    (tmp_path / "packages.txt").write_text("recbole-not-there==1 --hash=sha256:00\n")
    monkeypatch.setattr(module, "LIST", tmp_path / "packages.txt")
    monkeypatch.setattr("attention.data.films.PACKAGE", "recbole-not-there")
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(MissingData, match=r"recbole-not-there is missing.*pip install"):
        load_films()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "name, text",
    [
        (
            "movies.csv",
            'movieId,title,genres\n4,"Été, L\' ""un"" (1999)",Drama\n5,Ran (1985),War\n',
        ),
        ("movies.dat", '4::Été, L\' "un" (1999)::Drama\n\n5::Ran (1985)::War\n'),
        ("u.item", '4|Été, L\' "un" (1999)|01-Jan-1999||http\n5|Ran (1985)|1-Jan-1985||http\n'),
        (
            "ratings.item",
            'item_id:token\tmovie_title:token_seq\trelease_year:token\n4\tÉté, L\' "un"\t1999\n'
            "5\tRan\t1985\n",
        ),
    ],
)
def test_titles_are_read_from_what_stands_beside(ratings, name, text, line_end, encoding):
    """However the file was saved: quotes, commas and letters of other languages stay."""
    ratings.with_name(name).write_bytes(text.replace("\n", line_end).encode(encoding))
    assert titles_beside(ratings) == {4: 'Été, L\' "un" (1999)', 5: "Ran (1985)"}
    assert load_films(ratings).titles[:3] == ['Été, L\' "un" (1999)', "Ran (1985)", "film 7"]


@pytest.mark.parametrize("line", ["five,Ran (1985),War", "5"])
def test_a_broken_title_is_named(ratings, line):
    """By its file and its line."""
    ratings.with_name("movies.csv").write_text(f"movieId,title,genres\n4,Up (2009),Fun\n{line}\n")
    with pytest.raises(ValueError, match=r"movies\.csv, line 3: expected a film's number and its"):
        titles_beside(ratings)


@pytest.mark.parametrize(
    "title, said",
    [
        ("Piano, The (1993)", "The Piano (1993)"),
        ("Pianist, The", "The Pianist"),
        ("Good, The Bad and The Ugly, The (1966)", "The Good, The Bad and The Ugly (1966)"),
        ("Blue Angel, The (Blaue Engel, Der) (1930)", "The Blue Angel (Blaue Engel, Der) (1930)"),
        ("Fear, A Memory (1990)", "Fear, A Memory (1990)"),
    ],
)
def test_only_an_article_at_the_end_moves(ratings, title, said):
    """What else stands behind a comma belongs there."""
    ratings.with_name("movies.dat").write_text(f"4::{title}::Drama\n")
    assert titles_beside(ratings) == {4: said}
