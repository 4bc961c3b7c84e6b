"""The kernel desk: its JavaScript agrees with NumPy, and the keyboard is enough."""

import base64
import io
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from widgets import check_focus_is_seen

from cnn_explainer import assets, desk, layers, probes

PICTURE = probes.aeroplane(32)
LEARNED = np.random.default_rng(0).normal(size=(5, 5, 3, 2)).astype("float16")
MAP = ".map canvas"


def numbers(words):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", words.replace("−", "-"))]


# --- layers.js against layers.py ----------------------------------------------------------------


@pytest.fixture
def script(browser):
    """A page with the functions of layers.js."""
    page = browser.new_page()
    page.add_script_tag(content=assets.read("layers.js"))
    yield page
    page.close()


def as_object(array):
    return {"shape": array.shape, "data": array.ravel().tolist()}


def case(draw):
    """Arguments for `conv2d` as Python and JavaScript both take them, of random sizes."""
    stride, dilation = draw.integers(1, 4, 2).tolist(), draw.integers(1, 4, 2).tolist()
    window, channels = draw.integers(1, 5, 2), draw.integers(1, 5, 2)
    size = dilation * (window - 1) + draw.integers(1, 9, 2)
    paddings = [*["valid", "same", 2], [1, 3], draw.integers(0, 4, (2, 2)).tolist()]
    return {
        "image": draw.normal(size=(*size, channels[0])).astype("float32"),
        "kernel": draw.normal(size=(*window, *channels)).astype("float32"),
        "bias": draw.normal(size=channels[1]).astype("float32") if draw.random() < 0.5 else None,
        "stride": stride if draw.random() < 0.7 else stride[0],
        "padding": paddings[draw.integers(len(paddings))],
        "dilation": dilation if draw.random() < 0.7 else min(dilation),
    }


def test_conv2d_of_the_script_is_that_of_numpy(script):
    draw = np.random.default_rng(3)
    cases = [case(draw) for _ in range(60)]
    given = [
        each
        | {name: as_object(each[name]) for name in ("image", "kernel")}
        | {"bias": None if each["bias"] is None else each["bias"].tolist()}
        for each in cases
    ]
    outputs = script.evaluate(
        """cases => cases.map(({image, kernel, bias, ...way}) => {
            const {shape, data} = conv2d(image, kernel, bias, way);
            return {shape, data: [...data]};
        })""",
        given,
    )
    for each, output in zip(cases, outputs, strict=True):
        expected = layers.conv2d(**each)
        assert tuple(output["shape"]) == expected.shape, each
        np.testing.assert_allclose(
            np.reshape(output["data"], expected.shape), expected, rtol=1e-5, atol=1e-5
        )


def test_conv2d_of_the_script_without_options(script):
    image, kernel = np.arange(16.0).reshape(4, 4, 1), np.ones((3, 3, 1, 1))
    call = "([image, kernel]) => [...conv2d(image, kernel).data]"
    output = script.evaluate(call, [as_object(image), as_object(kernel)])
    assert output == layers.conv2d(image, kernel).ravel().tolist()


def test_relu_of_the_script(script):
    call = "data => [...relu({shape: [1, 1, 4], data: Float32Array.from(data)}).data]"
    assert script.evaluate(call, [-1, 0, 0.5, 2]) == [0, 0, 0.5, 2]


@pytest.mark.parametrize(
    ("shape", "message"),
    [((3, 3, 2, 1), "must take 1 channels. Received: 2"), ((3, 5, 1, 1), "padded image of 4")],
)
def test_the_script_names_what_does_not_fit(script, shape, message):
    call = "([image, kernel]) => { try { conv2d(image, kernel) } catch (e) { return e.message } }"
    pair = [as_object(np.ones((4, 4, 1))), as_object(np.ones(shape))]
    assert message in script.evaluate(call, pair)


# --- what Python writes -------------------------------------------------------------------------


def markup(figure):
    """The figure as a tree of elements: it is well-formed."""
    return ET.fromstring(f"<div>{figure._repr_html_().split('<script>')[0]}</div>")


def shown_picture(element):
    data = element.get("src").removeprefix("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), int)


def test_the_parts_add_up_to_the_sum():
    figure = desk.kernels(PICTURE, kernel=LEARNED[..., 0])
    assert figure.maps.shape == (28, 28, 4)
    np.testing.assert_allclose(figure.maps[..., :3].sum(axis=-1), figure.maps[..., 3])
    np.testing.assert_allclose(
        figure.maps[..., 3], layers.conv2d(PICTURE, LEARNED[..., :1])[..., 0], rtol=1e-3, atol=0.5
    )


def test_without_scripts_picture_and_map_are_seen():
    figure = desk.kernels(PICTURE)
    picture, drawn = markup(figure).findall(".//img")
    np.testing.assert_array_equal(shown_picture(picture), PICTURE)
    values, colours = figure.maps[..., 3], shown_picture(drawn)
    assert colours.shape == (30, 30, 3)
    # Blue is below zero, yellow above, and zero is grey.
    blueness = colours[..., 2] - colours[..., 0]
    assert (blueness[values < -0.5 * figure.limit] > 30).all()
    assert (blueness[values > 0.5 * figure.limit] < -30).all()
    assert np.ptp(colours[values == 0], axis=-1).max() < 8
    low, high = values.min(), values.max()
    assert numbers(drawn.get("alt").split("value is ")[1])[:4:3] == [low, high]
    assert repr(figure) == f"{figure.label}. {drawn.get('alt')}"
    assert (
        markup(figure).find(".//p").text == "Where scripts may run, the kernel can be edited here."
    )


def test_presets_come_with_the_desk_and_more_are_added():
    figure = desk.kernels(PICTURE, presets={"Learned": LEARNED, "Right": np.eye(3)})
    added = ["Learned, filter 0", "Learned, filter 1", "Right"]
    assert list(figure.presets) == [*desk.PRESETS, *added]
    np.testing.assert_allclose(figure.presets["Learned, filter 1"], LEARNED[..., 1], rtol=1e-3)
    np.testing.assert_array_equal(figure.presets["Right"], np.dstack([np.eye(3)] * 3))


@pytest.mark.parametrize(
    ("name", "sum_of_weights"),
    list(zip(desk.PRESETS, [1, 1, 1, 0, 0, 1, 0], strict=True)),
)
def test_a_plain_picture_stays_or_vanishes(name, sum_of_weights):
    figure = desk.kernels(np.full((6, 6, 3), 100, np.uint8), kernel=name)
    np.testing.assert_allclose(figure.maps[..., 0], 100 * sum_of_weights, rtol=1e-3)


def test_a_figure_stays_small():
    figure = desk.kernels(
        probes.aeroplane(96), presets={"LeNet-5": np.resize(LEARNED, (5, 5, 3, 6))}
    )
    assert len(figure._repr_html_().encode()) <= 40_000


def test_no_name_can_break_the_page():
    name = '</script><b>"x"'
    html = desk.kernels(PICTURE, label=name, presets={name: np.eye(3)})._repr_html_()
    assert html.count("</script>") == 2
    assert "<b>&quot;" not in html
    data = re.search(r'<script type="application/json">(.*?)</script>', html)[1]
    assert name in json.loads(data)["presets"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: desk.kernels(PICTURE[..., 0]), "`image` must be uint8 of the shape (H, W, 3)"),
        (lambda: desk.kernels(PICTURE / 255), "Received: float64"),
        (lambda: desk.kernels(PICTURE[:4]), "H and W from 5 to 128"),
        (lambda: desk.kernels(np.zeros((5, 129, 3), np.uint8)), "H and W from 5 to 128"),
        (lambda: desk.kernels(PICTURE, kernel="Sobel"), "one of Identity, Blur"),
        (lambda: desk.kernels(PICTURE, kernel=np.ones((4, 4))), "`kernel` must be finite and of"),
        (lambda: desk.kernels(PICTURE, kernel=np.full((3, 3), np.nan)), "`kernel` must be finite"),
        (lambda: desk.kernels(PICTURE, presets={"x": np.ones((3, 3, 2, 6))}), "`presets` must be"),
    ],
)
def test_an_error_names_the_argument(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


# --- what the reader does -----------------------------------------------------------------------


@pytest.fixture
def figure():
    return desk.kernels(PICTURE, presets={"Learned": LEARNED})


@pytest.fixture
def path(figure, tmp_path):
    """Two desks on a page."""
    body = figure._repr_html_() + desk.kernels(PICTURE, kernel="Blur", label="Second")._repr_html_()
    path = tmp_path / "page.html"
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Desks</title>'
        '<meta name="color-scheme" content="light dark">'
        f"<main><h1>Desks</h1>{body}</main></html>",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def page(browser, path):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(path.as_uri())
    page.locator(MAP).nth(1).wait_for()
    yield page
    page.close()
    assert errors == []


def sentence(page):
    return page.get_by_role("status").first.inner_text()


def value(page):
    """What the sentence says comes out, before the ReLU."""
    return numbers(sentence(page).split(" = ")[1])[0]


def tab_to(page, selector, key="Tab"):
    """Press the key until this has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def painted(page, selector=MAP):
    """The colours of the first canvas, `(H, W, 3)`."""
    height, width, colours = page.locator(selector).first.evaluate(
        """canvas => [canvas.height, canvas.width,
            [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]]"""
    )
    return np.reshape(colours, (height, width, 4))[..., :3]


def test_the_live_map_looks_as_the_drawn_one(page, figure):
    drawn = shown_picture(markup(figure).findall(".//img")[1])
    # The drawn map has fewer colours.
    assert np.abs(painted(page) - drawn).max() <= 12
    assert page.locator(".scale .high").first.inner_text() == f"{figure.limit:.5g}"


def test_the_arrow_keys_move_the_pixel_and_no_further_than_the_border(page, figure):
    tab_to(page, MAP)
    row, column = 15, 15
    for key, down, right in [("ArrowDown", 1, 0), ("ArrowRight", 0, 1), ("ArrowLeft", 0, -1),
                             ("ArrowUp", -1, 0), ("Shift+ArrowUp", -10, 0),
                             ("Shift+ArrowLeft", 0, -10), ("Shift+ArrowUp", -10, 0)]:  # fmt: skip
        page.keyboard.press(key)
        row, column = max(row + down, 0), column + right
        assert sentence(page).startswith(f"Row {row + 1}, column {column + 1}, sum: red ")
        *parts, total = numbers(sentence(page))[2:]
        np.testing.assert_allclose([*parts, total], figure.maps[row, column])
    assert page.evaluate("scrollY") == 0


def test_a_click_chooses_the_pixel(page):
    box = page.locator(MAP).first.bounding_box()
    page.mouse.click(box["x"] + 4.5 / 30 * box["width"], box["y"] + 7.5 / 30 * box["height"])
    assert sentence(page).startswith("Row 8, column 5, ")
    box = page.locator(".picture").first.bounding_box()
    page.mouse.click(box["x"] + 9.5 / 32 * box["width"], box["y"] + 2.5 / 32 * box["height"])
    # The kernel's middle is there, and the map begins one pixel later.
    assert sentence(page).startswith("Row 2, column 9, ")


def test_every_preset_makes_its_map(page, figure):
    for name, kernel in figure.presets.items():
        page.get_by_role("combobox", name="Kernel").first.select_option(name)
        maps = desk.kernels(PICTURE, kernel=kernel).maps
        row, column = numbers(sentence(page))[:2]
        expected = maps[int(row) - 1, int(column) - 1, 3]
        assert value(page) == pytest.approx(expected, rel=1e-4, abs=0.01), name


def test_weights_are_edited_by_the_keyboard_alone(page):
    tab_to(page, "select")
    page.keyboard.type("Ide")
    assert page.locator(".cells input").first.input_value() == "0"
    tab_to(page, ".cells input")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("-2.5")
    kernel = np.array([[-2.5, 0, 0], [0, 1, 0], [0, 0, 0]])
    assert value(page) == pytest.approx(desk.kernels(PICTURE, kernel=kernel).maps[15, 15, 3])
    assert page.get_by_role("combobox", name="Kernel").first.input_value() == "Your own"
    page.keyboard.press("ArrowUp")
    kernel[0, 0] = -1.5
    assert value(page) == pytest.approx(desk.kernels(PICTURE, kernel=kernel).maps[15, 15, 3])
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    # An empty cell counts as zero, and Enter sends nothing anywhere.
    assert page.get_by_role("combobox", name="Kernel").first.input_value() == "Identity"


def test_one_channel_is_shown_and_edited_by_itself(page, figure):
    tab_to(page, "input[type=radio]")
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("radio", name="blue").first.is_checked()
    assert page.get_by_role("radio", name="sum").nth(1).is_checked()
    assert sentence(page).startswith("Row 16, column 16, blue: ")
    window = PICTURE[15:18, 15:18, 2]
    assert value(page) == figure.maps[15, 15, 2]
    terms = re.findall(r"(\d+)×\(?(−?\d)\)?", sentence(page))
    # Sobel's middle column is zero and left out.
    assert [int(pixel) for pixel, _ in terms] == window[:, ::2].ravel().tolist()
    assert page.locator(".cells span").all_inner_texts()[:9] == [f"× {x}" for x in window.flat]
    tab_to(page, ".cells input[aria-label$='row 1, column 1']", "Shift+Tab")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("7")
    assert value(page) == figure.maps[15, 15, 2] + 8 * int(window[0, 0])
    page.get_by_role("radio", name="sum").first.press(" ")
    assert value(page) == figure.maps[15, 15, 3] + 8 * int(window[0, 0])
    cell = page.locator(".cells input").first
    assert (cell.input_value(), cell.get_attribute("placeholder")) == ("", "mixed")


def test_the_weights_that_are_shown_are_those_reckoned_with(page, figure):
    name = "Learned, filter 0"
    page.get_by_role("combobox", name="Kernel").first.select_option(name)
    page.get_by_role("radio", name="red").first.check()
    cells = page.locator(".cells").first.locator("input")
    shown = [float(cell.input_value()) for cell in cells.all()]
    assert shown == figure.presets[name][..., 0].ravel().tolist()
    cell = cells.first
    for typed, kept in [("-12345", "-999"), ("0.123456", "0.1235"), ("5000", "999")]:
        cell.press("ControlOrMeta+A")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
        assert cell.input_value() == kept


def test_colours_that_tell_something_stay_where_a_reader_has_few(page):
    style = "e => getComputedStyle(e).backgroundImage"
    scale = page.locator(".scale div").first
    before = scale.evaluate(style)
    page.emulate_media(forced_colors="active")
    assert scale.evaluate(style) == before


def test_a_long_sum_leaves_out_its_middle(page):
    page.get_by_role("combobox", name="Kernel").first.select_option("Learned, filter 0")
    page.get_by_role("radio", name="red").first.check()
    assert sentence(page).count("×") == 8
    assert "…" in sentence(page)


def test_relu_bends_the_sum_alone(page, figure):
    tab_to(page, "input[type=checkbox]")
    red = painted(page, "fieldset canvas")
    before = painted(page)
    page.keyboard.press(" ")
    after = painted(page)
    negative = figure.maps[..., 3] < 0
    np.testing.assert_array_equal(after[~negative], before[~negative])
    np.testing.assert_array_equal(
        after[negative], np.broadcast_to(after[figure.maps[..., 3] == 0][0], after[negative].shape)
    )
    np.testing.assert_array_equal(painted(page, "fieldset canvas"), red)
    y, x = np.argwhere(negative)[0]
    box = page.locator(MAP).first.bounding_box()
    page.mouse.click(
        box["x"] + (x + 0.5) / 30 * box["width"], box["y"] + (y + 0.5) / 30 * box["height"]
    )
    assert sentence(page).endswith(", after the ReLU 0")


def test_a_kernel_grows_by_zeros_and_shrinks_to_its_middle(page, figure):
    def resize(label):
        page.get_by_role("combobox", name="Size").first.select_option(label)
        return [cell.input_value() for cell in page.locator(".cells").first.locator("input").all()]

    small = resize("3 × 3")
    before = value(page)
    assert small == ["-1", "0", "1", "-2", "0", "2", "-1", "0", "1"]
    large = np.reshape(resize("5 × 5"), (5, 5))
    assert large[1:4, 1:4].ravel().tolist() == small
    assert (large[[0, -1]] == "0").all()
    # The pixel under the middle stays, though the map is smaller.
    assert value(page) == before
    assert painted(page).shape == (28, 28, 3)
    assert resize("3 × 3") == small
    assert page.get_by_role("combobox", name="Kernel").first.input_value() == "Sobel x"


def test_the_focus_is_seen_on_every_control(page):
    check_focus_is_seen(page, controls=14)


def test_a_desk_that_comes_later_starts_too_and_leaves_the_others_alone(page):
    page.locator(".cells input").first.fill("5")
    before = sentence(page)
    html = desk.kernels(PICTURE, kernel="Laplacian")._repr_html_()
    page.evaluate(
        """html => document.querySelector("main").append(
            document.createRange().createContextualFragment(html))""",
        html,
    )
    page.locator(MAP).nth(2).wait_for()
    assert page.get_by_role("combobox", name="Kernel").last.input_value() == "Laplacian"
    assert sentence(page) == before


def test_paper_shows_the_map_and_no_hints(page):
    page.emulate_media(media="print")
    assert page.locator(MAP).first.is_visible()
    assert page.locator(".cells input").first.is_visible()
    assert not page.locator(".hint").first.is_visible()


def test_without_javascript_the_drawn_map_stays(browser, path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator(".map img").first.is_visible()
    assert page.get_by_text("Where scripts may run").first.is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(page, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.get_by_role("combobox", name="Kernel").first.select_option("Learned, filter 0")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
