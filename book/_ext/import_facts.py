"""What the text of one file of Python says about others, before any of it is resolved."""

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sources import read_source

_FILE_NAME = re.compile(r"[\w./-]{1,100}\.\w{1,8}")
_MODULE_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")  # for import_module, or python -m
_BLOCKS = (ast.If, ast.Try, ast.With)
#: What is raised for a text that is no Python, or too much for its reader.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Import:
    """`from <level dots><module> import <name>`; `import <module>` has no name."""

    level: int
    module: str
    name: str | None = None


@dataclass
class Facts:
    imports: set[Import] = field(default_factory=set)
    bound: dict[str, Import] = field(default_factory=dict)  # top level: name -> where it is from
    stars: list[Import] = field(default_factory=list)  # top level: from x import *
    defined: set[str] = field(default_factory=set)  # top level: def, class, name =
    file_names: set[str] = field(default_factory=set)  # strings that look like a file's name
    module_names: set[str] = field(default_factory=set)  # strings that look like a module's name
    broken: bool = False  # nothing of it can run, so it depends on nothing else


def facts_of(path: Path) -> Facts:
    """Of a file that cannot be read, or is not Python: only that importing it fails."""
    try:
        return read(read_source(path), path)
    except (OSError, *NOT_PYTHON):
        return Facts(broken=True)


@lru_cache(maxsize=1000)
def read(code: str, path: Path | str = "<code>") -> Facts:
    """Raises one of NOT_PYTHON where that is so."""
    tree, facts = ast.parse(code, str(path)), Facts()
    chains = set()  # `import a.b` binds a, through which a.anything can then be reached
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            facts.imports |= {Import(0, alias.name) for alias in node.names}
            chains |= {
                alias.name.partition(".")[0]
                for alias in node.names
                if "." in alias.name and not alias.asname
            }
        elif isinstance(node, ast.ImportFrom):
            facts.imports |= {
                Import(node.level, node.module or "", alias.name) for alias in node.names
            }
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            facts.file_names |= {node.value} if _FILE_NAME.fullmatch(node.value) else set()
            facts.module_names |= {node.value} if _MODULE_NAME.fullmatch(node.value) else set()
    for node in ast.walk(tree) if chains else ():
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in chains:
                facts.imports.add(Import(0, name, attribute))
    _read_top_level(tree.body, facts)
    return facts


def _read_top_level(body, facts: Facts) -> None:
    for node in body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origin = Import(node.level, node.module or "", alias.name)
                if alias.name == "*":
                    facts.stars.append(origin)
                else:
                    facts.bound[alias.asname or alias.name] = origin
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            facts.defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (name for target in targets for name in ast.walk(target))
            facts.defined |= {name.id for name in names if isinstance(name, ast.Name)}
        elif isinstance(node, _BLOCKS):
            for part in ("body", "orelse", "finalbody"):
                _read_top_level(getattr(node, part, ()), facts)
            for handler in getattr(node, "handlers", ()):
                _read_top_level(handler.body, facts)
