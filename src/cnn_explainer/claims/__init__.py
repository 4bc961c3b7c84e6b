"""The claims of the write-up, each with the test that decides it.

    check()                     ->  every claim, with what came out and a verdict
    table("AlexNet")            ->  those about AlexNet, for a page

Nothing here is a verdict: each is computed from the records that there are, so that it changes
when they do. A claim is what could be wrong: an opinion on what to do next is none, nor is what
the write-up says of its own procedure.
"""

from collections import Counter
from functools import cache
from types import MappingProxyType

import pandas as pd

from .. import runs
from ..tables import Table
from . import alexnet, base, concepts, conclusion, cost, data, lenet5, vgg16
from .claim import Checked, Claim, Outcome, Verdict
from .claim_table import ClaimTable

__all__ = ["PARTS", "Checked", "Claim", "Outcome", "Verdict", "check", "summary", "table"]

PARTS = MappingProxyType(
    {
        "How networks work": concepts.CLAIMS,
        "Data and measures": data.CLAIMS,
        "Base model": base.CLAIMS,
        "LeNet-5": lenet5.CLAIMS,
        "AlexNet": alexnet.CLAIMS,
        "VGG16": vgg16.CLAIMS,
        "Time": cost.CLAIMS,
        "Conclusion": conclusion.CLAIMS,
    }
)
"""All claims, in the order of the write-up as far as that is one of subjects."""


def check(part: str | None = None) -> tuple[Checked, ...]:
    """Test the claims of a part, or all of them, on the records that there are.

        check()[0].verdict      ->  Verdict.UNTOLD
        check("LeNet-5")        ->  those about LeNet-5 and its variants

    Raises `ValueError` if there is no such part.
    """
    if part is not None and part not in PARTS:
        raise ValueError(f"`part` must be one of {', '.join(PARTS)}. Received: {part!r}")
    chosen = PARTS.values() if part is None else [PARTS[part]]
    # Many claims are about the same runs: each record is read once.
    of = cache(runs.of)
    return tuple(claim.check(of) for claims in chosen for claim in claims)


def table(part: str) -> ClaimTable:
    """The claims of a part: what is claimed, the verdict, how it was tested, what came out.

    Raises `ValueError` if there is no such part.
    """
    return ClaimTable.of(part, check(part))


def summary() -> Table:
    """How many claims of each part hold, do not, are within noise or cannot be told."""
    rows = {}
    for part in PARTS:
        counts = Counter(each.verdict for each in check(part))
        rows[part] = {str(verdict): counts[verdict] for verdict in Verdict}
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("Part")
    frame.loc["All"] = frame.sum()
    return Table(frame, "How many claims came out how.")
