"""Disturbed pictures: what is done to the pixels, the chart of it, and the patch that slides."""

import io
import re

import numpy as np
import playgrounds
import pytest
import scipy.fft
from PIL import Image
from playgrounds import evaluate
from widgets import check_axe_finds_nothing, check_fits_a_phone

REST = dict.fromkeys("mirror turn zoom right down brightness noise seed blocks".split(), 0)
PICTURE = np.random.default_rng(8).integers(0, 256, (32, 32, 3)).astype(float)


# --- the pixels ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script(browser, tmp_path_factory):
    """A page with the scripts and no playground."""
    page = browser.new_page()
    page.goto(playgrounds.write_scripts(tmp_path_factory.mktemp("scripts")).as_uri())
    yield page
    page.close()


def disturbed(script, picture=PICTURE, **settings):
    pixels = evaluate(
        script,
        """(pixels, shape, settings) => {
            const image = {pixels: Float32Array.from(pixels), shape, name: "kept"};
            const after = playground.disturbed(image, settings);
            if (after.name !== "kept") throw new Error("the name is lost");
            return [...after.pixels];
        }""",
        picture.ravel().tolist(),
        picture.shape[:2],
        REST | settings,
    )
    return np.reshape(pixels, picture.shape)


def test_at_rest_the_picture_stays(script):
    np.testing.assert_array_equal(disturbed(script), PICTURE)
    np.testing.assert_array_equal(disturbed(script, PICTURE[:7, :9]), PICTURE[:7, :9])


@pytest.mark.parametrize(
    ("mirror", "turn", "zoom"), [(0, 30, 0), (1, 0, 0), (0, 0, 25), (0, -75, -40), (1, 170, 80)]
)
def test_turning_and_zooming_are_those_of_the_training(script, mirror, turn, zoom):
    from keras import ops

    from cnn_explainer.augmentation import output_to_input

    for picture in (PICTURE, PICTURE[:20, :27]):
        # The training's angle is anticlockwise, and its zoom says how much more is seen.
        angle, seen = np.radians([-turn]), [1 / (1 + zoom / 100)]
        maps = output_to_input([-1 if mirror else 1], angle, seen, picture.shape[:2])
        expected = ops.image.affine_transform(
            picture[None].astype("float32"), maps, "bilinear", "reflect"
        )
        after = disturbed(script, picture, mirror=mirror, turn=turn, zoom=zoom)
        np.testing.assert_allclose(after, ops.convert_to_numpy(expected)[0], atol=0.05)


def test_a_quarter_turn_is_clockwise(script):
    turned = disturbed(script, turn=90)
    np.testing.assert_allclose(turned, np.rot90(PICTURE, -1), atol=1e-3)


def test_a_shift_brings_in_the_reflection(script):
    after = disturbed(script, right=3, down=-2)
    np.testing.assert_array_equal(after[:-2, 3:], PICTURE[2:, :-3])
    np.testing.assert_array_equal(after[:-2, :3], PICTURE[2:, 2::-1])
    np.testing.assert_array_equal(after[-2:, 3:], PICTURE[:-3:-1, :-3])


def test_brightness_is_added_and_clipped(script):
    np.testing.assert_array_equal(disturbed(script, brightness=100), np.minimum(PICTURE + 100, 255))
    np.testing.assert_array_equal(disturbed(script, brightness=-128), np.maximum(PICTURE - 128, 0))


def test_noise_is_normal_and_a_seed_decides_it(script):
    grey = np.full((64, 64, 3), 127.0)
    noises = [disturbed(script, grey, noise=20, seed=seed) - grey for seed in range(3)]
    np.testing.assert_array_equal(disturbed(script, grey, noise=20, seed=1) - grey, noises[1])
    for noise in noises:
        # Within five standard errors of 12,288 draws.
        assert abs(noise.mean()) < 5 * 20 / np.sqrt(noise.size)
        assert noise.std() == pytest.approx(20, rel=5 / np.sqrt(2 * noise.size))
        assert np.mean(np.abs(noise) < 20) == pytest.approx(0.6827, abs=0.025)
        neighbours = np.corrcoef(noise.ravel()[1:], noise.ravel()[:-1])[0, 1]
        assert abs(neighbours) < 5 / np.sqrt(noise.size)
    assert abs(np.corrcoef(noises[0].ravel(), noises[1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("shape", [(32, 32), (8, 8), (19, 13), (5, 20)])
def test_blocks_round_the_waves_of_a_cosine_transform(script, shape):
    # No whole numbers: their waves may lie in the middle between two steps.
    picture = 0.9 * PICTURE[: shape[0], : shape[1]] + np.pi
    after = disturbed(script, picture, blocks=20)
    steps = 20 * (1 + np.add.outer(range(8), range(8)))
    padded = np.pad(picture, [(0, -shape[0] % 8), (0, -shape[1] % 8), (0, 0)], "edge")
    expected = np.empty_like(padded)
    for y in range(0, padded.shape[0], 8):
        for x in range(0, padded.shape[1], 8):
            for c in range(3):
                block = np.s_[y : y + 8, x : x + 8, c]
                waves = scipy.fft.dctn(padded[block], norm="ortho") / steps
                expected[block] = scipy.fft.idctn(np.floor(waves + 0.5) * steps, norm="ortho")
    expected = np.clip(expected, 0, 255)[: shape[0], : shape[1]]
    np.testing.assert_allclose(after, expected, atol=1e-2)


def test_blocks_are_like_those_of_jpeg(script):
    smooth = np.clip(np.add.outer(np.arange(32) * 4, np.arange(32) * 3), 0, 255)
    picture = np.repeat(smooth[..., None], 3, axis=-1).astype(float)
    file = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(file, "jpeg", quality=10, subsampling=0)
    jpeg = np.asarray(Image.open(file), float)
    ours = disturbed(script, picture, blocks=20)
    assert np.abs(ours - picture).mean() == pytest.approx(np.abs(jpeg - picture).mean(), rel=1)


# --- the page -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lenets(browser, tmp_path_factory):
    with playgrounds.lenets(browser, tmp_path_factory.mktemp("lenets")) as page:
        yield page


@pytest.fixture
def page(lenets):
    """LeNet-5 in two variants, the first of them chosen."""
    with playgrounds.anew(lenets, PICTURE) as page:
        yield page


def compare(page):
    page.get_by_label("Compare with").select_option("lenet5-augmented")
    page.wait_for_function("app.results.length === 2")


def settle(page):
    page.evaluate("app.rerun()")


def pixels(page):
    return np.reshape(evaluate(page, "() => [...app.image.pixels]"), PICTURE.shape)


def probability(page, picture, name, side=0):
    """Straight from the network."""
    (one,) = probabilities(page, [picture], name, side)
    return one


def probabilities(page, pictures, name, side=0):
    return evaluate(
        page,
        """(pictures, name, side) => pictures.map((pixels) => {
            const model = app.models[side];
            const activations = cnn.forward(model, Float32Array.from(pixels));
            return cnn.probabilities(activations)[model.classes.indexOf(name)];
        })""",
        [picture.ravel().tolist() for picture in pictures],
        name,
        side,
    )


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def test_a_slider_disturbs_what_the_network_gets(page):
    slider = page.get_by_role("slider", name="Brightness")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    settle(page)
    np.testing.assert_array_equal(pixels(page), np.minimum(PICTURE + 24, 255))
    assert slider.get_attribute("aria-valuetext") == "24"
    page.get_by_role("checkbox", name="Mirror").check()
    settle(page)
    np.testing.assert_array_equal(pixels(page), np.minimum(PICTURE + 24, 255)[:, ::-1])
    name = page.evaluate("app.models[0].classes[2]")
    shown = page.evaluate("cnn.probabilities(app.results[0])[2]")
    assert shown == pytest.approx(probability(page, pixels(page), name), rel=1e-5)
    page.get_by_role("button", name="Reset the picture").press("Enter")
    settle(page)
    np.testing.assert_array_equal(pixels(page), PICTURE)
    assert slider.get_attribute("aria-valuetext") == "0"
    assert not page.get_by_role("checkbox", name="Mirror").is_checked()


def test_the_mistake_of_0_to_255(page):
    compare(page)
    first = "[...app.results[SIDE][0].data]"
    before = [page.evaluate(first.replace("SIDE", side)) for side in "01"]
    switch = page.get_by_label("Feed 0 to 255")
    switch.check()
    settle(page)
    for side, values in zip("01", before, strict=True):
        after = page.evaluate(first.replace("SIDE", side))
        np.testing.assert_allclose(after, np.multiply(values, 255), rtol=1e-5)
    assert page.locator(".edits li", has_text="fed with 0 to 255").count() == 2
    # It is a change like any other.
    page.get_by_role("button", name="Undo all").press("Enter")
    settle(page)
    assert page.evaluate(first.replace("SIDE", "0")) == before[0]
    assert not switch.is_checked()


def chart(page, name, watched):
    """Draw a chart, and give its lines' probabilities."""
    # What was drawn before is not to be taken for it.
    page.evaluate("document.querySelector('.chart').ariaLabel = ''")
    subject, target = page.locator(".perturb select").all()
    subject.select_option(label=name)
    target.select_option(watched)
    drawn = page.locator(".chart")
    drawn.scroll_into_view_if_needed()
    page.wait_for_function(
        """([name, watched]) => {
            const said = document.querySelector(".chart").ariaLabel;
            return said.includes(`${watched} by ${name}`);
        }""",
        arg=[name, watched],
    )
    paths = drawn.locator("path[class^=side]").evaluate_all("all => all.map((p) => p.outerHTML)")
    points = [re.findall(r"([\d.]+) ([\d.]+)", path.split('d="M')[1]) for path in paths]
    return [[(150 - float(y)) / 140 for _, y in line] for line in points]


def test_the_chart_is_what_the_networks_say_along_the_way(page, script):
    compare(page)
    lines = chart(page, "Rotate", "cat")
    assert [len(line) for line in lines] == [25, 25]
    for side, line in enumerate(lines):
        for i in (0, 5, 12, 24):
            turned = disturbed(script, turn=-180 + 15 * i)
            assert line[i] == pytest.approx(probability(page, turned, "cat", side), abs=1e-3)
    items = page.locator(".perturb li").all_text_contents()
    assert len(items) == 2
    for item, line in zip(items, lines, strict=True):
        low, _, high, _ = numbers(item.split(":")[1])
        assert [low, high] == pytest.approx([min(line), max(line)], abs=2e-3)


def test_the_second_network_may_go_while_the_chart_is_drawn(page):
    compare(page)
    page.locator(".chart").scroll_into_view_if_needed()
    page.evaluate(
        "{ const ask = app.ask; app.ask = (...all) => (window.asked = ask(...all)); null }"
    )
    page.locator(".perturb select").first.select_option("zoom")
    page.wait_for_function("window.asked")
    page.get_by_label("Compare with").select_option("")
    settle(page)
    (line,) = chart(page, "Zoom", page.evaluate("app.watched"))
    assert len(line) == 25


def test_the_chart_follows_the_other_dials(page, script):
    page.get_by_role("slider", name="Noise", exact=True).fill("40")
    (line,) = chart(page, "Mirror", "ship")
    expected = [
        probability(page, disturbed(script, noise=40, mirror=mirror), "ship") for mirror in (0, 1)
    ]
    assert line == pytest.approx(expected, abs=1e-3)


# --- the patch ----------------------------------------------------------------------------------


def test_the_patch_finds_what_the_answer_depends_on(page):
    compare(page)
    page.get_by_role("slider", name="Grey patch").fill("10")
    watched = page.evaluate("app.watched")
    page.get_by_role("button", name="Slide it over the picture").press("Enter")
    captions = page.locator(".maps figcaption")
    captions.nth(1).wait_for(timeout=60_000)
    places = [(y, x) for y in range(0, 23, 2) for x in range(0, 23, 2)]
    for side in range(2):
        pictures = [PICTURE.copy() for _ in places]
        for covered, (y, x) in zip(pictures, places, strict=True):
            covered[y : y + 10, x : x + 10] = 127.5
        values = probabilities(page, pictures, watched, side)
        plain = probability(page, PICTURE, watched, side)
        low, high = min(values), max(values)
        expected = [plain]
        for extreme, change in ((low, plain - low), (high, high - plain)):
            y, x = places[values.index(extreme)]
            # As far as three digits show.
            if f"{extreme:.3f}" != f"{plain:.3f}":
                expected += [change, extreme, y + 1, y + 10, x + 1, x + 10]
        said = captions.nth(side).text_content().split(f": {watched} ")[1]
        assert numbers(said) == pytest.approx([*expected, low, high], abs=1e-3)
        assert ("Nowhere" in said) == (len(expected) < 13)
    assert page.locator(".said").text_content() == "".join(captions.all_text_contents())
    sizes = "all => all.map(({width, height}) => [width, height])"
    assert page.locator(".maps .map").evaluate_all(sizes) == [[12, 12], [12, 12]]


def test_where_nothing_changes_it_is_said(page):
    page.get_by_role("slider", name="Grey patch").fill("16")
    page.evaluate("{ app.ask = async () => 0.25; null }")
    page.get_by_role("button", name="Slide it over the picture").press("Enter")
    caption = page.locator(".maps figcaption")
    caption.wait_for()
    assert caption.text_content().endswith(
        "has 0.250, and keeps it wherever the patch lies: nothing changed."
    )


def test_a_class_that_one_network_does_not_know_is_absent(page):
    """A second network on pictures of the same size, with two classes of its own."""
    page.evaluate(
        """() => {
            const { models: [first] } = app;
            const classes = ["cat", "yes", ...first.classes.slice(2)];
            app.setModel(1, { ...first, title: "Other", classes, record: null });
            return app.rerun();
        }"""
    )
    bars = page.locator(".answers tr", has_text="airplane").locator("td")
    assert bars.locator(".bar.side0").count() == 1
    assert bars.locator(".bar.side1").count() == 0
    assert bars.last.locator("div").all_text_contents()[1] == "absent"
    lines = chart(page, "Zoom", "airplane")
    assert [len(line) for line in lines] == [25]
    assert page.locator(".perturb li").all_text_contents()[1] == "Other has no class airplane"
    page.get_by_role("slider", name="Grey patch").fill("16")
    page.get_by_role("button", name="Slide it over the picture").press("Enter")
    captions = page.locator(".maps figcaption")
    captions.nth(1).wait_for(timeout=60_000)
    assert captions.nth(1).text_content() == "Other has no class airplane."
    assert page.locator(".maps .map").count() == 1


def test_the_map_lies_on_what_the_network_saw(page):
    """The picture on the screen is another while one draws on it."""
    page.get_by_role("checkbox", name="Mirror").check()
    settle(page)
    page.get_by_role("button", name="Draw", exact=True).press("Enter")
    page.get_by_role("slider", name="Grey patch").fill("16")
    page.evaluate("{ app.ask = async () => 0.25; null }")
    page.get_by_role("button", name="Slide it over the picture").press("Enter")
    page.locator(".maps figcaption").wait_for()
    shown = evaluate(
        page,
        """() => {
            const { width, height } = document.querySelector(".maps canvas");
            const context = document.querySelector(".maps canvas").getContext("2d");
            return [...context.getImageData(0, 0, width, height).data];
        }""",
    )
    shown = np.reshape(shown, (*PICTURE.shape[:2], 4))[..., :3]
    np.testing.assert_array_equal(shown, PICTURE[:, ::-1])


def test_the_patch_can_be_stopped(page):
    page.get_by_role("slider", name="Grey patch").fill("2")
    page.evaluate("{ app.ask = () => new Promise((answer) => setTimeout(answer, 50, 0.5)); null }")
    page.get_by_role("button", name="Slide it over the picture").press("Enter")
    page.get_by_role("button", name="Stop").press("Enter")
    page.get_by_role("button", name="Slide it over the picture").wait_for()
    page.wait_for_timeout(300)
    assert page.get_by_role("button", name="Slide it over the picture").is_visible()
    assert page.locator(".maps figcaption").count() == 0


def test_another_picture_takes_the_map_away(page):
    page.get_by_role("slider", name="Grey patch").fill("16")
    page.get_by_role("button", name="Slide it over the picture").press("Enter")
    page.locator(".maps figcaption").wait_for(timeout=60_000)
    check_axe_finds_nothing(page)
    check_fits_a_phone(page)
    page.get_by_role("checkbox", name="Mirror").check()
    settle(page)
    assert page.locator(".maps").text_content() == ""
