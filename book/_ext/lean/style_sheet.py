"""Many style sheets in one, without the rules that nothing on the site can meet."""

import re
from functools import lru_cache
from pathlib import Path
from posixpath import normpath

import tinycss2

_IMPORT = re.compile(r'@import\s+(?:url\()?["\']([^"\']+)["\']\)?;')
_URL = re.compile(r"""url\(\s*(["']?)(?!data:|#|https?:|/)([^)"']+)\1\s*\)""")
_NESTED = {"media", "supports", "layer", "container"}
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_TAG = re.compile(r"<[A-Za-z][^>]*>")


def joined(sheets: list[Path], root: Path) -> str:
    """Write style sheets one after the other, as one that stands in the folder `root`."""
    return "\n".join(_read(sheet, root) for sheet in sheets)


def _read(sheet: Path, root: Path) -> str:
    folder = sheet.parent.relative_to(root).as_posix()
    text = sheet.read_text("utf-8")
    text = _URL.sub(lambda found: f'url("{normpath(f"{folder}/{found[2]}")}")', text)
    return _IMPORT.sub(lambda found: _read(sheet.parent / found[1], root), text)


def words_of(files: list[Path]) -> frozenset[str]:
    """All names of elements, classes and ids that pages can have.

    From a page its tags are read. A script may make any class out of a string, so every word of a
    script counts.
    """
    words = set()
    for file in files:
        words |= _words(file, file.stat().st_mtime_ns)
    return frozenset(words)


@lru_cache(maxsize=1000)
def _words(file: Path, changed: int) -> frozenset[str]:
    text = file.read_text("utf-8")
    if file.suffix == ".html":
        text = " ".join(_TAG.findall(text))
    return frozenset(_WORD.findall(text))


@lru_cache(maxsize=1)
def names_in(css: str) -> frozenset[str]:
    """All words of a style sheet, among them each name that its selectors ask for."""
    return frozenset(_WORD.findall(css))


def purged(css: str, words: frozenset[str]) -> str:
    """Drop the rules whose selectors name an element, class or id that is not among the words."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(_kept(rules, words))


def _kept(rules, words):
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [part for part in _split(rule.prelude) if _can_match(part, words)]
            if selectors:
                prelude = ",".join(tinycss2.serialize(part).strip() for part in selectors)
                yield f"{prelude}{{{_squeezed(rule.content)}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword == "charset":
            continue
        elif rule.type == "at-rule" and rule.lower_at_keyword in _NESTED and rule.content:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if kept := "".join(_kept(inner, words)):
                prelude = tinycss2.serialize(rule.prelude).strip()
                yield f"@{rule.at_keyword} {prelude}{{\n{kept}}}\n"
        elif rule.type == "at-rule":
            yield rule.serialize() + "\n"


def _split(prelude):
    """Split a list of selectors at its commas."""
    part = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _can_match(selector, words) -> bool:
    """Whether every element, class and id that a selector names is among the words.

    What stands in brackets, as in :not(…) or [data-theme], is not asked.
    """
    before = ""
    for token in selector:
        if token.type == "hash" and token.value not in words:
            return False
        if token.type == "ident" and before != ":" and token.value not in words:
            return False
        before = token.value if token.type == "literal" else ""
    return True


def _squeezed(content) -> str:
    """Serialize declarations with one space for each run of them."""
    kept = [token for token in content if token.type != "comment"]
    return re.sub(r"\s+", " ", tinycss2.serialize(kept)).strip()
