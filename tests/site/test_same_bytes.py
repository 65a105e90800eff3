"""Two builds of one book are equal to the byte: what is published follows from what is written."""

import shutil

FIGURE = """
```{code-cell}
:name: a-line

import matplotlib.pyplot as plt
from figures import show

figure, axes = plt.subplots()
axes.plot([1, 2], label="$x$")
axes.legend()
show(figure, alt="A line that rises from one to two.", caption="It rises.")
```
"""
QUESTION = """
::::{question}
:name: why
Why?

:::{choice} One
no
:::
:::{choice} Two
no
:::
:::{choice} Three
:correct:
yes
:::
::::
"""
NAMED = """
{cite}`a`, {numbered}`a-line`, {claim}`so <test_good::test_it>`, $x^2$ and {eq}`same`.

$$
x
$$ (same)
"""
PAGES = {
    "drawn": f"# A\n{FIGURE}",
    "asked": f"# B\n{QUESTION}",
    "named": f"# C\n{NAMED}",
    "both": f"# D\n{QUESTION.replace('why', 'else')}{FIGURE.replace('a-line', 'another')}",
}
#: Must not be seen: the time, the order of sets, which process read a page or wrote it.
SURROUNDINGS = {
    "one": ((), {"PYTHONHASHSEED": "1"}),
    "two": (("-j", "2"), {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}),
}


def published(folder):
    """{name: bytes} of all but what Sphinx keeps for its next build."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in found.items()
        if ".doctrees" not in name.parts
    }


def test_two_builds_are_equal_to_the_byte(small_book):
    """From nothing: the cells are run and the claims tested anew each time."""
    book, sites = small_book(PAGES), {}
    for name, (options, variables) in SURROUNDINGS.items():
        shutil.rmtree(book.folder / "_build", ignore_errors=True)
        status, said = book.build(*options, out=f"{name}/html", **variables)
        assert status == 0 and "ran drawn" in said, said
        sites[name] = published(book.folder / name / "html")
    one, two = sites.values()
    assert sorted(one) == sorted(two)
    assert [name for name in one if one[name] != two[name]] == [], book.folder
    assert len(one) > 20 and b"<svg" in one["drawn.html"]
