"""Style sheets less the rules that no page can use.

The theme styles all that a page could hold, in 5,000 rules: every icon of its font, grids of one to
twelve columns on windows of five widths. A browser reads them all before it shows anything, and
asks of every element, when the theme is switched, whether they hold for it.
"""

import re
from collections.abc import Iterator, Set

COMPOSED = "bs-tooltip-"
"""The beginning of names that a script puts together."""
GROUPS = ("@media", "@supports")
PIECE = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|.""", re.DOTALL)
INSIDE = re.compile(r"\([^()]*\)")


def words(text: str) -> set[str]:
    """Everything in a page or a script that could be the name of a class, or an id."""
    return set(re.findall(r"[\w-]+", text))


def lean(css: str, known: Set[str]) -> str:
    """Drop the selectors with a name that is not known, and the rules that have no other.

    lean(".row > *, p { margin: 0 } .col { width: 50% }", {"row"})    ->  ".row > *, p{ margin: 0 }"
    """
    kept = []
    for head, body in _rules(css):
        if body is None:
            kept.append(head)
        elif head.startswith(GROUPS):
            inside = lean(body, known)
            kept += [f"{head}{{{inside}}}"] if inside else []
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [each for each in _split(head) if _can_match(each, known)]
            kept += [f"{','.join(selectors)}{{{body}}}"] if selectors else []
    return "".join(kept)


def _rules(css: str) -> Iterator[tuple[str, str | None]]:
    """What stands before a brace and inside it; a statement has nothing inside."""
    depth, head, body = 0, [], []
    for piece in PIECE.findall(css):
        if piece.startswith("/*"):
            continue
        depth -= piece == "}"
        if depth:
            body.append(piece)
        elif piece == "}":
            yield "".join(head).strip(), "".join(body)
            head, body = [], []
        elif piece == ";":
            yield "".join(head).strip() + ";", None
            head = []
        elif piece != "{":
            head.append(piece)
        depth += piece == "{"


def _split(selectors: str) -> list[str]:
    """At the commas that are in no brackets."""
    parts = re.findall(r"(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|[^,(])+", selectors)
    return [part.strip() for part in parts]


def _can_match(selector: str, known: Set[str]) -> bool:
    # What is in brackets may be one of several, or what must not be.
    while (outside := INSIDE.sub("", selector)) != selector:
        selector = outside
    names = re.findall(r"[.#]([\w-]+)", selector)
    return "\\" in selector or all(name in known or name.startswith(COMPOSED) for name in names)
