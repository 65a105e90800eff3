"""A module as an ordinary script: from disk a browser loads scripts, but no modules.

The book's scripts are written as ES modules, which import one another by name. Each becomes a
function that is called once; what it exports is kept for those that follow in the page.
"""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:function|const|class) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def in_order(names: list[str], folder: Path) -> list[str]:
    """The modules, given as "interactive/masks", each once and after those that it imports."""
    found = {}
    for name in names:
        path = folder / f"{name}.js"
        beside = [match[2] for match in _IMPORT.finditer(path.read_text("utf-8"))]
        imported = [(path.parent / stem).relative_to(folder).as_posix() for stem in beside]
        found |= dict.fromkeys([*in_order(imported, folder), name])
    return list(found)


def as_script(name: str, module: str) -> str:
    """Write a module's source as a script.

    Args:
        name: under which others import it, such as "panel".

    Raises:
        ValueError: it imports or exports in a way that is not known here.
    """
    exported = ", ".join(_EXPORT.findall(module))
    body = _EXPORT.sub("", _IMPORT.sub(r"const {\1} = book.\2;", module))
    if other := _OTHER.search(body):
        raise ValueError(
            f"{name}.js: {other[0]!r} cannot be read from disk; write "
            'import { name } from "./file.js"; or export before function, const or class'
        )
    return f"""(globalThis.book ??= {{}}).{name} = (() => {{
"use strict";
{body}
return {{ {exported} }};
}})();
"""
