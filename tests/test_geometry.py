"""The geometry bench: its sizes are those of the layers, its Keras lines do what they say."""

import math
import re
from itertools import product

import numpy as np
import pytest
from widgets import check_axe_finds_nothing, check_focus_is_seen

from cnn_explainer import geometry, layers

EVERY = list(
    product(*{**geometry.RANGES, "padding": [*geometry.RANGES["padding"], "same"]}.values())
)
"""Each combination of the sliders."""

MANY = EVERY[::11]
"""More than a thousand; 11 divides no slider's number of stops, so that all of them occur."""

FEW = EVERY[::197]

SET_AND_READ = """combinations => {
    const part = name => document.querySelector(name).textContent;
    return combinations.map(values => {
        const sliders = document.querySelectorAll("input:not([name=place])");
        values.forEach((value, i) => (sliders[i].value = value === "same" ? 7 : value));
        sliders[0].dispatchEvent(new Event("input"));
        return {
            title: part(".output-title"), words: part(".size-words"), formula: part(".formula"),
            receptive: part(".receptive"), keras: part("code"),
            crosses: document.querySelector(".unread").getAttribute("d").split("M").length - 1,
        };
    });
}"""


def output_size(sizes):
    """The output's side, 0 where the kernel does not fit."""
    try:
        return layers.output_size(*sizes)
    except ValueError:
        return 0


def arithmetic(text):
    """The value of a formula as it is written."""
    text = text.replace("⌊", "math.floor(").replace("⌈", "math.ceil(")
    for sign, operator in {"⌋": ")", "⌉": ")", "·": "*", "−": "-"}.items():
        text = text.replace(sign, operator)
    return eval(text, {"math": math})


@pytest.fixture
def page(show):
    """A bench on a page."""
    return show(geometry.bench())


def test_the_size_is_that_of_the_layers(page):
    for sizes, shown in zip(MANY, page.evaluate(SET_AND_READ, MANY), strict=True):
        side = output_size(sizes)
        assert shown["title"] == (f"Output {side} × {side}" if side else "No output"), sizes
        assert shown["words"].startswith("The output is" if side else "No output: "), sizes
        formula = re.split(", w", shown["formula"])[0].split(" = ")
        assert max(arithmetic(formula[-2]), 0) == max(arithmetic(formula[-1]), 0) == side, sizes


def test_what_is_crossed_out_is_what_no_window_reads(page):
    for sizes, shown in zip(MANY, page.evaluate(SET_AND_READ, MANY), strict=True):
        size, kernel, stride, padding, dilation = sizes
        side, unread = output_size(sizes), 0
        if side:
            slide = layers.Slide.over(np.zeros((size, size, 1)), kernel, stride, padding, dilation)
            padded = np.zeros((size + sum(slide.padding[0]), size + sum(slide.padding[1]), 1))
            kernels = np.ones((kernel, kernel, 1, 1))
            # The gradient of a pixel counts the windows that read it.
            counts, *_ = layers.conv2d_gradients(
                np.ones((side, side, 1)), padded, kernels, stride=stride, dilation=dilation
            )
            unread = np.sum(counts == 0)
        assert shown["crosses"] == unread, sizes
        said = "Dropped" in shown["words"] or "Skipped" in shown["words"]
        assert said == bool(unread), sizes


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((7, 3, 1, 0, 1), "The output is 5 × 5."),
        (
            (7, 3, 2, 0, 1),
            "The output is 3 × 3. The stride fits: the last window ends at the edge.",
        ),
        (
            (8, 3, 2, 0, 1),
            "The output is 3 × 3. The stride does not fit: after the last window, no other has "
            "room. Dropped: column 8 at the right, row 8 at the bottom.",
        ),
        (
            (8, 3, 4, 2, 1),
            "The output is 3 × 3. The stride does not fit: after the last window, no other has "
            "room. Dropped: 1 column of padding at the right, 1 row of padding at the bottom. "
            "Skipped between the pixels that are read: columns 2, 6 and rows 2, 6.",
        ),
        (
            (3, 5, 1, 0, 2),
            "No output: the kernel reaches over 9 pixels, but the padded input has only 3. "
            "6 more would be needed along each axis.",
        ),
    ],
)
def test_the_words_name_what_is_dropped(page, sizes, words):
    assert page.evaluate(SET_AND_READ, [sizes])[0]["words"] == words


def test_the_receptive_field_is_the_smallest_input_that_two_layers_take(page):
    for sizes, shown in zip(MANY, page.evaluate(SET_AND_READ, MANY), strict=True):
        _, kernel, stride, _, dilation = sizes
        field = int(re.split(" = |: ", shown["receptive"])[-2])

        def twice(size, kernel=kernel, stride=stride, dilation=dilation):
            first = output_size((size, kernel, stride, 0, dilation))
            return first and output_size((first, kernel, stride, 0, dilation))

        assert twice(field) == 1, sizes
        assert field == 1 or twice(field - 1) == 0, sizes


def test_the_keras_lines_agree_with_the_layers(page):
    keras = pytest.importorskip("keras")
    draw = np.random.default_rng(seed=1)
    for sizes, shown in zip(FEW, page.evaluate(SET_AND_READ, FEW), strict=True):
        size, kernel, stride, padding, dilation = sizes
        if not output_size(sizes):
            assert shown["keras"] == "no layer: there is no output"
            continue
        image = draw.normal(size=(1, size, size, 1)).astype("float32")
        weights = draw.normal(size=(kernel, kernel, 1, 1)).astype("float32")
        layer = eval(shown["keras"], {"keras": keras})
        layer(image)
        layer.set_weights([weights, np.zeros(1)])
        expected = layers.conv2d(image, weights, stride=stride, padding=padding, dilation=dilation)
        np.testing.assert_allclose(layer(image), expected, atol=1e-4, err_msg=str(sizes))


def test_the_keyboard_sets_a_size_and_moves_the_kernel(page):
    words = page.locator(".place-words")
    page.keyboard.press("Tab")
    for key, place in [("ArrowRight", (1, 2)), ("ArrowDown", (2, 2)), ("ArrowLeft", (2, 1)),
                       ("ArrowLeft", (2, 1)), ("End", (5, 5)), ("ArrowUp", (4, 5)),
                       ("Home", (1, 1))]:  # fmt: skip
        page.keyboard.press(key)
        assert words.inner_text().startswith(f"Row {place[0]}, column {place[1]} of the output: ")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator(".input-title").inner_text() == "Input 8 × 8"
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert page.locator(".output-title").inner_text() == "Output 2 × 2"
    assert words.inner_text().startswith("Row 1, column 1 ")


def test_the_focus_is_seen_on_every_control(page):
    check_focus_is_seen(page, controls=8)


def test_the_kernel_reads_what_the_words_say(page):
    page.get_by_role("slider", name="Padding").fill("1")
    page.get_by_role("slider", name="Dilation").fill("2")
    assert page.get_by_role("slider", name="Place").get_attribute("max") == "25"
    assert page.locator(".place-words").inner_text() == (
        "Row 1, column 1 of the output: the kernel reads rows 2, 4 (and 1 of padding) "
        "and columns 2, 4 (and 1 of padding)."
    )
    page.get_by_role("slider", name="Place").fill("13")
    assert page.locator(".place-words").inner_text() == (
        "Row 3, column 3 of the output: the kernel reads rows 2, 4, 6 and columns 2, 4, 6."
    )
    corners = page.locator(".window rect").evaluate_all(
        "cells => cells.map(cell => [cell.getAttribute('x') / 20, cell.getAttribute('y') / 20])"
    )
    assert sorted(corners) == [[x, y] for x in (2, 4, 6) for y in (2, 4, 6)]


def test_a_click_on_the_output_moves_the_kernel_there(page):
    page.locator("svg").last.click(position={"x": 71, "y": 31})
    assert page.locator(".place-words").inner_text().startswith("Row 2, column 4 of the output")


def test_same_is_said_and_no_output_disables_the_place(page):
    padding = page.get_by_role("slider", name="Padding")
    padding.fill("7")
    assert padding.get_attribute("aria-valuetext") == "same"
    padding.fill("0")
    page.get_by_role("slider", name="Input").fill("3")
    page.get_by_role("slider", name="Kernel").fill("7")
    place = page.get_by_role("slider", name="Place")
    assert place.is_disabled()
    assert place.get_attribute("aria-valuetext") == "row and column none"
    assert page.locator(".place-words").inner_text() == "The kernel has no place."


def test_the_line_is_copied(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").press("Enter")
    assert page.evaluate("getSelection().toString()") == "keras.layers.Conv2D(1, 3)"
    assert page.evaluate("navigator.clipboard.readText()") == "keras.layers.Conv2D(1, 3)"


def test_paper_shows_the_state_and_no_controls(page):
    page.get_by_role("slider", name="Stride").fill("2")
    page.emulate_media(media="print")
    assert page.locator(".output-title").inner_text() == "Output 3 × 3"
    assert page.locator("svg").first.is_visible()
    assert page.get_by_role("slider").count() == 0
    assert not page.get_by_role("button").is_visible()


def test_without_scripts_the_text_stands_there(page, browser):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(page.url)
    assert still.locator(".still").inner_text() == repr(geometry.bench())
    assert still.get_by_role("slider").count() == 0
    context.close()


def test_two_benches_on_a_page_stay_apart(page):
    page.evaluate(
        """html => {
            const output = document.createElement("div");
            output.innerHTML = html;
            for (const old of output.querySelectorAll("script")) {
                const script = document.createElement("script");
                script.textContent = old.textContent;
                old.replaceWith(script);
            }
            document.querySelector("main").append(output);
        }""",
        geometry.bench(9, 3, 2, "same", 1)._repr_html_(),
    )
    assert page.locator(".output-title").all_inner_texts() == ["Output 5 × 5", "Output 5 × 5"]
    page.get_by_role("slider", name="Stride").last.fill("3")
    assert page.locator(".output-title").all_inner_texts() == ["Output 5 × 5", "Output 3 × 3"]


@pytest.mark.parametrize("sizes", [(7, 3, 1, 0, 1), (16, 7, 1, 6, 1), (3, 7, 1, 0, 3)])
def test_a_narrow_page_does_not_scroll_sideways(page, sizes):
    page.set_viewport_size({"width": 390, "height": 800})
    page.evaluate(SET_AND_READ, [sizes])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_axe_finds_nothing(page):
    check_axe_finds_nothing(page)


def test_the_text_says_what_the_figure_shows():
    assert repr(geometry.bench(8, 3, 2, "same")) == (
        "Bench for the sizes of a convolution. With input 8, kernel 3, stride 2, padding same, "
        "dilation 1, the output is 4×4."
    )
    assert "there is no output" in repr(geometry.bench(3, 5))


def test_no_other_host_is_asked():
    assert "//" not in geometry.bench()._repr_html_()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"input": 17}, "`input` must be an integer from 3 to 16. Received: 17"),
        ({"kernel": 0}, "`kernel` must be an integer from 1 to 7. Received: 0"),
        ({"stride": "same"}, "`stride` must be an integer from 1 to 5. Received: 'same'"),
        ({"padding": 7}, '`padding` must be an integer from 0 to 6 or "same". Received: 7'),
        ({"dilation": 1.5}, "`dilation` must be an integer from 1 to 3. Received: 1.5"),
    ],
)
def test_an_error_names_the_argument(setting, message):
    with pytest.raises(ValueError) as error:
        geometry.bench(**setting)
    assert str(error.value) == message
