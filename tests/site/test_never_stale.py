"""What a page's outputs follow from is known, however it is written: no output is ever stale."""

import pytest

from execution.page import parts
from import_closure import Tree, closure

MARK = b"\xef\xbb\xbf"
LATIN = "# coding: latin-1\nfrom .deep import deep\nname = 'é'\n"
#: How a module may be written that Python can read; each imports `deep`.
MODULES = {
    "plain": b"from .deep import deep\n",
    "mark": MARK + b"from .deep import deep\n",
    "latin-1": LATIN.encode("latin-1"),
    "windows": MARK + b"from .deep import deep\r\nx = 1\r\n",
    "form feed": b"\x0cfrom .deep import deep\n",
}


@pytest.fixture
def root(tmp_path):
    for name in ("attention/__init__.py", "attention/deep.py", "attention/other.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "attention/module.py").write_bytes(MODULES["plain"])
    (tmp_path / "table.csv").write_text("1")
    return tmp_path


def names(root, *cells):
    """What the outputs of these cells follow from, among the repository's files."""
    found = parts([(cell, []) for cell in cells], Tree(root))
    return {name for name in found if "/" in name or "." in name} - {"attention/__init__.py"}


@pytest.mark.parametrize("kind", MODULES)
def test_a_module_counts_however_it_is_written(root, kind):
    """A mark, a declared encoding, the line ends of Windows."""
    (root / "attention/module.py").write_bytes(MODULES[kind])
    assert names(root, "from attention import module") == {
        "attention/module.py",
        "attention/deep.py",
    }


BROKEN = {
    "no Python": b"from .deep import (",
    "other bytes": b"from .deep import deep\nx = '\xe9'\n",
    "zeros": b"from .deep import deep\n\0",
    "UTF-16": "from .deep import deep".encode("utf-16"),
    "no encoding": b"# coding: klingon\nfrom .deep import deep\n",
    "deep": b"x = " + b"-" * 100_000 + b"1\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_module_that_cannot_be_imported_counts_itself(root, kind):
    """Its repair has the page run again, which may show the error on purpose."""
    cell = "from attention.module import x"
    (root / "attention/module.py").write_bytes(BROKEN[kind])
    assert "attention/module.py" in names(root, cell)
    before = parts([(cell, ["raises-exception"])], Tree(root))
    (root / "attention/module.py").write_bytes(MODULES["plain"])
    assert parts([(cell, ["raises-exception"])], Tree(root)) != before


def test_a_package_whose_own_file_is_broken_counts_it(root):
    """It is looked through only where it can be: all that is imported from it fails."""
    (root / "attention/__init__.py").write_text("from .deep import (")
    found = parts([("from attention.other import x", [])], Tree(root))
    assert "attention/__init__.py" in found


#: A cell that Python cannot read and IPython can, and what it follows from.
CELLS = {
    "names = !ls\nfrom attention import module": "all",
    "%time from attention import module": "all",
    "%%time\nfrom attention import module": "all",
    "%run attention/module.py": "all",
    "!python -m attention.module": "all",
    "%%bash\npython -c 'import attention.module'": "all",
    "run attention/module.py": "all",  # a magic without its sign
    "get_ipython().run_line_magic('run', 'attention/module.py')": "all",
    "from attention import module\nmodule?": "module",
    "%matplotlib inline\nfrom attention import module": "module",
    "from attention import module\n%config InlineBackend.figure_format = 'svg'": "module",
    "  from attention import module\n  module": "module",  # indented alike
    "from attention import module\nawait module": "module",
    ">>> from attention import module": "module",
    "'100% ?'\nfrom attention import module  # why?": "module",
}
MODULE = {"attention/module.py", "attention/deep.py"}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_read_as_ipython_reads_it(root, cell):
    """What a command or a magic does cannot be told, so all of the repository's code counts."""
    more = {"attention/other.py"} if CELLS[cell] == "all" else set()
    assert names(root, cell) == MODULE | more


def test_files_that_a_command_names_count(root):
    """At least those that are written out."""
    assert "table.csv" in names(root, "!sort table.csv")
    assert "table.csv" in names(root, "%%bash\nsort < table.csv")
    assert "table.csv" not in names(root, "!sort")
    assert "table.csv" in names(root, f"%%html\n<img src='data:{'x' * 5000}'>\n<a href=table.csv>")


def test_a_cell_that_cannot_run_hides_nothing_of_the_others(root):
    """Names bound in one cell are used in another."""
    cells = ["import attention.deep", "1 +\n(", "attention.other"]
    assert {"attention/deep.py", "attention/other.py"} <= names(root, *cells)


def test_code_that_is_no_python_is_an_error_and_a_module_is_none(root):
    """Of the code itself the caller knows what it means."""
    with pytest.raises(SyntaxError):
        closure("from attention import", root)
    (root / "attention/module.py").write_text("(")
    assert [path.name for path in closure("from attention import module", root)] == ["module.py"]


def test_a_file_whose_name_is_not_utf8_counts_as_any_other(root):
    """Names are bytes."""
    (root / b"attention/caf\xe9.py".decode("utf-8", "surrogateescape")).write_text("")
    found = parts([("import attention", [])], Tree(root))
    assert any(name.startswith("attention/caf") for name in found)
