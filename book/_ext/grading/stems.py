"""The chapters that have exercises, in the book's order."""

from grading.paths import CHECKS, ROOT


def chapter_order():
    """The stems, sorted by their place in the table of contents."""
    contents = (ROOT / "book" / "index.md").read_text(encoding="utf-8")
    position = {line.strip(): i for i, line in enumerate(contents.splitlines())}
    stems = [path.stem.removeprefix("test_") for path in CHECKS.glob("test_*.py")]
    stems = [stem for stem in stems if stem != "exam"]
    return sorted(stems, key=lambda stem: (position.get(stem, len(position)), stem))
