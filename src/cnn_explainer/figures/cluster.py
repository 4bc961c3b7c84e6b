"""A search on machines: who draws settings, who trains, and where what was done is kept."""

from .colours import LIGHT
from .figure import Figure
from .svg import BLUE, GREEN, INK, VERMILLION, Panel, line, rect, text

WIDTH, GAP, BETWEEN = 360, 12, 22
"""Of the whole; between two machines; between two rows, in CSS pixels."""
TRIAL, APART = 24, 4
"""The height of a trial's square, and the space to the next one."""
MOST = 4


def cluster(nodes: int = 3, cores: int = 4) -> Figure:
    """The driver above the nodes, each with a trial for every core, and the storage below.

        cluster(1, 2)   ->  one machine, two trials at a time
        cluster(3, 4)   ->  three machines, twelve trials at a time

    Raises `ValueError` if `nodes` or `cores` is not a whole number from 1 to 4.
    """
    for name, value in {"nodes": nodes, "cores": cores}.items():
        if value not in range(1, MOST + 1):
            raise ValueError(f"`{name}` must be a whole number from 1 to {MOST}. Received: {value}")
    wide, high = (WIDTH - (nodes - 1) * GAP) / nodes, 38 + -(-cores // 2) * (TRIAL + APART)
    bottom = 50 + 2 * BETWEEN + high
    parts = [
        _box(0, 0, WIDTH, 50, GREEN, "driver"),
        text(10, 38, "draws settings, compares accuracies, stops trials", size=11),
        _box(0, bottom, WIDTH, 50, VERMILLION, "storage"),
        text(10, bottom + 38, "holds each trial's state after its last epoch", size=11),
    ]
    for i in range(nodes):
        x, y = i * (wide + GAP), 50 + BETWEEN
        parts += [
            _box(x, y, wide, high, INK, f"node {i + 1}" if nodes > 1 else "this machine"),
            *(_trial(x + 10, y + 30, wide - 20, k) for k in range(cores)),
            line(x + wide / 2, 50, x + wide / 2, y),
            line(x + wide / 2, y + high, x + wide / 2, bottom),
        ]
    machines = "one machine" if nodes == 1 else f"{nodes} machines"
    caption = f"A search on {machines} with {cores} cores{' each' * (nodes > 1)}."
    alt = (
        f"{caption} At the top the driver, which draws settings, compares accuracies and stops"
        f" trials. Below it, joined to it by lines: {machines}, each with {cores} trials. Below"
        " these, joined to them, the storage, which holds each trial's state after its last epoch."
    )
    return Figure((Panel(WIDTH, bottom + 50, "".join(parts)),), alt, caption)


def _box(x: float, y: float, width: float, height: float, colour: str, name: str) -> str:
    frame = (
        f'<rect x="{x + 1:g}" y="{y + 1:g}" width="{width - 2:g}" height="{height - 2:g}" rx="4"'
        f' fill="{colour}" fill-opacity="0.08" stroke="{colour}"/>'
    )
    return frame + text(x + 10, y + 20, name, bold=True)


def _trial(x: float, y: float, width: float, k: int) -> str:
    """The k-th square, two in a row."""
    wide = (width - APART) / 2
    x, y = x + k % 2 * (wide + APART), y + k // 2 * (TRIAL + APART)
    said = text(x + wide / 2, y + 16, "trial", anchor="middle", size=11, fill=LIGHT)
    return rect(x, y, wide, TRIAL, BLUE) + said
