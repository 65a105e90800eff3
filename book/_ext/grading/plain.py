"""Text from a submission, made safe to show. Whoever puts it into HTML still escapes it."""

import re

LONGEST = 1200  # characters of a message


def plain(text, longest=LONGEST):
    """The text without control characters and ANSI escapes, cut where nobody reads on."""
    text = str(text)[: 20 * longest]  # cleaning megabytes would take the check's whole time
    text = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", text)  # ANSI escapes
    text = "".join(c for c in text if c in "\n\t" or c.isprintable()).strip()
    text = re.sub(r"\n\s*\n", "\n\n", text)  # a column of empty lines pushes the hint off the card
    return text if len(text) <= longest else text[:longest].rstrip() + " … (cut)"


def kind(thing):
    """What sort of thing it is, in words: "a list", "None"."""
    name = type(thing).__name__
    return "None" if thing is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
