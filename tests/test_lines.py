"""Lines over numbers: their course in words, and what is refused."""

import re

import pytest

from cnn_explainer import provenance, runs
from cnn_explainer.figures import lines

AXES = {"xlabel": "Step", "ylabel": "Loss (nats)"}


def test_the_alternative_text_says_how_each_line_goes():
    figure = lines({"ours": [2.5, 0.5, 1], "theirs": [3, 2, 1]}, **AXES)
    assert figure.alt == (
        "Loss (nats) over step. ours: from 2.5 at 0 to 1 at 2, lowest 0.5 at 1."
        " theirs: from 3 at 0 to 1 at 2."
    )


def test_lines_are_told_apart_without_colour():
    body = lines({"a": [1, 2], "b": [2, 1], "c": [1, 1]}, [10, 20], **AXES).svg
    # Each line once in the plot and once in the legend.
    dashes = {part.split('"')[0].split(";")[0] for part in body.split("stroke-dasharray:")[1:]}
    assert len(dashes) == 2


def test_names_and_axes_are_written():
    figure = lines({"NumPy": [1, 2]}, **AXES)
    assert all(f">{words}</text>" in figure.svg for words in ("NumPy", "Step", "Loss (nats)"))


def test_what_is_counted_has_no_halves():
    counted, measured = (
        re.findall(r">([\d.]+)</text>", lines({"a": [50, 70, 60]}, x, ylim=(0, 100), **AXES).svg)
        for x in ([1, 2, 3], [1.0, 2.0, 3.0])
    )
    assert not any("." in tick for tick in counted)
    assert any("." in tick for tick in measured)


def test_a_given_range_of_y_holds_for_a_series():
    first, second = (lines({"a": [1, y]}, ylim=(0, 50), **AXES).svg for y in (2, 3))
    assert ">50</text>" in first and ">50</text>" in second


def test_the_runs_whose_numbers_they_are_are_named():
    measured = runs.of("lenet5-plain")
    assert lines({"a": [1, 2]}, runs=measured, **AXES).source == provenance.describe(measured)
    assert not lines({"a": [1, 2]}, **AXES).source


def test_long_names_stand_one_below_the_other():
    def heights(*names):
        body = lines({name: [1, 2] for name in names}, **AXES).svg
        places = {re.search(rf'y="([\d.]+)"[^>]*>{name}<', body)[1] for name in names}
        return len(places)

    assert heights("cosine", "always the full rate", "always a tenth of it") == 1
    assert heights("small and steady", "a hundred times as large", "of changing sign") == 3


@pytest.mark.parametrize(
    ("named", "x", "message"),
    [
        ({}, None, "`named` must hold 1 to 3 lines. Received: 0"),
        ({name: [1] for name in "abcd"}, None, "`named` must hold 1 to 3 lines. Received: 4"),
        ({"a": [1, 2], "b": [1]}, None, "`b` must have 2 numbers. Received: 1"),
        ({"a": [1, 2]}, [1], "`a` must have 1 numbers. Received: 2"),
        ({"a": []}, None, "`a` must have at least one number"),
    ],
)
def test_an_error_names_the_argument(named, x, message):
    with pytest.raises(ValueError, match=message):
        lines(named, x, **AXES)
