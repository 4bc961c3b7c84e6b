"""Claims on a page: a table whose rows are prose."""

from dataclasses import dataclass
from html import escape

import pandas as pd

from ..provenance import describe
from ..tables import Table
from .claim import Checked


@dataclass(frozen=True, repr=False)
class ClaimTable(Table):
    """As any table, but with what belongs to a claim below it, as wide as the page."""

    @classmethod
    def of(cls, part: str, checked: tuple[Checked, ...]) -> "ClaimTable":
        """The claims of a part, a row each."""
        frame = pd.DataFrame(
            {
                "Verdict": [str(each.verdict) for each in checked],
                "Test": [each.claim.tested for each in checked],
                "Outcome": [each.words for each in checked],
                "From": [each.claim.where for each in checked],
            },
            index=pd.Index([each.claim.says for each in checked], name="Claim"),
        )
        used = {run.experiment: run for each in checked for run in each.runs}.values()
        caption = f"{part}: what is claimed, in our words, and what came out."
        return cls(frame, caption, describe([*used]) if used else "")

    def _inside(self) -> str:
        left = 'style="text-align: left"'
        head = f'<th scope="col" {left}>Claim</th><th scope="col" {left}>Verdict</th>'
        body = "".join(_rows(*row) for row in self.frame.itertuples())
        return f"<thead><tr>{head}</tr></thead>{body}"


def _rows(says: str, verdict: str, *details: str) -> str:
    said = "<br>".join(
        f"<em>{name}:</em> {escape(text)}"
        for name, text in zip(("Test", "Outcome", "From"), details, strict=True)
    )
    first = 'style="border-bottom: 0; text-align: left; vertical-align: top"'
    return (
        f'<tbody><tr><th scope="rowgroup" {first}>{escape(says)}</th>'
        f"<td {first}>{verdict.replace(' ', '&nbsp;')}</td></tr>"
        f'<tr><td colspan="2" style="padding-top: 0; text-align: left">{said}</td></tr></tbody>'
    )
