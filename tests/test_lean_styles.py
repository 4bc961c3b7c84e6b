"""Style sheets less the rules that no page can use."""

import pytest
from building import extension

lean = extension("lean_styles").lean
KNOWN = {"row", "main", "bs"}


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".row{a:b}.col{a:b}", ".row{a:b}"),
        (".row > *, .col, p { a: b }", ".row > *,p{ a: b }"),
        ("#main .row{a:b}#other{a:b}", "#main .row{a:b}"),
        ("@media print{.row{a:b}.col{a:b}}@media print{.col{a:b}}", "@media print{.row{a:b}}"),
        ("@font-face{src:url(a)}@import 'a.css';", "@font-face{src:url(a)}@import 'a.css';"),
        ("/* .row{ */p::after{content:'} .col{';a:b}", "p::after{content:'} .col{';a:b}"),
        # What is in brackets may be one of several, or what must not be.
        ("p:not(.col){a:b}:is(.col, .row) a{a:b}", "p:not(.col){a:b}:is(.col, .row) a{a:b}"),
        ("a:not(:has(.col, .x)), .col{a:b}", "a:not(:has(.col, .x)){a:b}"),
        # Names that a script puts together, or that are written with a backslash.
        (r".bs-tooltip-top{a:b}.a\:b{a:b}", r".bs-tooltip-top{a:b}.a\:b{a:b}"),
    ],
)
def test_rules_that_can_hold_are_kept(css, kept):
    assert lean(css, KNOWN) == kept
