"""The stepper: its sums are those of the layers, its controls work with the keyboard alone."""

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from widgets import check_axe_finds_nothing, check_fits_a_phone, check_focus_is_seen, stop_clock

from cnn_explainer import layers, stepper

IMAGE = np.array([[1, 2, 0, 1], [0, 1, 3, 1], [2, 0, 1, 2], [1, 1, 0, 3]])
KERNEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


def data(figure):
    html = figure._repr_html_()
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])


def number(text):
    return float(text.replace("−", "-"))


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(3, 6), st.integers(3, 6)),
    window=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["valid", "same", 1, ((0, 2), (1, 0))]),
    seed=st.integers(0, 999),
)
def test_every_sum_is_that_of_conv2d(size, window, stride, padding, seed):
    draw = np.random.default_rng(seed)
    image, kernel = draw.integers(-5, 9, size), draw.integers(-2, 3, window)
    way = {"stride": stride, "padding": padding}
    output = layers.conv2d(image[..., None], kernel[..., None, None], **way)[..., 0]
    shown = data(stepper.convolution(image, kernel, **way))
    assert shown["columns"] == output.shape[1]
    for (products, result, sentence), (place, value) in zip(
        shown["steps"], np.ndenumerate(output), strict=True
    ):
        assert number(result) == value == sum(map(number, products))
        assert sentence.startswith(f"Row {place[0] + 1}, column {place[1] + 1}: ")
        terms, total = sentence.split(": ")[1].split(" = ")
        # The sentence is arithmetic that Python can do.
        assert eval(terms.replace("×", "*").replace("−", "-")) == number(total) == value


@pytest.mark.parametrize(
    ("mode", "pool"), [("max", layers.max_pool2d), ("average", layers.avg_pool2d)]
)
@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(2, None, "valid"), (3, 1, 1), (3, 2, "same")]
)
def test_every_result_is_that_of_pooling(mode, pool, size, stride, padding):
    shown = data(stepper.pooling(IMAGE - 2, size, stride=stride, padding=padding, mode=mode))
    output = pool((IMAGE - 2)[..., None], size, stride=stride, padding=padding)[..., 0]
    np.testing.assert_allclose(
        [number(step[1]) for step in shown["steps"]], output.ravel(), rtol=1e-4
    )


def test_the_markup_shows_the_last_step():
    figure = stepper.convolution(IMAGE, KERNEL)
    # A tree of elements: the markup is well-formed.
    tree = ET.fromstring(f"<div>{figure._repr_html_().split('<script>')[0]}</div>")
    assert tree.find(".//p[@class='sentence']").text == data(figure)["steps"][-1][2]
    assert [text.text for text in tree.findall(".//g[@class='results']/text")] == [
        step[1] for step in data(figure)["steps"]
    ]
    assert tree.find(".//div[@role='img']").get("aria-label") == repr(figure)


def test_the_text_says_what_the_figure_shows():
    assert repr(
        stepper.convolution([[1, 2], [3, 4]], [[1, 0], [0, -1]], padding=((0, 0), (0, 1)))
    ) == (
        "2×2 kernel on a 2×2 image, padding ((0, 0), (0, 1)). Step by step it fills the "
        "feature map of 1×2, whose rows are −3 2. "
        "Last step: Row 1, column 2: 2×1 + 0×0 + 4×0 + 0×(−1) = 2"
    )
    assert repr(stepper.pooling([[1, 2], [3, 4]])) == (
        "Max pooling, 2×2 windows on a 2×2 image, stride 2. Step by step it fills the "
        "output of 1×1, whose rows are 4. "
        "Last step: Row 1, column 1: the largest of 1, 2, 3, 4 is 4"
    )


def test_a_long_sum_leaves_out_its_middle():
    sentence = data(stepper.convolution(np.ones((5, 5)), np.ones((5, 5))))["steps"][0][2]
    assert sentence.count("1×1") == 8
    assert "…" in sentence


def test_a_label_cannot_break_the_page():
    html = stepper.convolution(IMAGE, KERNEL, label='<b>"x"</b>')._repr_html_()
    assert '<b>"x"' not in html
    assert "&lt;b&gt;" in html


def test_a_figure_stays_small():
    figure = stepper.convolution(np.ones((5, 5)), KERNEL, padding=1)
    assert len(figure._repr_html_().encode()) < 16_000


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: stepper.convolution(np.ones((17, 3)), KERNEL),
            "`image` must have the shape (H, W)",
        ),
        (
            lambda: stepper.convolution(IMAGE[..., None], KERNEL),
            "`image` must have the shape (H, W)",
        ),
        (lambda: stepper.convolution(IMAGE, [1, 2]), "`kernel` must have the shape (H, W)"),
        (lambda: stepper.convolution(IMAGE, np.ones((5, 5))), "`kernel` must not be larger"),
        (lambda: stepper.convolution(IMAGE, KERNEL, stride=0), "`stride` must be a positive"),
        (lambda: stepper.pooling(IMAGE, mode="min"), '`mode` must be "max" or "average"'),
        (lambda: stepper.pooling(IMAGE, size=9), "`size` must not be larger"),
    ],
)
def test_an_error_names_the_argument(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


@pytest.fixture
def page(show):
    """Two steppers on a page."""
    return show(stepper.convolution(IMAGE, KERNEL, padding=1), stepper.pooling(IMAGE))


def sentence(page, number=0):
    return page.locator(".on-screen .sentence").nth(number).inner_text()


def test_the_keyboard_moves_the_focused_stepper_alone(page):
    steps = data(stepper.convolution(IMAGE, KERNEL, padding=1))["steps"]
    other = sentence(page, 1)
    page.keyboard.press("Tab")
    assert sentence(page) == steps[0][2]
    for key, step in [("ArrowRight", 1), ("ArrowDown", 2), ("ArrowLeft", 1), ("End", 15),
                      ("ArrowRight", 15), ("Home", 0), ("ArrowUp", 0)]:  # fmt: skip
        page.keyboard.press(key)
        assert sentence(page) == steps[step][2]
        assert page.locator(".on-screen .result").first.inner_text() == steps[step][1]
    assert sentence(page, 1) == other


def test_up_is_more_on_the_slider(page):
    slider = page.get_by_role("slider").first
    for key, value in [("ArrowUp", "2"), ("ArrowUp", "3"), ("ArrowDown", "2")]:
        slider.press(key)
        assert slider.input_value() == value
    assert sentence(page).startswith("Row 1, column 2: ")


@pytest.mark.parametrize("tag", ["a", "summary"])
def test_space_is_for_what_it_presses(page, tag):
    """Where a figure holds a link, or something to unfold, it plays nothing."""
    page.evaluate(
        """tag => {
            const element = document.createElement(tag);
            element.tabIndex = 0;
            document.querySelector(".cnn-stepper").append(element);
        }""",
        tag,
    )
    page.locator(f".cnn-stepper > {tag}").press(" ")
    assert page.get_by_role("button", name="Pause").count() == 0


def test_the_focus_is_seen_on_every_control(page):
    check_focus_is_seen(page, controls=8)


def test_buttons_and_slider_step(page):
    figure = page.get_by_role("group").first
    for name, value in [("Next", "2"), ("Last", "16"), ("Previous", "15"), ("First", "1")]:
        figure.get_by_role("button", name=name).press("Enter")
        assert figure.get_by_role("slider").input_value() == value
    figure.get_by_role("slider").fill("7")
    assert sentence(page).startswith("Row 2, column 3: ")


def test_nothing_moves_until_space_and_again_nothing_after_it(page):
    stop_clock(page)
    page.reload()
    page.clock.run_for(10_000)
    assert sentence(page).startswith("Row 1, column 1: ")
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    page.clock.run_for(2_000)
    assert sentence(page).startswith("Row 1, column 3: ")
    page.keyboard.press(" ")
    page.clock.run_for(10_000)
    assert sentence(page).startswith("Row 1, column 3: ")
    page.keyboard.press(" ")
    page.clock.run_for(60_000)
    assert sentence(page).startswith("Row 4, column 4: ")
    assert page.get_by_role("button", name="Play").first.is_visible()


def test_what_plays_from_the_start_can_be_paused(show):
    page = show(stepper.convolution(IMAGE, KERNEL, padding=1, playing=True))
    stop_clock(page)
    page.reload()
    page.clock.run_for(2_000)
    assert sentence(page).startswith("Row 1, column 3: ")
    page.get_by_role("button", name="Pause").press("Enter")
    page.clock.run_for(10_000)
    assert sentence(page).startswith("Row 1, column 3: ")


def test_where_less_motion_is_asked_for_nothing_plays_from_the_start(show):
    page = show(stepper.convolution(IMAGE, KERNEL, padding=1, playing=True))
    page.emulate_media(reduced_motion="reduce")
    stop_clock(page)
    page.reload()
    page.clock.run_for(10_000)
    assert sentence(page).startswith("Row 1, column 1: ")
    assert page.get_by_role("button", name="Play").is_visible()


@pytest.mark.parametrize("playing", [False, True])
def test_one_step_is_shown_and_there_is_nothing_to_play(show, playing):
    page = show(stepper.convolution(np.ones((3, 3)), np.ones((3, 3)), playing=playing))
    stop_clock(page)
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    page.clock.run_for(10_000)
    assert page.get_by_text("Row 1, column 1: ").filter(visible=True).count() == 1
    assert page.get_by_role("button").count() == 0


def test_reduced_motion_jumps(page):
    duration = "getComputedStyle(document.querySelector('.on-screen .window')).transitionDuration"
    assert page.evaluate(duration) != "0s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(duration) == "0s"


def test_paper_shows_the_last_step_and_no_controls(page):
    page.emulate_media(media="print")
    assert page.locator(".on-paper .sentence").first.inner_text().startswith("Row 4, column 4: ")
    assert page.locator(".on-paper .boards").first.is_visible()
    assert not page.locator(".controls").first.is_visible()


def test_a_figure_that_comes_later_starts_too_and_leaves_the_others_alone(page):
    page.get_by_role("slider").first.fill("3")
    # As JupyterLab does it: the scripts of an output are made anew, then all is attached.
    page.evaluate(
        """html => {
            const output = document.createElement("div");
            output.innerHTML = html;
            for (const old of output.querySelectorAll("script")) {
                const script = document.createElement("script");
                script.type = old.type;
                script.textContent = old.textContent;
                old.replaceWith(script);
            }
            document.querySelector("main").append(output);
        }""",
        stepper.pooling(IMAGE, mode="average")._repr_html_(),
    )
    assert page.get_by_role("slider").count() == 3
    page.get_by_role("button", name="Next").last.click()
    assert sentence(page, 2).startswith("Row 1, column 2: ")
    assert page.get_by_role("slider").first.input_value() == "3"


def test_a_narrow_page_does_not_scroll_sideways(page):
    check_fits_a_phone(page)


def test_axe_finds_nothing(page):
    check_axe_finds_nothing(page)
