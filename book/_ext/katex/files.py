"""KaTeX's script, style sheet and fonts, from the package that carries them."""

import re
from pathlib import Path
from runpy import run_path

# By its path: `import attention` takes seconds, for torch, which a build need not import.
_module = run_path(str(Path(__file__).resolve().parents[3] / "attention" / "data" / "packaged.py"))
packaged, version_of = _module["packaged"], _module["version_of"]

PACKAGE = "djangocms-katex"
FOLDER = "djangocms_katex/static/djangocms_katex/vendor/katex"
#: What every browser since 2016 passes over.
OLD_FONTS = re.compile(r',url\(fonts/[\w-]+\.(?:woff|ttf)\) format\("[a-z]+"\)')
FONT = re.compile(r"url\((fonts/[^)]+)\)")


def find(name: str) -> Path:
    return packaged(PACKAGE, f"{FOLDER}/{name}")


def release() -> str:
    """What pages have to be written again for, when it changes."""
    return f"{PACKAGE} {version_of(PACKAGE)}"


def copy(folder: Path) -> None:
    """Write what a page needs of KaTeX: the style sheet, its fonts and the licence."""
    style = OLD_FONTS.sub("", find("katex.min.css").read_text("utf-8"))
    wanted = {name: find(name).read_bytes() for name in ("LICENSE", *FONT.findall(style))}
    wanted["katex.min.css"] = style.encode()
    for name, content in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
