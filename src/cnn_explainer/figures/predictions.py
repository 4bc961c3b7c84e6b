"""What a network says about one picture."""

from collections.abc import Sequence

import numpy as np

from ..provenance import describe
from ..runs import Run
from .figure import Figure
from .svg import BLUE, GREEN, INK, Panel, image, line, rect, text

NAMES, BARS, REMARKS = 84, 190, 126
"""The widths of the three columns."""
ROW = 22


def predictions(
    probabilities: Sequence[float],
    classes: Sequence[str],
    *,
    title: str,
    truth: str | None = None,
    picture: np.ndarray | None = None,
    runs: Run | Sequence[Run] | None = None,
) -> Figure:
    """The probability of each class as a bar from 0 to 1, the largest first.

        predictions((0.1, 0.7, 0.2), ("cat", "dog", "frog"), title="LeNet-5", truth="frog")

    The bars are the network's own probabilities, not rescaled. `picture` `(H, W, 3)`, uint8, is
    shown beside them; `runs`, where the network was trained, are named below.

    Raises `ValueError` if there are not as many probabilities as classes, if they are no
    probabilities, or if `truth` is none of the classes.
    """
    shares = np.asarray(probabilities, float)
    if shares.shape != (len(classes),):
        raise ValueError(
            f"`probabilities` must be {len(classes)} numbers, one a class."
            f" Received: shape {shares.shape}"
        )
    if not (shares >= 0).all() or not np.isclose(shares.sum(), 1, atol=1e-3):
        raise ValueError(
            f"`probabilities` must be at least 0 and sum to 1. Received: {shares.tolist()}"
        )
    if truth is not None and truth not in classes:
        raise ValueError(f"`truth` must be one of {', '.join(classes)}. Received: {truth!r}")

    order = np.argsort(-shares, kind="stable")
    ranked = [(classes[i], float(shares[i])) for i in order]
    panels = [_bars(title, ranked, truth)]
    if picture is not None:
        side = min(panels[0].height - 16, 190)
        panels.insert(0, Panel(side, side + 8, image(0, 8, side, side, picture)))
    alt, caption = _alt(title, ranked, truth), _caption(title, ranked, truth)
    return Figure(tuple(panels), alt, caption, describe(runs) if runs else "")


def _bars(title: str, ranked: list[tuple[str, float]], truth: str | None) -> Panel:
    top, bottom = 28, 28 + ROW * len(ranked)
    parts = [text(NAMES, 14, title, bold=True)]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = NAMES + BARS * share
        parts.append(line(x, top - 4, x, bottom, opacity=0.6 if share == 0 else 0.15))
        parts.append(text(x, bottom + 15, f"{share:g}", anchor="middle", size=10))
    parts.append(text(NAMES + BARS / 2, bottom + 31, "Probability", anchor="middle", size=11))
    for i, (name, share) in enumerate(ranked):
        remark = _remark(name, ranked[0][0], truth)
        middle, bold = top + ROW * i + 12, bool(remark)
        fill, opacity = (INK, 0.4) if not remark else (GREEN if name == truth else BLUE, 1)
        parts += [
            text(NAMES - 6, middle, name, anchor="end", bold=bold),
            rect(NAMES, middle - 11, round(BARS * share, 1), ROW - 7, fill, opacity),
            text(NAMES + BARS + 8, middle, f"{share:.3f} {remark}".strip(), bold=bold, size=11),
        ]
    return Panel(NAMES + BARS + REMARKS, bottom + 36, "".join(parts))


def _remark(name: str, answer: str, truth: str | None) -> str:
    if name == answer == truth:
        return "right answer"
    return {answer: "answer", truth: "truth"}.get(name, "")


def _alt(title: str, ranked: list[tuple[str, float]], truth: str | None) -> str:
    said = ", ".join(f"{name} {share:.3f}" for name, share in ranked)
    return f"Probabilities by {title}: {said}.{_verdict(ranked, truth)}"


def _caption(title: str, ranked: list[tuple[str, float]], truth: str | None) -> str:
    name, share = ranked[0]
    return f"{title} answers {name} with probability {share:.3f}.{_verdict(ranked, truth)}"


def _verdict(ranked: list[tuple[str, float]], truth: str | None) -> str:
    if truth is None:
        return ""
    if ranked[0][0] == truth:
        return " That is right."
    return f" The picture shows {truth}, which has {dict(ranked)[truth]:.3f}."
