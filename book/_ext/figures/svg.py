"""Rewrites matplotlib's SVG so that it can stand inside a page: small, themed, without clashes."""

import io
import re
from xml.etree import ElementTree

import matplotlib

from figures.formula_text import let_formulas_flow
from figures.path_data import compact
from figures.style import CURRENT, IN_THE_PAGE, MUTED, RC, SOFT, SOFT_OPACITY

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
REFERENCE = re.compile(r"(?:url\()?#([\w.-]+)\)?")
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


def page_svg(fig):
    """Return the figure as an `svg` element with short paths, CSS colours and no spare ids."""
    out = io.StringIO()
    settings = {key: RC[key] for key in ("svg.fonttype", "svg.hashsalt")}
    with matplotlib.rc_context(settings):
        fig.savefig(
            out,
            format="svg",
            bbox_inches="tight",
            pad_inches=0.06,
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    svg = ElementTree.fromstring(out.getvalue())
    for parent in list(svg.iter()):
        for child in list(parent):
            # The style sheet speaks of `*`: inside a page it would reach every icon there.
            if child.tag == f"{SVG}style" or "metadata" in child.tag or _is_invisible(child):
                parent.remove(child)
    for element in svg.iter():
        _simplify(element)
    let_formulas_flow(svg)
    _drop_unused_ids(svg)
    _unwrap(svg)
    svg.attrib = {
        "viewBox": svg.get("viewBox"),
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
        "fill": CURRENT,
    }
    return svg


def prefix_ids(svg, prefix):
    """Put `prefix` before every id and every reference to one."""
    for element in svg.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, prefix + value)
            elif name in ("href", "clip-path", "style"):
                element.set(name, re.sub(r"(^#|url\(#)", rf"\1{prefix}", value))


def _is_invisible(element):
    return element.tag == f"{SVG}path" and element.get("style", "").strip(" ;") == "fill: none"


def _simplify(element):
    """Drop namespaces, round numbers, shorten paths, exchange colours."""
    element.tag = element.tag.removeprefix(SVG)
    if HREF in element.attrib:
        element.set("href", element.attrib.pop(HREF))
    for name, value in list(element.attrib.items()):
        if name == "d":
            value = compact(value)
        elif name == "style":
            value = _restyle(value, is_text=element.tag in ("text", "tspan"))
        elif name in ("x", "y", "transform", "width", "height"):
            value = LONG_NUMBER.sub(lambda found: f"{float(found[0]):.2f}", value)
            value = value.replace("rotate(-0 ", "rotate(0 ")
        element.set(name, value)
    if element.tag == "text" and element.get("transform", "").startswith("rotate(0 "):
        del element.attrib["transform"]
    if element.text and not element.text.strip() and element.tag not in ("text", "tspan"):
        element.text = None
    element.tail = None


def _restyle(style, is_text):
    """Exchange the colours in a `style` attribute, and leave the font's family to the page."""
    rules = dict(rule.split(": ", 1) for rule in style.strip(" ;").split("; ") if ": " in rule)
    for name in ("fill", "stroke"):
        colour = rules.get(name)
        if colour == SOFT and is_text:
            colour = MUTED
        elif colour == SOFT:
            rules.setdefault(f"{name}-opacity", SOFT_OPACITY)
        if colour:
            rules[name] = IN_THE_PAGE.get(colour, colour)
    if is_text and rules.get("fill") == CURRENT:
        del rules["fill"]  # the whole picture's
    if (family := rules.pop("font-family", "")) and "Mono" in family:
        rules["font-family"] = "var(--pst-font-family-monospace,monospace)"
    return ";".join(f"{name}:{value}" for name, value in rules.items())


def _drop_unused_ids(svg):
    used = set()
    for element in svg.iter():
        for name, value in element.attrib.items():
            if name in ("href", "clip-path", "style"):
                used.update(REFERENCE.findall(value))
    for element in svg.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)


def _unwrap(parent):
    """Put the children of groups that say nothing in their group's place."""
    children = []
    for child in parent:
        _unwrap(child)
        if child.tag in ("g", "defs") and len(child) == 0:
            continue
        children += list(child) if child.tag == "g" and not child.attrib else [child]
    parent[:] = children
