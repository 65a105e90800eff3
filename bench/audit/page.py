"""What a browser finds on one page: its weight, whom it asks, and what is wrong with it."""

import gzip
import re
from itertools import product
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

WIDTHS, NARROWEST, THEMES = (390, 1280), 320, ("light", "dark")
KINDS = {"document": "text", "stylesheet": "style", "script": "scripts", "font": "fonts"}
COMPRESSED = ("font", "image/png", "image/jpeg")  # these come compressed already
FIGURE = re.compile(rb"<svg\b.*?</svg>", re.S)
GENERATED = r"[0-9a-f]{16}|\.(png|svg|jpe?g)$|^(image|figure|plot)?\s*\d*$"

UNDESCRIBED = """generated => [...document.querySelectorAll("img, svg[role=img]")].filter(node => {
  const text = node.getAttribute(node.localName === "img" ? "alt" : "aria-label");
  return text === null || (text !== "" && new RegExp(generated, "i").test(text));
}).map(node => node.outerHTML.slice(0, 120))"""
BARRIERS = "axe.run().then(run => run.violations.map(v => [v.id, v.nodes[0].target.join(' ')]))"
OVERFLOWS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


opened = {}  # this process's browser


def open_browser(chromium: str) -> None:
    """Start the browser of this process, which ends with it."""
    flags = ["--no-sandbox", "--disable-gpu"]
    playwright = sync_playwright().start()
    opened["browser"] = playwright.chromium.launch(executable_path=chromium, args=flags)


def examine(address: str, axe: str) -> dict:
    """Open a page at every width and in both themes.

    Args:
        address: of the page.
        axe: the source of axe-core, which looks for barriers.

    Returns:
        {"weight": bytes by kind, compressed, "hosts": other hosts asked, "barriers": {what axe
        found: the views in which it did}, "overflows", "errors", "undescribed": lists of words}.
    """
    found = {"hosts": [], "barriers": {}, "overflows": [], "errors": [], "undescribed": []}
    here = urlsplit(address).netloc
    for width, theme in product((NARROWEST, *WIDTHS), THEMES):
        context = opened["browser"].new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, reduced_motion="reduce"
        )
        page = context.new_page()
        page.on("pageerror", lambda error: found["errors"].append(str(error)))
        page.on("console", lambda m: found["errors"].append(m.text) if m.type == "error" else None)
        if "weight" not in found:
            answers = load_all(page, address)
            found["weight"] = weigh(answers, address)
            found["hosts"] = sorted({urlsplit(a.url).netloc for a in answers} - {here, ""})
            found["undescribed"] = page.evaluate(UNDESCRIBED, GENERATED)
        else:
            page.goto(address)
        if page.evaluate(OVERFLOWS):
            found["overflows"].append(f"{width} px")
        if width != NARROWEST:
            page.evaluate(axe)
            for name, node in page.evaluate(BARRIERS):
                where = found["barriers"].setdefault(f"{name} at {node}", [])
                where.append(f"{width} px, {theme}")
        context.close()
    found["errors"] = sorted(set(found["errors"]))
    return found


def load_all(page, address):
    """Open a page and go to its end, so that what is loaded late is loaded too."""
    answers = []
    page.on("response", lambda answer: answers.append(answer))  # Playwright marks the function
    page.goto(address)
    page.mouse.wheel(0, 10**6)
    page.wait_for_load_state("networkidle")
    return answers


def weigh(answers, address) -> dict[str, int]:
    """Add up what was loaded, compressed, by kind; the figures in the text apart."""
    weight = dict.fromkeys(("text", "style", "scripts", "fonts", "other", "figures"), 0)
    for answer in answers:
        if urlsplit(answer.url).scheme == "data" or not answer.ok:
            continue
        body = answer.body()
        kind = KINDS.get(answer.request.resource_type, "other")
        size = packed(body, answer.headers.get("content-type", ""))
        if answer.url == address:
            bare = packed(FIGURE.sub(b"", body))
            weight["figures"], size = size - bare, bare
        weight[kind] += size
    return weight


def packed(body: bytes, kind: str = "") -> int:
    """The bytes that travel."""
    return len(body) if kind.startswith(COMPRESSED) else len(gzip.compress(body, 6))
