"""No sentence of the book holds a typed result.

What a training or a computation gives (a decimal, a share in per cent, a time, a speed) comes from
a record or a cell through `glue`. This looks for numbers of these kinds that were typed: in the
text outside code, equations, roles and addresses, and in the sentences that cells write. A
sentence that cites a source may hold that source's numbers, and below is a list of exceptions.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from building import REPOSITORY

BOOK = REPOSITORY / "book"
CHAPTERS = sorted(
    path.relative_to(BOOK).as_posix()
    for path in BOOK.rglob("*.md")
    if not any(part.startswith("_") for part in path.relative_to(BOOK).parts)
)

# What is chosen before a training, and is no result of one.
SETTINGS = {
    r"\brates?(?: of)? 0\.\d+(?:(?:,| and| or| to) 0\.\d+)*": "learning rates",
    r"\bmomentum(?: of)? 0\.9\b": "the recipe's momentum",
    r"\bdropout(?: of)? 0\.2\b": "the share that dropout leaves out",
    r"\b(?:25|50|100) % of the (?:training )?(?:images|pictures|photographs)": "shares trained on",
}
# A number in its words, and why it is none that a run could change.
EXCEPTIONS = {
    r"\b3\.1[123]\b": "versions of Python",
    r"\b(?:CC BY|Attribution|Apache|License) \d\.\d": "a licence's version",
    r"(?:\bprobability (?:of|close to)|\bread|\bdoes|\banswer of|\bsays) 0\.9\d?\b": "a probability"
    " that the text supposes",
    r"this class is 90 % of the sum": "the same probability once more",
    r"\b0\.9 · 3 \+ 0\.6 · 1 \+ 0\.1 · \(−3\) \+ 0": "a calculation by hand, with chosen numbers",
    r"the right class 0\.99 for 90 of 100 pictures, and 0\.0001": "an exercise's network A",
    r"gives it 0\.6 for 80 of them; .* 0\.3 and a wrong one 0\.7": "an exercise's network B",
    r"says \"cat, 80 %\" a thousand times": "an answer that the text supposes",
    r"a number like 3\.14159": "an example of a number",
    r"write 0\.95 for": "an exercise, in which the reader types it",
}

NUMBER = r"\d[\d,]*(?:\.\d+)?"
IN_WORDS = "two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty"
SHARES = r"%|per\s?cent\b|percent\b|percentage\s+points?\b"
TIMES = r"(?:milli|micro)?seconds?\b|minutes?\b|hours?\b|days?\b|ms\b|min\b|s\b|h\b"
SPEEDS = r"times\s+(?:as|faster|slower)\b|images?\s+(?:a|per)\s+second\b|[GT]FLOPS?\b"
TYPED = re.compile(
    rf"(?<![\w.])(?:{NUMBER}[\s-]?(?:{SHARES}|{TIMES}|{SPEEDS})"
    rf"|\d*\.\d+"
    rf"|(?:{IN_WORDS.replace(' ', '|')})\s(?:{SHARES}|{TIMES}))(?!\.?\d)",
    re.IGNORECASE,
)
NO_PROSE = re.compile(
    r"""
    \A---\n.*?\n---\n                                                    # the header
    | ^(?P<fence>`{3,})(?:\{(?:code-cell|math)\}|(?!\{)).*?^(?P=fence)[ ]*$  # code, maths
    | ^:::*[ ]*\{.*?$ | ^`{3,}\{.*?\}                                     # a directive's name
    | ^:\w[\w-]*:.*?$                                                     # and its options
    | \$\$.*?\$\$ | \$[^$\n]+\$                                          # equations
    | (?P<role>\{[\w:]+\}(?P<tick>`+).*?(?P=tick))                         # roles
    | (?P<code>`+).*?(?P=code)                                            # code in a sentence
    | (?<=\])\([^)\s]*\)                                                  # where a link leads
    | </?[a-z!][^>]*>                                                     # HTML
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
CELL = re.compile(
    r"^(?P<fence>`{3,})\{code-cell\}.*\n(?::.*\n|---\n(?:.*\n)*?---\n)*"
    r"(?P<code>(?:.*\n)*?)(?P=fence)$",
    re.MULTILINE,
)


def _pattern(words: str) -> re.Pattern:
    """A line may end at each space."""
    return re.compile(words.replace(" ", r"\s+"), re.IGNORECASE)


ALLOWED = _pattern("|".join([*SETTINGS, *EXCEPTIONS]))
SENTENCE = re.compile(
    r"(?<=[.!?:])[*_)\"]*\s+(?=[A-Z*_(\"\[{`])|\n\s*\n|^\s*(?:[-*|>]|\d+\.) ", re.MULTILINE
)


@dataclass(frozen=True)
class Finding:
    """A number that looks like a result, and where it stands."""

    line: int
    number: str
    sentence: str

    def __str__(self):
        return f"line {self.line}: `{self.number}` in “{self.sentence}”"


def typed_numbers(chapter: str) -> list[Finding]:
    """What looks like a result and is typed, in a chapter's text and in what its cells write."""
    prose = NO_PROSE.sub(_blank, chapter)
    findings, begin = [], 0
    for end in [*(match.end() for match in SENTENCE.finditer(prose)), len(prose)]:
        if "{cite" not in chapter[begin:end]:
            findings += _in_sentence(prose[begin:end], 1 + prose.count("\n", 0, begin))
        begin = end
    for line, text in _written_by_cells(chapter):
        findings += _in_sentence(text, line)
    return findings


def _in_sentence(sentence: str, line: int) -> Iterator[Finding]:
    for match in TYPED.finditer(ALLOWED.sub(_blank, sentence)):
        place = line + sentence.count("\n", 0, match.start())
        yield Finding(place, " ".join(match[0].split()), " ".join(sentence.split()))


def _written_by_cells(chapter: str) -> Iterator[tuple[int, str]]:
    """The strings that hold more than a word, and their lines."""
    for cell in CELL.finditer(chapter):
        before = chapter.count("\n", 0, cell.start("code"))
        for node in ast.walk(ast.parse(re.sub(r"(?m)^[%!].*$", "", cell["code"]))):
            if isinstance(node, ast.Constant) and " " in str(node.value):
                yield before + node.lineno, str(node.value)


def _blank(match: re.Match) -> str:
    """As long as what it replaces, and as many lines; a role stands for a word."""
    filling = "X" if match.groupdict().get("role") else " "
    return re.sub(r"[^\n]", filling, match[0])


@pytest.mark.parametrize("name", CHAPTERS)
def test_no_result_is_typed(name):
    findings = typed_numbers((BOOK / name).read_text())
    assert not findings, f"book/{name}: " + "; ".join(map(str, findings))


PLANTED = """---
kernelspec:
  name: python3
---

# Results 1

The network got {sentence}

```{{code-cell}} ipython3
print({cell})
```
"""


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("an accuracy of 0.5774.", "0.5774"),
        ("an accuracy of .58 in the end.", ".58"),
        ("58 % right.", "58 %"),
        ("58% right.", "58%"),
        ("57.7 per cent right.", "57.7 per cent"),
        ("better by 2 percentage points.", "2 percentage points"),
        ("fifty per cent right.", "fifty per cent"),
        ("there in 305.9 seconds.", "305.9 seconds"),
        ("there in 306 s.", "306 s"),
        ("there after five minutes.", "five minutes"),
        ("there\nafter five\nminutes.", "five minutes"),
        ("there in a 35-minute training.", "35-minute"),
        ("through 9,700 images a second.", "9,700 images a second"),
        ("there 2 times as fast.", "2 times as"),
        ("**0.71**.", "0.71"),
        ("this.\n\n- plain: 0.71\n- augmented: {glue:text}`accuracy:.2f`", "0.71"),
        ("this.\n\n| plain | 0.71 |\n|---|---|", "0.71"),
        ("this.\n\n```{admonition} A note\nIt was 0.71.\n```", "0.71"),
        ("this.\n\n:::{dropdown} Solution of exercise 1\nIt was 0.71.\n:::", "0.71"),
        ("0.71. Others found more {cite:p}`writeup2023`.", "0.71"),
        ("0.71. {cite:t}`writeup2023` found more.", "0.71"),
        ("0.71, which is < 0.", "0.71"),
        ("0.71, at a learning rate of 0.01.", "0.71"),
        ("0.71, which is [more](https://example.org/0.5).", "0.71"),
    ],
)
def test_a_planted_number_is_found(sentence, number):
    (finding,) = typed_numbers(PLANTED.format(sentence=sentence, cell="1"))
    assert finding.number == number
    text = PLANTED.format(sentence=sentence, cell="1").splitlines()
    assert number.split()[0] in text[finding.line - 1]


@pytest.mark.parametrize("cell", ["'It got 0.71 at once.'", "f'{1} got 71 % of them'"])
def test_a_planted_number_in_what_a_cell_writes_is_found(cell):
    (finding,) = typed_numbers(PLANTED.format(sentence="this.", cell=cell))
    assert finding.number in ("0.71", "71 %")
    assert finding.line == 11


@pytest.mark.parametrize(
    "sentence",
    [
        "{glue:text}`accuracy:.4f` and {glue:text}`lenet5.md::share:.0%`.",
        "the loss $0.5 \\cdot 0.2$ or\n\n$$\nx = 0.71\n$$\n",
        "`momentum=0.9` and `0.71`.",
        "0.7094 in the write-up {cite:p}`writeup2023`.",
        "{cite:t}`writeup2023` with\n0.7094 of them right.",
        "10,000 images of 32 × 32 pixels in 10 classes.",
        "a learning rate of 0.01, or rates 0.1, 0.01 and 0.001, and momentum 0.9.",
        "trained on 25 % of the\ntraining images.",
        "a step in 10 sections of 3 layers.",
        "[a page](https://example.org/0.71).",
        "this.\n\n```python\nrate = 0.71  # 71 % in 3 s\n```",
        "help in Python 3.11, 3.12 or 3.13.",
        "better in minutes, and not in a second.",
    ],
)
def test_what_is_no_typed_result_is_left_alone(sentence):
    assert typed_numbers(PLANTED.format(sentence=sentence, cell="0.71, 'x', '{:.2f}'")) == []


@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_each_exception_is_needed(exception):
    words = _pattern(exception)
    assert any(words.search((BOOK / name).read_text()) for name in CHAPTERS)
