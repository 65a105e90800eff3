"""What stands on the page of the package, as MyST: a section a room, an entry a name."""

import ast
import re
from pathlib import Path

from import_closure import Tree
from rooms import rooms

IMPORT = re.compile(r"^from (attention[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)


def used_by(root: Path, texts: dict[str, str]) -> dict[tuple[str, str], list[str]]:
    """Which pages import a name: (module that defines it, name) -> docnames."""
    found, tree = {}, Tree.now(root)
    for docname, text in texts.items():
        for package, names in IMPORT.findall(text):
            for name in re.findall(r"\w+", names.partition("#")[0]):
                pages = found.setdefault((tree.definer(package, name), name), [])
                pages.extend({docname} - set(pages))
    return found


def written(root: Path, used) -> str:
    """The sections, as MyST."""
    package = ast.parse((root / "attention" / "__init__.py").read_text("utf-8"))
    exported = {
        (f"{node.module}", alias.name)
        for node in package.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    sections = []
    for room in rooms(root):
        entries = []
        for module in room.modules:
            path = root.joinpath(*module.split(".")).with_suffix(".py")
            named = [node for node in ast.parse(path.read_text("utf-8")).body if _is_named(node)]
            classes = {node.name: node for node in named}
            entries += [
                _entry(module, node, classes, (module, node.name) in exported)
                for node in named
                if (module, node.name) in exported | used.keys() or "Args:" in ast.unparse(node)
            ]
        if entries:
            page = f"/{room.name.rpartition('.')[2]}.md"
            taught = f"Taught in []({page})." if (root / "book" / page[1:]).is_file() else ""
            heading = f"## `{room.name}`\n\n{room.summary} {taught}\n\n```{{eval-rst}}\n"
            sections.append(heading + "\n".join(entries) + "```\n")
    return "\n".join(sections)


def _is_named(node) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")


def _entry(module: str, node, beside: dict, exported: bool) -> str:
    path = f"attention.{node.name}" if exported else f"{module}.{node.name}"
    kind, members = "autofunction", ""
    if isinstance(node, ast.ClassDef):
        kind, methods = "autoclass", _methods(node, beside)
        members = f"   :members: {', '.join(methods)}\n" if methods else ""
    return f".. {kind}:: {path}\n{members}\n   .. standing:: {module} {node.name}\n"


def _methods(node: ast.ClassDef, beside: dict) -> list[str]:
    """The methods that say what they do, also those of a parent in the same file."""
    parents = [beside[base.id] for base in node.bases if getattr(base, "id", None) in beside]
    inherited = [name for parent in parents for name in _methods(parent, beside)]
    own = [item.name for item in node.body if _is_named(item) and ast.get_docstring(item)]
    return list(dict.fromkeys([*inherited, *own]))
