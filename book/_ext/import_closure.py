"""Which of the repository's files does a piece of Python depend on?

`execution` asks for a page's cells and `claims` for a test file: what they have computed is
still true as long as none of these files has changed.

A package's `__init__` is looked *through*, not at: readers write `from attention import x`, and
if that cost the whole package, an edit of one module would run every page again. So the name is
followed to the module that defines it. Only where that cannot be told from the source
(`import attention`, `import *`, a name that is made at run time) does the whole package count.

A data file counts too when a module names it by a string that is a path relative to the
module's own folder (code without a file: relative to the root); likewise a module whose dotted name
is a string. A module that is not Python, or cannot be read, depends on nothing else: importing it
fails, and its repair is an edit.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import wraps
from pathlib import Path

from import_facts import Facts, Import, facts_of, read
from sources import content

#: The packages that are followed, and where each lives in the repository.
PACKAGES = {
    "attention": "attention",
    "figures": "book/_ext/figures",
    "grading": "book/_ext/grading",
    "measuring": "book/_ext/measuring",
    "tests": "tests",
}


def closure(code: str, tree: "Tree | Path", anything: bool = False) -> list[Path]:
    """The files that `code` depends on by import, at any depth, sorted.

    Args:
        code: Python.
        tree: the repository, or its root. Who asks for many closures takes one `Tree` for all.
        anything: it may also run what cannot be told from it, so every module counts.

    Raises:
        SyntaxError: if `code` is not Python.
    """
    return (tree if isinstance(tree, Tree) else Tree(tree)).closure(code, anything)


def defining_file(package: str, name: str, root: Path) -> Path:
    """The file that defines a name which a package offers.

    Raises:
        ValueError: if no module of the package defines it.
    """
    tree = Tree(root)
    module = tree.definer(package, name)
    if module is None:
        raise ValueError(f"the package {package} offers nothing called {name}")
    return tree.file(module)


def digest(paths: Iterable[Path], extra: str = "", root: Path = Path("/")) -> str:
    """One sha256 over the files' contents and names below `root`, in any order, and `extra`."""
    lines = sorted(f"{path.relative_to(root).as_posix()} {file_digest(path)}" for path in paths)
    text = "\n".join([extra, *lines])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def file_digest(path: Path) -> str:
    """The sha256 of a file's contents; read again only when its time or size has changed."""
    return _cached(path, _digests, lambda: _digest_now(path))


def _digest_now(path: Path) -> str:
    try:
        return hashlib.sha256(content(path)).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"


_digests: dict = {}
_known_facts: dict = {}


def _cached(path, cache, compute):
    stat = path.stat()
    stamp = (stat.st_mtime_ns, stat.st_size)
    if cache.get(path, (None,))[0] != stamp:
        cache[path] = (stamp, compute())
    return cache[path][1]


def _facts(path: Path) -> Facts:
    return _cached(path, _known_facts, lambda: facts_of(path))


def _once(method):
    """Answer the same question of a `Tree` only once."""

    @wraps(method)
    def asked(self, *question):
        key = (method.__name__, *question)
        if key not in self._known:
            self._known[key] = method(self, *question)
        return self._known[key]

    return asked


_trees: dict = {}  # root -> what its answers follow from, and the tree


def _state(root: Path) -> dict[str, tuple | None]:
    """Which files there are, and when those in Python were written, and how large they are."""
    found = dict.fromkeys(os.listdir(root))
    for folder in {name.partition("/")[0] for name in PACKAGES.values()}:
        for parent, folders, names in os.walk(root / folder):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                path = os.path.join(parent, name)
                found[path] = None
                if name.endswith(".py"):
                    with suppress(FileNotFoundError):  # it has just gone, or links to nothing
                        stat = os.stat(path)
                        found[path] = stat.st_mtime_ns, stat.st_size
    return found


class Tree:
    """The modules of the repository, by dotted name, as they are while this object is in use."""

    def __init__(self, root: Path):
        self.root = Path(root).resolve()
        self._known = {}

    @staticmethod
    def now(root: Path) -> "Tree":
        """The same object as before, with what it knows, unless a file came, went, or is Python
        and changed: a text edit costs no new answers."""
        root = Path(root).resolve()
        state = _state(root)
        if _trees.get(root, (None,))[0] != state:
            _trees[root] = state, Tree(root)
        return _trees[root][1]

    @_once
    def closure(self, code: str, anything: bool = False) -> list[Path]:
        facts = read(code)
        files, seen = self.data_files(facts, self.root), set()
        todo = self.targets(facts, module=None) | (self.all_modules() if anything else set())
        todo |= {path for path in files if path.suffix == ".py"}  # a program that it may run
        while todo:
            module = todo.pop()
            if module not in seen:
                seen.add(module)
                found, further = self.needs(module)
                files |= found
                todo |= further
        return sorted(files)

    def all_modules(self) -> set[str]:
        packages = filter(self.is_package, PACKAGES)
        return {module for package in packages for module in self.whole(package)}

    def _base(self, module: str) -> Path | None:
        head, *rest = module.split(".")
        return self.root.joinpath(PACKAGES[head], *rest) if head in PACKAGES else None

    @_once
    def needs(self, module: str | Path) -> tuple[set[Path], set[str]]:
        """What a module, or a program, depends on directly: files, itself among them, and modules.

        Of the packages above it only a broken one counts: nothing can be imported from it.
        """
        if isinstance(module, Path):
            return {module}, self.targets(_facts(module), None)
        above = [module[:i] for i, letter in enumerate(module) if letter == "."]
        files = {path for path in map(self.file, above) if path and _facts(path).broken}
        if path := self.file(module):
            facts = _facts(path)
            return {path, *files, *self.data_files(facts, path.parent)}, self.targets(facts, module)
        return files, set()

    @_once
    def is_package(self, module: str) -> bool:
        return (base := self._base(module)) is not None and base.is_dir()

    @_once
    def file(self, module: str) -> Path | None:
        """The file of a module; of a package, its `__init__`; None if there is none."""
        if (base := self._base(module)) is None:
            return None
        path = base / "__init__.py" if base.is_dir() else base.with_name(base.name + ".py")
        return path if path.is_file() else None

    def exists(self, module: str) -> bool:
        return self.is_package(module) or self.file(module) is not None

    def whole(self, module: str) -> set[str]:
        """A package and all that is under it; for a missing module, of the nearest package."""
        while not self.is_package(module):
            module = module.rpartition(".")[0]
        base = self._base(module)
        parts = (path.relative_to(base).with_suffix("").parts for path in base.rglob("*.py"))
        return {".".join((module, *part)).removesuffix(".__init__") for part in parts}

    def targets(self, facts: Facts, module: str | None) -> set[str]:
        """The modules that a source depends on directly."""
        named = {Import(0, name) for name in facts.module_names if self.exists(name)}
        return {found for item in facts.imports | named for found in self._resolve(item, module)}

    def data_files(self, facts: Facts, folder: Path) -> set[Path]:
        paths = {(folder / name).resolve() for name in facts.file_names}
        return {path for path in paths if path.is_relative_to(self.root) and path.is_file()}

    def _absolute(self, item: Import, module: str | None) -> str | None:
        """The dotted name that an import in `module` starts from; None if it is not ours."""
        name = item.module
        if item.level:
            if module is None:
                return None
            parts = module.split(".")
            parts = parts[: len(parts) + self.is_package(module) - item.level]
            name = ".".join([*parts, *filter(None, [name])])
        return name if self.is_package(name.partition(".")[0]) else None

    def _resolve(self, item: Import, module: str | None) -> set[str]:
        if (base := self._absolute(item, module)) is None:
            return set()
        if not self.is_package(base):
            return {base} if self.file(base) else self.whole(base)
        if item.name is None or item.name == "*":
            # a package's `__init__` that imports all of itself by a star does not recurse here:
            # `closure` asks each module once
            return self.whole(base)
        found = self._definer(base, item.name, frozenset())
        if found is None:
            return self.whole(base)
        return self.whole(found) if found != base and self.is_package(found) else {found}

    def definer(self, module: str, name: str) -> str | None:
        """The module that defines a name which another offers; None if that is unclear."""
        return self._definer(module, name, frozenset()) if self.is_package(module) else module

    @_once
    def _definer(self, package: str, name: str, asked: frozenset) -> str | None:
        """The module that defines a name which `package` offers; None if that is unclear."""
        if (package, name) in asked:
            return None
        asked |= {(package, name)}
        facts = _facts(path) if (path := self.file(package)) else Facts()
        if name in facts.defined:
            return package
        if origin := facts.bound.get(name):
            base = self._absolute(origin, package)
            if base is None:
                return package  # it comes from another library: the `__init__` is all we have
            if not self.is_package(base):
                return base if self.file(base) else None
            return self._definer(base, origin.name, asked)
        if self.exists(f"{package}.{name}"):
            return f"{package}.{name}"
        for star in facts.stars:
            base = self._absolute(star, package)
            if base and self.is_package(base):
                if found := self._definer(base, name, asked):
                    return found
            elif base and (path := self.file(base)):
                offered = _facts(path)
                if name in offered.defined or name in offered.bound:
                    return base
        return None
