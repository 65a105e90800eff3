"""What a page's cells depend on, read as IPython reads them."""

import ast
import re
from pathlib import Path

from import_closure import Tree, closure
from import_facts import NOT_PYTHON, Facts

#: Magics that run nothing but what the cell imports besides.
_HARMLESS = {"config", "matplotlib", "pinfo", "pinfo2"}
_WORD = re.compile(r"[^\s'\"<>|;&()=\0]{1,200}")


def files_of(cells: list[str], tree: Tree) -> set[Path]:
    """The repository's files that the cells depend on.

    Of a command, or a magic that runs something, it cannot be told what that does: then all of the
    repository's code counts, and the files that stand among its words.
    """
    codes, anything, words = [], False, set()
    for cell in cells:
        code, runs_more = _python(cell)
        codes.append(code)
        if runs_more:
            anything = True
            words |= set(_WORD.findall(cell))
    files = tree.data_files(Facts(file_names=words), tree.root) if words else set()
    return files | set(closure("\n\n".join(codes), tree, anything))


def _python(cell: str) -> tuple[str, bool]:
    """A cell as Python, and whether it may run more than one can see in that."""
    try:
        return cell, _runs_more(ast.parse(cell))
    except NOT_PYTHON:
        pass
    from IPython.core.inputtransformer2 import TransformerManager  # few pages need it

    try:
        code = TransformerManager().transform_cell(cell)
        return code, _runs_more(ast.parse(code))
    except NOT_PYTHON:  # it fails, or is a magic without its sign, which IPython finds out later
        return "", True


def _runs_more(code: ast.AST) -> bool:
    names = sum(isinstance(node, ast.Name) and node.id == "get_ipython" for node in ast.walk(code))
    return names > sum(map(_is_harmless, ast.walk(code)))


def _is_harmless(node: ast.AST) -> bool:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython"))),
            args=[ast.Constant(value=str(magic)), *_],
        ):
            return magic in _HARMLESS
    return False
