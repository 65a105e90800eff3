"""A table of what the audit has found on each page: book/audit.json, which `make audit` writes."""

from figures.measured import KEEP, recorded

SCHEMA = 1
#: What must not be found on any page, and the heading of its column.
NONE_OF = {
    "hosts": "other hosts",
    "barriers": "barriers",
    "overflows": "too wide",
    "errors": "errors",
    "undescribed": "undescribed",
}
FORMS = ("mobile", "desktop")


class Audited:
    """What was found on the pages, or nothing.

    Args:
        path: the file that the audit has written.

    Raises:
        ValueError: the file is of another schema than this one reads.
    """

    def __init__(self, path):
        record = recorded(path, SCHEMA)
        self.pages = record.get("pages", {})
        self.date, self.versions = record.get("date"), record.get("versions", {})

    def conditions(self):
        """When, and with which tools, in a sentence."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return f"Audited on {self.date}, with {versions}." if self.pages else ""

    def verdict(self):
        """The worst that any page shows, in a sentence."""
        if not self.pages:
            return "*Not audited yet: there is no book/audit.json.*"
        heaviest = max(self.pages, key=lambda page: _kilobytes(self.pages[page]))
        found = sum(len(page[kind]) for page in self.pages.values() for kind in NONE_OF)
        slowest = {
            form: min(page[form]["scores"]["performance"] for page in self.pages.values())
            for form in FORMS
        }
        return (
            f"{len(self.pages)} pages. The heaviest, `{heaviest}`, weighs "
            f"{_kilobytes(self.pages[heaviest]):.0f}{KEEP}KB without its figures. The lowest mark "
            f"for performance is {slowest['mobile']} on a phone and {slowest['desktop']} on a "
            f"desktop. Hosts, barriers, overflows, errors and pictures without words: "
            f"{found or 'none'}."
        )

    def table(self):
        """A row for each page, in Markdown."""
        headings = ("page", "KB", "figures, KB", *NONE_OF.values(), *FORMS)
        lines = [f"| {' | '.join(headings)} |", "|---" + "|---:" * (len(headings) - 1) + "|"]
        for name, page in self.pages.items():
            figures = f"{page['weight']['figures'] / 1000:.0f}"
            counts = [str(len(page[kind])) for kind in NONE_OF]
            marks = [KEEP.join(map(str, page[form]["scores"].values())) for form in FORMS]
            cells = f"`{name}`", f"{_kilobytes(page):.0f}", figures, *counts, *marks
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines) if self.pages else ""


def _kilobytes(page):
    """What travels, without the figures in the text."""
    return (sum(page["weight"].values()) - page["weight"]["figures"]) / 1000
