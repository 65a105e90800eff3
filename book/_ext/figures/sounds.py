"""`sounds`: short recordings to play in the page, each with a name for who cannot see it."""

import base64
from html import escape

from figures.show import Picture

MOST_BYTES = 40_000  # of one recording: it travels inside the page


def sounds(recordings, caption=None):
    """Return players that a notebook displays; none starts by itself.

    Args:
        recordings: {what is to be heard: bytes of a WAV file, or the address of one that the site
            carries}. The words stand beside the player and are its name for a screen reader.
        caption: what to listen for; plain text, printed below.

    Returns:
        An object that a notebook displays: HTML, or the names where there is no HTML.

    Raises:
        ValueError: a name is empty, or a recording is no WAV file or too large for a page.
    """
    rows = []
    for name, wav in recordings.items():
        if not name.strip():
            raise ValueError("each recording needs a name that says what is to be heard")
        # what the page does not carry itself is fetched when it is to be played
        preload = "none" if isinstance(wav, str) else "metadata"
        rows.append(
            f"<div><span>{escape(name)}</span>"
            f'<audio controls preload="{preload}" aria-label="{escape(name)}" '
            f'src="{_source(name, wav)}"></audio></div>'
        )
    words = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    html = f'<figure class="fig sounds">{"".join(rows)}{words}</figure>'
    return Picture(html, "To be played: " + "; ".join(recordings))


def _source(name, wav):
    """What the player is to play: the recording itself, or where it is."""
    if isinstance(wav, str):
        return escape(wav)
    if wav[:4] != b"RIFF" or len(wav) > MOST_BYTES:
        raise ValueError(
            f"a recording must be a WAV file of at most {MOST_BYTES} bytes; "
            f"{name!r} has {len(wav)} bytes and begins with {wav[:4]!r}. Put a larger one among "
            "html_static_path in conf.py, and name its address"
        )
    return "data:audio/wav;base64," + base64.b64encode(wav).decode()
