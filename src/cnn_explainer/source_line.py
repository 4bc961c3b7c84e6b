"""The line under a figure or a table that says which runs its numbers come from."""

import re
from collections.abc import Iterable
from html import escape


class Source(str):
    """A line of text that knows the records behind it; `provenance.describe` makes them."""

    records: tuple[str, ...]
    """The stems of the records' files: `lenet5-plain-e19563960fa2`, `sweeps/lenet5`."""

    def __new__(cls, text: str, records: Iterable[str] = ()):
        """Text that reads like any other."""
        source = super().__new__(cls, text)
        source.records = tuple(records)
        return source


def joined(lines: Iterable[str]) -> Source:
    """Several lines as one, each once, with the records of all."""
    lines = list(dict.fromkeys(filter(None, lines)))
    records = dict.fromkeys(record for line in lines for record in _records(line))
    return Source("; ".join(lines), records)


def ending(source: str) -> str:
    """The end of a caption in HTML; nothing where there is no source.

    A page that has the records beside it can make links of what `data-records` names.
    """
    if not source:
        return ""
    named = f' data-records="{escape(" ".join(_records(source)))}"' if _records(source) else ""
    # A browser would break a name or a date at its hyphens.
    whole = r'<span style="display: inline-block">\g<0></span>'
    line = re.sub(r"\w+(?:-\w+)+", whole, escape(source, quote=False))
    return f"<br><small{named}>{line}</small>"


def _records(source: str) -> tuple[str, ...]:
    return getattr(source, "records", ())
