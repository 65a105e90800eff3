"""A page that is wrong fails the build, which says where and what to do, and costs no other page.

All the broken pages stand in one book with the real settings, built twice: what is complained of
once is complained of until it is mended, and what is right is neither run nor read again. The
words are those of `remedies`; `described` complains of pictures.
"""

import re

import pytest

CELL = "```{code-cell}\n"
PICTURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);\n```\n"
SHOW = (
    "import matplotlib.pyplot as plt\nfrom figures import show\nshow(plt.figure(), alt='')\n```\n"
)
EXERCISE = ":::{{exercise}} {}\n:difficulty: {}\n:minutes: 10\n\nWrite it.\n:::\n"
CHOICES = "".join(f":::{{choice}} {name}\nno\n:::\n" for name in "abc")

#: name of the page -> (its text, the line that is wrong, the words of the complaint)
PAGES = {
    # code
    "cell_fails": (f"# A\n\n{CELL}x = 1\nx / 0\n```\n", 5, "ZeroDivisionError: division by zero"),
    "cell_is_no_python": (f"# A\n\n{CELL}:tags: [a]\n\nfor x in\n```\n", 6, "SyntaxError: invalid"),
    "cell_is_slow": (f"# A\n\n{CELL}import time\ntime.sleep(99)\n```\n", 4, "conf.py"),
    "cell_imports_nothing": (f"# A\n\n{CELL}from attention import no\n```\n", 4, "cannot import"),
    "cell_options": (f"# A\n\n{CELL}---\ntags: [a\nb: c\n---\n1\n```\n", 6, "not YAML"),
    "cell_option": (f"# A\n\n{CELL}:tags: [a\n\n1\n```\n", 4, "write a line for each, :tags:"),
    "cell_grumbles": (f"# A\n\n{CELL}import warnings\nwarnings.warn('x')\n```\n", 5, "silence it"),
    "glue": ("# A\n\nIt is {glue:text}`nothing:.2f`.\n", 3, 'glue("name", value)'),
    # the page as a whole
    "front_matter": ("---\na: [b\nc: d\n---\n\n# A\n", 3, "front matter: not YAML"),
    "front_matter_list": ("---\n- a\n---\n\n# A\n", 2, "not names and values but list; write key:"),
    "front_matter_tab": ("---\na: b\nc:\td: e\n---\n\n# A\n", 3, "front matter: not YAML"),
    "empty": ("", 1, "the page is empty; begin it with a title"),
    "not_utf8": ("# A\n\nCafé\n".encode("latin-1"), 3, "0xe9 is not UTF-8; save the page as such"),
    "orphan": ("# A\n", 1, "name the page in a toctree of book/index.md"),
    "no_title": ("Text.\n", 0, "begin that page with one: # The title"),
    "heading": ("# A\n\n### B\n", 3, "make it one # less"),
    # what it names
    "citation": ("# A\n\nOne line,\ntwo {cite}`nobody`\nthree.\n", 4, "book/references.bib"),
    "claim": ("# A\n\n{claim}`So <test_no::test_it>`\n", 3, "correct the name, or write the test"),
    "claim_fails": ("# A\n\n{claim}`So <test_good::test_bad>`\n", 3, "test_bad failed"),
    "claim_alone": ("# A\n\n{claim}`So`\n", 3, "end it with the test"),
    "exercise": (f"# A\n\n{EXERCISE.format('nobody', 1)}", 3, "offers nothing called nobody"),
    "exercise_hard": (f"# A\n\n{EXERCISE.format('softmax', 'hard')}", 3, "give :difficulty: 1, 2"),
    "link_to_page": ("# A\n\nOne,\ntwo [b](no.md).\n", 4, "a page is its file, [words](page.md)"),
    "link_to_section": ("# A\n\n[b](good.md#no)\n", 3, "page.md#its-title-in-small-letters"),
    "link_to_label": ("# A\n\n{ref}`no`\n", 3, "set (name)= above what it names"),
    "equation": ("# A\n\n{eq}`no`\n\n(b)=\n## B\n", 3, "an equation's stands behind it: $$ (name)"),
    "number": ("# A\n\n{numbered}`no`\n", 3, "a figure has its cell's :name:"),
    "label_twice": ("# A\n\n(a)=\n## B\n\nText\n\n(a)=\n## C\n", 8, "give one of the two another"),
    "label_of_another": ("# A\n\n(b)=\n## B\n", 4, "equation.md"),
    "object": ("# A\n\n```{autofunction} attention.no\n```\n", 3, "failed to import 'no'"),
    "role": ("# A\n\nOne,\ntwo {no}`b`.\n", 4, "CONTRIBUTING.md lists the book's own"),
    "directive": ("# A\n\n:::{no}\n:::\n", 3, "CONTRIBUTING.md lists the book's own"),
    "minutes": ("# A\n\n{minutes}`sleeping`\n", 3, "there are reading and exercises"),
    "formula": ("# A\n\nOne,\ntwo $\\no{b}$.\n", 4, "macros stand in conf.py"),
    "question": (
        f"# A\n\n::::{{question}}\n:name: q\nWhat?\n\n{CHOICES}::::\n",
        3,
        "mark one choice :correct:",
    ),
    # pictures
    "picture_bare": ("# A\n\nOne,\n![](a.png)\n", 4, "has no alt text: a.png"),
    "picture_directive": ("# A\n\n:::{figure} a.png\nB\n:::\n", 3, ":alt: in a directive"),
    "picture_html": ("# A\n\n<img src='a.png'>\n", 3, "has no alt text: an <img> in HTML"),
    "picture_drawn": (f"# A\n\n{CELL}{PICTURE}", 4, "has no alt text: drawn by a cell"),
    "picture_shown": (f"# A\n\n{CELL}{SHOW}", 6, "alt must say in words what the figure shows"),
    "picture_missing": ("# A\n\n![A picture.](no.png)\n", 3, "which begins at the page's folder"),
}


@pytest.fixture(scope="module")
def builds(small_book):
    """The folder, and what the first and the second build came to."""
    book = small_book({name: text for name, (text, _, _) in PAGES.items()})
    settings = (book.folder / "conf.py").read_text("utf-8")
    book.write("conf.py", f"{settings}cell_timeout = 6\n")  # for one cell it is waited, twice
    return book.folder, book.build(), book.build()


def complaints(said):
    """What is said of each page: name -> [(line, words)]."""
    found = {}
    for place in re.split(r"\n(?=/\S+: (?:WARNING|ERROR))", said):
        if match := re.match(r"/\S+/(\w+)\.md:(\d+): (?:WARNING|ERROR): ", place):
            found.setdefault(match[1], []).append((int(match[2]), place[match.end() :]))
    return found


@pytest.mark.parametrize("number", [1, 2], ids=["first", "again"])
@pytest.mark.parametrize("name", PAGES)
def test_a_broken_page_is_named_with_its_line_and_the_remedy(builds, name, number):
    """In the first build, and in the next, where nothing has changed."""
    folder, (status, said) = builds[0], builds[number]
    assert status == 1
    _, line, words = PAGES[name]
    page = "index" if name == "no_title" else name  # known where the contents list it
    line = line or 1 + (folder / "book/index.md").read_text().split("\n").index(name)
    found = complaints(said).get(page, [])
    assert [1 for at, what in found if at == line and words in what], found


def test_a_complaint_is_short_and_said_once(builds):
    """No dump, no path of a cell that nobody can open, nothing twice."""
    for _, said in builds[1:]:
        assert "Traceback" not in said and "ipykernel" not in said and "None" not in said
        found = [
            (name, *what) for name, all_of_it in complaints(said).items() for what in all_of_it
        ]
        assert len(found) == len(set(found)) < 1.3 * len(PAGES)


def test_what_is_right_costs_nothing(builds):
    """The good page is written, and neither run nor read again; the last line names the others."""
    folder, (_, first), (_, again) = builds
    assert "ran good" in first and "ran good" not in again
    assert "42" in (folder / "html" / "good.html").read_text()
    assert "good" not in complaints(first) and "good" not in complaints(again)
    last = again.strip().splitlines()[-1]
    assert last.startswith("To be mended: ") and "book/orphan.md" in last and "good" not in last
    assert not re.search(r"not run yet: .*good", again)


def test_a_mended_book_succeeds(small_book):
    """What is left is told again; then all is well, and only what was mended is read."""
    broken = {"question": PAGES["question"][0], "cell": PAGES["cell_fails"][0]}
    book = small_book(broken)
    entry = (book.folder / "book/references.bib").read_text()
    book.write("book/references.bib", entry * 2)
    for left in (set(broken), {"question"}):
        status, said = book.build()
        assert status == 1
        assert "references.bib:7: WARNING" in said and "a key stands for one entry alone" in said
        assert set(complaints(said)) == left
        book.write("book/cell.md", "# A\n")
    book.write("book/references.bib", entry)  # which the good page cites, so it is read again
    assert book.build()[0] == 1
    book.write("book/question.md", "# A\n")
    good = book.folder / "html/.doctrees/good.doctree"
    before = good.stat().st_mtime_ns
    status, said = book.build()
    assert status == 0 and complaints(said) == {}
    assert good.stat().st_mtime_ns == before
