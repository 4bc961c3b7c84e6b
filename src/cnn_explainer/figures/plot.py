"""Plots by matplotlib, as SVG that fits any page: no background, text in the page's colour."""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure as Plot

from .svg import Panel

SENTINEL = "#010203"
"""Matplotlib knows no `currentColor`: this is drawn, and replaced in the SVG."""

STYLE = {
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), SENTINEL
    ),
    **{"figure.facecolor": "none", "axes.facecolor": "none", "legend.frameon": False},
    **{"axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"},
    **{"axes.grid": True, "grid.color": SENTINEL, "grid.alpha": 0.15, "axes.axisbelow": True},
    **{"font.size": 11, "axes.titlesize": 12, "axes.titleweight": "bold", "axes.labelsize": 11},
    **{"xtick.labelsize": 10, "ytick.labelsize": 10, "legend.fontsize": 11},
    **{"svg.fonttype": "none", "svg.hashsalt": "cnn-explainer", "lines.linewidth": 1.8},
}


class Canvas:
    """A matplotlib figure while it is drawn, and its panel afterwards."""

    plot: Plot
    panel: Panel


@contextmanager
def canvas(width: float, height: float) -> Iterator[Canvas]:
    """Draw on `.plot` inside the block; `.panel` is there after it. Sizes in CSS pixels."""
    made = Canvas()
    with matplotlib.rc_context(STYLE):
        made.plot = Plot(figsize=(width / 72, height / 72), layout="constrained")
        yield made
        file = io.StringIO()
        made.plot.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    made.panel = Panel(width, height, _body(file.getvalue()))


def _body(svg: str) -> str:
    """What is inside the `<svg>`, without what belongs to a file of its own."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.partition("}")[2]
        for name in list(element.attrib):
            value = element.attrib.pop(name).replace(SENTINEL, "currentColor")
            if value.startswith("rotate(-0 "):
                continue
            element.set(name.partition("}")[2] or name, _short(name, value))
        if element.tag != "text" and not (element.text or "").strip():
            element.text = None
        element.tail = None
    parts = [ElementTree.tostring(part, encoding="unicode") for part in _lean(root)]
    return _name_apart("".join(parts))


def _lean(parent: ElementTree.Element) -> list[ElementTree.Element]:
    """What draws something: no empty background, and no group that only groups."""
    kept = []
    for child in parent:
        child[:] = _lean(child)
        unseen = child.tag == "path" and child.get("style") == "fill:none"
        # A style sheet inside an inline SVG would hold for the whole page.
        if unseen or child.tag in ("metadata", "style") or (child.tag == "defs" and not len(child)):
            continue
        if child.tag == "g" and not set(child.attrib) - {"id"}:
            kept += child
        else:
            kept.append(child)
    return kept


def _short(name: str, value: str) -> str:
    """A tenth of a pixel is exact enough, and the page has its own font."""
    if name == "style":
        return re.sub(r"font-family: [^;]+; ", "", value).replace(": ", ":").replace("; ", ";")
    if name in ("d", "x", "y", "transform", "points", "width", "height"):
        value = re.sub(r"-?\d+\.\d+", lambda found: f"{round(float(found[0]), 1):g}", value)
        return re.sub(r"\s*([MLCQz])\s*", r"\1", " ".join(value.split()))
    return value


def _name_apart(body: str) -> str:
    """Give the ids that are used names that no other figure on the page has."""
    own = hashlib.sha256(body.encode()).hexdigest()[:8]
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", body)
    return re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{own}-", body)
