"""A page whose data cannot be had shows a `notice`; all else is built, then that page, too."""

import pytest
from bs4 import BeautifulSoup

PAGE = """# A model

{numbered}`a-map` shows {glue:text}`early:.1f` and {glue:text}`late:.2f`.
{claim}``It is {glue:text}`late:d` <test_model::test_it>``

```{code-cell}
from myst_nb import glue
from attention import load

glue("early", 1.25, display=False)
```

```{code-cell}
glue("late", load(), display=False)
```

```{code-cell}
:name: a-map

from figures import show
import matplotlib.pyplot as plt

show(plt.figure(), alt="Nothing is drawn.", caption="A caption.")
```
"""
OTHER = "# Another\n\nAs {numbered}`a-map` says.\n"
LOADER = """from pathlib import Path

class MissingData(FileNotFoundError):
    pass

def load():
    path = Path(__file__).with_name("model.txt")
    if not path.exists():
        raise MissingData(f"{path} is <not> here: pip install it")
    return 12
"""
TEST = """import pytest
import attention

def test_it():
    try:
        attention.load()
    except attention.MissingData as missing:
        pytest.skip(f"MissingData: {missing}")
"""


@pytest.fixture
def book(small_book):
    """A book with such a page and another that links to its figure."""
    book = small_book({"model": PAGE, "other": OTHER})
    book.write("attention/__init__.py", LOADER)
    book.write("tests/test_model.py", TEST)
    return book


def text(book, name):
    html = (book.folder / "html" / f"{name}.html").read_text("utf-8")
    return BeautifulSoup(html, "html.parser").select_one("article").get_text(" ", strip=True)


def test_the_book_is_built_without_it_and_with_it(book):
    """In this order, as whoever has no network at first would do it."""
    book.write("_build/unchanged.json", '{"asked": "now"}')
    status, said = book.build()
    assert status == 0, said
    assert not (book.folder / "_build/unchanged.json").exists(), "the next build tries it again"
    assert "model is built with a notice: attention/model.txt is <not> here: pip install" in said
    assert "all passed, but for 1 that lack data" in said
    shown = text(book, "model")
    assert "Built without its data" in shown and "is <not> here: pip install it" in shown
    assert "shows 1.2 and –" in shown and "It is –" in shown and "Not run, for what" in shown
    assert "As Figure 2.1 says" in text(book, "other").replace("\xa0", " ")

    before = [path.read_bytes() for path in sorted(book.folder.glob("html/*.html"))]
    status, said = book.build()
    assert status == 0 and "lacked data in the last build: model" in said, said
    assert [path.read_bytes() for path in sorted(book.folder.glob("html/*.html"))] == before

    book.write("attention/model.txt", "12")
    status, said = book.build()
    assert status == 0 and "notice" not in said, said
    shown = text(book, "model")
    assert "shows 1.2 and 12.00" in shown and "It is 12" in shown and "Not run" not in shown
    assert "A caption." in shown
