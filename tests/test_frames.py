"""Frames that take turns: each with its sentence, moved by the keyboard alone."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from widgets import check_axe_finds_nothing, check_fits_a_phone, stop_clock

from cnn_explainer import frames, stepper
from cnn_explainer.figures import Figure
from cnn_explainer.figures.svg import Panel, text

SENTENCES = ("One.", 'Two & "more".', "Three </script>.")


def figure(name, source=""):
    panels = tuple(Panel(200, 30, text(0, 20, f"{name} {side}")) for side in ("left", "right"))
    return Figure(panels, f"The <{name}> frame", "not shown", source)


def made(source=""):
    return frames.stepper(
        [(figure(f"f{i}", source), said) for i, said in enumerate(SENTENCES)],
        label="Three <frames>",
    )


def test_the_markup_shows_the_last_frame_alone():
    page = BeautifulSoup(made()._repr_html_(), "html.parser")
    drawn = page.select(".frame")
    assert [frame["aria-label"] for frame in drawn] == [f"The <f{i}> frame" for i in range(3)]
    assert [frame.has_attr("hidden") for frame in drawn] == [True, True, False]
    assert page.select_one(".sentence").text == SENTENCES[-1]
    assert page.figcaption.text == "Three <frames>"


def test_no_sentence_can_end_the_script():
    html = made()._repr_html_()
    found = re.search(r'<script type="application/json">(.*?)</script>', html)[1]
    assert json.loads(found) == {"steps": [[sentence] for sentence in SENTENCES]}


def test_the_text_says_what_the_figure_shows():
    assert repr(made()) == "Three <frames>. 3 frames, the last: Three </script>."


def test_a_source_that_all_share_is_named_once():
    assert "<small>" not in made()._repr_html_()
    assert made("seed 42")._repr_html_().count("seed 42") == 1


def test_no_frame_is_an_error():
    with pytest.raises(ValueError, match="`frames` must hold a figure and a sentence"):
        frames.stepper([], label="Nothing")


@pytest.fixture
def page(show):
    """Frames, and a stepper with boards beside them."""
    return show(made(), stepper.pooling([[1, 2], [3, 4]]))


def seen(page):
    """The names of the frames that are on the screen, and their sentence."""
    drawn = page.locator(".on-screen .frame:visible").all()
    names = [frame.get_attribute("aria-label") for frame in drawn]
    return names, page.locator(".on-screen .sentence").first.inner_text()


def test_the_keyboard_shows_one_frame_after_the_other(page):
    page.keyboard.press("Tab")
    for key, i in [(None, 0), ("ArrowRight", 1), ("End", 2), ("ArrowRight", 2), ("ArrowLeft", 1),
                   ("Home", 0)]:  # fmt: skip
        if key:
            page.keyboard.press(key)
        assert seen(page) == ([f"The <f{i}> frame"], SENTENCES[i])


def test_space_plays_to_the_end(page):
    stop_clock(page)
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press(" ")
    page.clock.run_for(60_000)
    assert seen(page) == (["The <f2> frame"], SENTENCES[2])


def test_paper_shows_the_last_frame_alone(page):
    page.keyboard.press("Tab")
    page.emulate_media(media="print")
    drawn = page.locator(".frame:visible").all()
    assert [frame.get_attribute("aria-label") for frame in drawn] == ["The <f2> frame"]


def test_the_stepper_s_look_leaves_the_frames_own_text_alone(page):
    size = "getComputedStyle(document.querySelector('.on-screen .frame text')).fontSize"
    assert page.evaluate(size) == "12px"


def test_no_id_is_there_twice_and_each_reference_finds_its_own(browser):
    drawn = '<clipPath id="c"><rect width="9" height="9"/></clipPath><path clip-path="url(#c)"/>'
    clipped = Figure((Panel(9, 9, drawn),), "A clipped path", "")
    page = browser.new_page()
    frame = frames.stepper([(figure("first"), "One."), (clipped, "Two.")], label="Two")
    page.set_content(frame._repr_html_())
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    used = page.evaluate(
        "[...document.querySelectorAll('path')].map(path => path.getAttribute('clip-path'))"
    )
    assert sorted(ids) == ["c", "screen-c"]
    assert used == [f"url(#{name})" for name in ids]
    page.close()


def test_a_narrow_page_does_not_scroll_sideways(page):
    check_fits_a_phone(page)


def test_axe_finds_nothing(page):
    check_axe_finds_nothing(page)
