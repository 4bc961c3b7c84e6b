"""Small arrays as figures: every number is there, in the colour of its place on the scale."""

import re

import numpy as np
import pytest

from cnn_explainer.figures import arrays
from cnn_explainer.figures.colours import cividis


def numbers(figure, panel=0):
    """What stands in the cells of one array."""
    found = re.findall(r">([^<>]+)</text>", figure.panels[panel].body)[1:]
    return [float(text.replace("−", "-")) for text in found]


def colours(*shares):
    """The scale's colours as SVG writes them."""
    return ["#" + bytes(colour).hex() for colour in cividis(np.array(shares))]


def test_every_number_is_shown_rounded_to_two_decimals():
    values = np.random.default_rng(0).normal(scale=9, size=(3, 4))
    figure = arrays({"values": values})
    np.testing.assert_allclose(numbers(figure), values.ravel(), atol=0.005 + 1e-9)


def test_one_scale_for_all_with_zero_in_its_middle():
    figure = arrays({"a": [[-4, 0]], "b": [2]})
    (bottom, middle), (above,) = (
        re.findall(r'fill="(#\w{6})"/>', panel.body) for panel in figure.panels[:2]
    )
    assert [bottom, middle, above] == colours(0, 0.5, 0.75)


def test_a_given_scale_holds_for_a_series():
    first, second = (arrays({"a": [value]}, largest=4) for value in (1, 2))
    assert first.panels[-1] == second.panels[-1]
    assert first.panels[0] != second.panels[0]


def test_all_zeros_have_the_colour_of_zero():
    assert colours(0.5)[0] in arrays({"nothing": np.zeros((2, 2))}).panels[0].body


def test_many_numbers_are_colours_alone():
    figure = arrays({"map": np.arange(100).reshape(10, 10)})
    assert numbers(figure) == []
    assert figure.alt.replace("\N{NO-BREAK SPACE}", " ") == (
        "Numbers. map: 10 × 10 numbers from 0 to 99."
    )


def test_the_alternative_text_holds_small_arrays():
    assert arrays({"x": [1, -0.004], "y": np.eye(2)}).alt == ("Numbers. x: 1 0. y: 1 0; 0 1.")


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({}, "`named` must hold an array"),
        ({"x": np.zeros((1, 1, 1))}, r"`x` must have one or two axes. Received: shape \(1, 1, 1\)"),
        ({"x": []}, "`x` must have one or two axes"),
        ({"x": [np.nan]}, "`x` must be finite"),
    ],
)
def test_an_error_names_the_argument(named, message):
    with pytest.raises(ValueError, match=message):
        arrays(named)
