"""Pages and modules as editors leave them: with a mark, other line ends, another encoding."""

import pytest

MARK = b"\xef\xbb\xbf"
CELL = "```{code-cell}\nfrom attention.%s import name\nprint(name)\n```\n"
MODULES = {
    "marked": MARK + "name = 'é1'\n".encode(),
    "windows": MARK + "name = 'é1'\r\n".encode(),
    "declared": "# coding: latin-1\nname = 'é1'\n".encode("latin-1"),
}
PAGE = "---\norphan: true\n---\n\n# Café\n\n$x$\n\n"


@pytest.fixture(scope="module")
def book(small_book):
    """A page for each module; three more are written as editors of other systems do."""
    pages = {name: f"# A\n\n{CELL % name}" for name in MODULES}
    book = small_book(pages | {"bad": f"# A\n\n{CELL % 'undeclared'}"})
    for name, text in MODULES.items():
        book.write(f"attention/{name}.py", text)
    book.write("attention/undeclared.py", "\nname = 'é'\n".encode("latin-1"))
    text = (PAGE + CELL % "marked").encode()
    book.write("book/page_marked.md", MARK + text)
    book.write("book/page_windows.md", MARK + text.replace(b"\n", b"\r\n"))
    book.write("book/page_mac.md", text.replace(b"\n", b"\r"))
    return book


@pytest.fixture(scope="module")
def first(book):
    """What is said when all is built for the first time."""
    return book.build()


@pytest.mark.parametrize("name", [*MODULES, "page_marked", "page_windows", "page_mac"])
def test_what_python_and_sphinx_read_is_no_trouble(book, first, name):
    """The page has its title and the module's output, and nothing is said."""
    assert f"/{name}." not in first[1]
    html = (book.folder / f"html/{name}.html").read_text("utf-8")
    assert "é1" in html and "<h1>" in html


def test_the_file_that_is_wrong_is_the_one_that_is_named(first):
    """The module, not the page that imports it."""
    status, said = first
    assert status == 1
    (place,) = (part for part in said.split("\n/") if "/book/bad.md:4: ERROR" in part)
    assert "0xe9" in place and "undeclared.py, line 2" in place
    assert "save the page" not in said


def test_an_edit_of_any_of_them_is_seen(book, first):
    """No page keeps its old output."""
    for name in MODULES:
        path = book.folder / f"attention/{name}.py"
        path.write_bytes(path.read_bytes().replace(b"1'", b"2'"))
    said = book.build()[1]
    for name in (*MODULES, "page_marked", "page_windows", "page_mac"):
        assert "é2" in (book.folder / f"html/{name}.html").read_text("utf-8"), said
