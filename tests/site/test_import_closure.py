"""Which files does a piece of Python depend on? `import_facts` reads, `import_closure` resolves."""

import pytest

from import_closure import Tree, closure, digest

FILES = {
    "attention/__init__.py": "from .scoring import score as score_of\nfrom .masks import *\n"
    "from .models import Bert\nVERSION = 1\n",
    "attention/scoring.py": "import torch\nfrom .softmax import softmax\ndef score(): ...\n",
    "attention/softmax.py": "def softmax(): ...\n",
    "attention/masks.py": "def causal(): ...\n",
    "attention/alone.py": "from importlib import resources\nNAMES = 'names.txt'\n",
    "attention/names.txt": "the cat",
    "attention/models/__init__.py": "from .bert import Bert\n",
    "attention/models/bert.py": "def Bert():\n    from ..masks import causal\n",
    "attention/models/gpt.py": "from attention.models import bert\nimport attention.alone\n",
    "book/_ext/figures/__init__.py": "from .show import show\n",
    "book/_ext/figures/show.py": "import matplotlib\n",
    "data.json": "{}",
}
BERT = {"models/bert", "masks"}
PACKAGE = {"__init__", "scoring", "softmax", "masks", "alone", "names.txt"}
WHOLE = PACKAGE | {"models/__init__", "models/bert", "models/gpt"}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from attention import score_of", {"scoring", "softmax"}),
        ("from attention import causal", {"masks"}),
        ("from attention import Bert", BERT),
        ("from attention import masks", {"masks"}),
        ("from attention.softmax import anything", {"softmax"}),
        ("import attention.softmax as s", {"softmax"}),
        ("import attention.softmax\nattention.causal()", {"softmax", "masks"}),
        ("def f():\n    from attention.models import Bert", BERT),
        ("from attention.models.bert import Bert", BERT),
        ("from attention.models import gpt", {"models/gpt", *BERT, "alone", "names.txt"}),
        ("import attention.alone", {"alone", "names.txt"}),
        ("import attention", WHOLE),
        ("from attention import *", WHOLE),
        ("from attention import VERSION", {"__init__", "scoring", "softmax", *BERT}),  # its own
        ("from attention import made_at_run_time", WHOLE),
        ("import_module('attention.alone')", {"alone", "names.txt"}),
        ("run([python, '-m', 'attention.softmax', 'attention.nothing'])", {"softmax"}),
        ("run_path('attention/scoring.py')", {"scoring"}),
        ("from attention.missing import x", WHOLE),
        ("import torch, attention_is_not_us", set()),
    ],
)
def test_code_depends_on_what_it_imports(root, code, expected):
    """A re-exported name costs its module; what cannot be told costs the package."""
    found = {path.relative_to(root / "attention").as_posix() for path in closure(code, root)}
    assert {name.removesuffix(".py") for name in found} == expected


def test_other_packages_and_data_files_count(root):
    """The figures live elsewhere; a file that is named counts."""
    found = closure("from figures import show\nopen('data.json')", root)
    assert [path.relative_to(root).as_posix() for path in found] == [
        "book/_ext/figures/show.py",
        "data.json",
    ]


def test_an_edit_is_seen(root):
    """What is remembered of a file is forgotten when it changes."""
    before = closure("from attention import causal", root)
    name_before = digest(before, "", root)
    (root / "attention/masks.py").write_text("from .alone import NAMES\ndef causal(): ...\n")
    after = closure("from attention import causal", root)
    assert {path.name for path in after} == {"masks.py", "alone.py", "names.txt"}
    assert digest(before, "", root) != name_before


def test_digest_depends_on_contents_names_and_extra_but_not_on_the_place(root, tmp_path_factory):
    """The same repository elsewhere has the same digest."""
    paths = sorted((root / "attention").glob("*.py"))
    assert digest(paths, "torch 2", root) == digest(paths[::-1], "torch 2", root)
    assert digest(paths, "torch 2", root) != digest(paths, "torch 3", root)
    other = tmp_path_factory.mktemp("other")
    for path in paths:
        (other / path.name).write_text(path.read_text())
    copies = [other / path.name for path in paths]
    assert digest(copies, "", other) == digest(paths, "", root / "attention")


def test_code_that_is_not_python_is_an_error(root):
    """The caller decides what that means."""
    with pytest.raises(SyntaxError):
        closure("from attention import", root)


def test_tree_of_now_knows_what_has_changed(root):
    """Where nothing changed it is the one of before; a new file or line of Python makes another."""
    tree = Tree.now(root)
    code = "from attention import score_of\nDATA = 'more.json'\n"
    before = closure(code, tree)
    (root / "page.md").write_text("text")
    (root / "attention" / ".#alone.py").symlink_to("nowhere")  # as Emacs marks an open file
    tree = Tree.now(root)
    assert closure(code, tree) == before
    (root / "attention" / "names.txt").write_text("other words")
    assert Tree.now(root) is tree
    (root / "more.json").write_text("{}")
    (root / "attention" / "softmax.py").write_text("from .alone import NAMES\ndef softmax(): ...\n")
    found = {path.name for path in closure(code, Tree.now(root))} - {path.name for path in before}
    assert found == {"more.json", "alone.py", "names.txt"}
