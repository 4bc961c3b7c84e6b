"""The live networks' page: pictures of every kind, networks, layers, answers; nothing leaves it."""

import base64
import functools
import io
import json
import re
import threading
from http.server import ThreadingHTTPServer
from types import SimpleNamespace

import networks
import numpy as np
import pytest
from building import REPOSITORY
from conftest import QuietHandler
from PIL import Image
from playgrounds import hook, put_on_page
from test_cli import call
from widgets import check_axe_finds_nothing, check_fits_a_phone

from cnn_explainer import layers, probes, runs, weights, words
from cnn_explainer.experiments import get

LENET, AUGMENTED, BASE = "lenet5-plain", "lenet5-augmented", "base-plain"
CHANNELS_AND_MAPS = 675
TALL = 20_000


@pytest.fixture(scope="module")
def static(tmp_path_factory, live_models):
    """What a site has in `_static`: the scripts and the networks."""
    folder = tmp_path_factory.mktemp("site") / "_static"
    folder.mkdir()
    (folder / "models").symlink_to(live_models)
    return folder


@pytest.fixture(scope="module")
def address(static):
    """A page that starts with LeNet-5 and the aeroplane."""
    return put_on_page(static, f'data-model="{LENET}" data-sample="aeroplane"').as_uri()


@pytest.fixture(scope="module")
def window(browser):
    """One window for all tests, and the errors of its scripts."""
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(error))
    yield page, errors
    page.close()


@pytest.fixture
def opened(window):
    """Open a page anew and wait for its first answer; a script's error is the test's."""

    page, errors = window

    def open_page(address, reduced_motion="no-preference"):
        page.set_viewport_size({"width": 1100, "height": 900})
        page.emulate_media(reduced_motion=reduced_motion)
        page.goto(address)
        page.wait_for_selector(".answers table")
        settle(page)
        return page

    errors.clear()
    yield open_page
    assert errors == []


@pytest.fixture
def page(opened, address):
    return opened(address)


def settle(page):
    """Wait until the networks have run."""
    page.wait_for_selector('.cnn-playground[aria-busy="false"]')


def probabilities(page, side=0):
    settle(page)
    values = page.locator(f".answers td:last-child div:nth-child({side + 1})")
    return [float(text) for text in values.all_text_contents()]


def picture(page):
    """The pixels that are shown, `(H, W, 3)`."""
    settle(page)
    url = page.evaluate("document.querySelector('.input canvas').toDataURL()")
    file = io.BytesIO(base64.b64decode(url.split(",")[1]))
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def choose(page, label, name):
    """Choose a network, and wait until it is there."""
    page.get_by_role("combobox", name=label, exact=True).select_option(name)
    page.get_by_role("grid", name=f"The layers of {words.experiment(get(name))}").wait_for()
    settle(page)


def take_sample(page, name):
    """Press a sample, and wait until the networks have it: opening it takes a moment."""
    page.get_by_role("button", name=name).click()
    page.locator(f'.samples [aria-pressed="true"][title="{name}"]').wait_for()
    settle(page)


def expect(page, place, words):
    """Wait until these words stand there. (The page's policy forbids Playwright's own way.)"""
    page.locator(place, has_text=words).first.wait_for(state="attached")


def complaint(page):
    page.wait_for_selector(".complaint:not(:empty)")
    return page.locator(".complaint").inner_text()


# --- answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["aeroplane", "rose"])
def test_the_answer_is_that_of_the_record(page, name):
    take_sample(page, f"Drawn {name}")
    np.testing.assert_allclose(probabilities(page), runs.load(LENET).probes[name], atol=2e-3)


def test_the_record_stands_beside_the_answer(page):
    run = runs.load(LENET)
    share = max(run.probes["aeroplane"])
    place = min(int(share * runs.BINS), runs.BINS - 1)
    said = page.locator(".answers p").inner_text().replace("\N{NO-BREAK SPACE}", "")
    assert f"right on {run.test.accuracy:.1%}" in said
    assert f"right on {run.calibration.accuracy[place]:.1%}" in said
    assert f"{place / runs.BINS:.2f} to {(place + 1) / runs.BINS:.2f}" in said


def test_answer_and_truth_are_said_in_words(page):
    assert "answer, truth" in page.locator(".answers tr", has_text="airplane").inner_text()
    take_sample(page, "Drawn rose")
    assert "truth" not in page.locator(".answers").inner_text()


def test_the_answer_is_announced(page):
    expect(page, ".said", "airplane")
    take_sample(page, "Drawn rose")
    expect(page, ".said", "horse")


# --- pictures -----------------------------------------------------------------------------------


def drawn(size=(50, 70)):
    """A picture without sharp edges, on which every mistake of geometry shows."""
    y, x = np.mgrid[: size[0], : size[1]] / np.array(size)[:, None, None]
    return np.stack([255 * y, 255 * x, 255 * (1 - y)], axis=-1).astype(np.uint8)


def kinds():
    """Files as people have them: how each is written."""
    image = Image.fromarray(drawn())
    clear = image.copy()
    clear.putalpha(Image.fromarray(drawn()[..., 1] // 2))
    frames = [Image.fromarray(drawn()), Image.new("RGB", image.size, "red")]
    turned = Image.Exif()
    turned[0x0112] = 6
    return {
        "photo.jpg": (image, {"quality": 95}),
        "grey.png": (image.convert("L"), {}),
        "palette.gif": (image.quantize(64), {}),
        "animated.gif": (
            frames[0],
            {"save_all": True, "append_images": frames[1:], "duration": 20},
        ),
        "transparent.png": (clear, {}),
        "printer.jpg": (image.convert("CMYK"), {"quality": 95}),
        "turned.jpg": (image, {"quality": 95, "exif": turned}),
        "small.bmp": (image.resize((5, 9)), {}),
        "modern.webp": (image, {"lossless": True}),
        "long.png": (image.resize((3000, 7)), {}),
    }


@pytest.mark.parametrize("name", kinds())
def test_a_file_is_seen_as_predict_sees_it(page, tmp_path, name):
    image, options = kinds()[name]
    path = tmp_path / name
    image.save(path, **options)
    page.set_input_files(".input [type=file]", path)
    expect(page, ".input .title", name)
    # Decoders differ a little: in how colours are spread in a JPEG, and in what CMYK means.
    tolerance = {"printer.jpg": 8, "transparent.png": 3}.get(name, 2)
    assert np.abs(picture(page) - probes.image(path, 32)).max() <= tolerance


def hostile(name):
    image = io.BytesIO()
    if name == "huge.png":
        Image.new("1", (TALL, TALL)).save(image, "png")
    else:
        Image.fromarray(
            np.random.default_rng(0).integers(256, size=(90, 90, 3), dtype=np.uint8)
        ).save(image, "png")
    return {
        "words.png": b"This is no picture.",
        "empty.jpg": b"",
        "cut.png": image.getvalue()[: len(image.getvalue()) // 2],
        "head.png": image.getvalue()[:40],
        "huge.png": image.getvalue(),
        "page.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><p>",
    }[name]


@pytest.mark.parametrize("name", "words.png empty.jpg cut.png head.png huge.png page.svg".split())
def test_a_file_that_is_no_picture_is_refused_in_words(page, name):
    before = picture(page)
    page.set_input_files(
        ".input [type=file]", {"name": name, "mimeType": "image/png", "buffer": hostile(name)}
    )
    said = complaint(page)
    assert said.startswith(name)
    assert re.search(r"not a picture|cannot be decoded|20000 × 20000 pixels", said), said
    np.testing.assert_array_equal(picture(page), before)
    # The next picture takes the complaint away.
    take_sample(page, "Drawn rose")
    page.wait_for_selector(".complaint:empty", state="attached")


TRANSFER = """([selector, type, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], "mine.png", { type: "image/png" }));
    const target = document.querySelector(selector);
    const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
    target.dispatchEvent(new (type === "drop" ? DragEvent : ClipboardEvent)(type, options));
}"""


def png(colour):
    """The bytes of a small picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(file, "png")
    return list(file.getvalue())


@pytest.mark.parametrize(
    ("selector", "kind"), [(".input .frame", "drop"), (".answers", "drop"), ("body", "paste")]
)
def test_a_picture_may_be_dropped_or_pasted(page, selector, kind):
    page.evaluate(TRANSFER, [selector, kind, png("#205080")])
    expect(page, ".input .title", "mine.png")
    assert (picture(page) == [0x20, 0x50, 0x80]).all()


@pytest.mark.parametrize("tag", ["input", "textarea"])
def test_what_is_pasted_into_a_field_is_for_the_field(page, tag):
    field = "tag => document.querySelector('main').append(document.createElement(tag))"
    page.evaluate(field, tag)
    page.evaluate(TRANSFER, [f"main > {tag}", "paste", png("#205080")])
    page.wait_for_timeout(300)
    assert page.locator(".input .title").inner_text() == "Drawn aeroplane"


def test_what_is_pasted_before_there_is_a_network_is_ignored(browser, address):
    page = browser.new_page()
    held = []
    page.route("**/models/index.js", lambda route: held.append(route))
    page.goto(address)
    page.wait_for_selector(".cnn-playground.live", state="attached")
    page.evaluate(TRANSFER, ["body", "paste", png("#205080")])
    page.wait_for_timeout(300)
    assert page.locator(".complaint").text_content() == ""
    held[0].continue_()
    expect(page, ".input .title", "Drawn aeroplane")
    page.close()


def test_what_is_opened_slowly_does_not_replace_what_was_chosen_after_it(page):
    page.evaluate(
        """() => {
            const real = createImageBitmap;
            window.createImageBitmap = async (blob) => {
                await new Promise((resolve) => (window.release = resolve));
                return real(blob);
            };
        }"""
    )
    slow = {"name": "slow.bmp", "mimeType": "image/bmp", "buffer": bitmap()}
    page.set_input_files(".input [type=file]", slow)
    until(page, lambda: page.evaluate("'release' in window"))
    take_sample(page, "Drawn rose")
    page.evaluate("window.release()")
    page.wait_for_timeout(300)
    assert page.locator(".input .title").inner_text() == "Drawn rose"


def test_a_picture_larger_than_a_canvas_may_be_is_drawn_smaller(page, tmp_path):
    page.evaluate(
        """() => {
            const real = CanvasRenderingContext2D.prototype.getImageData;
            CanvasRenderingContext2D.prototype.getImageData = function (...box) {
                window.pixels = Math.max(window.pixels ?? 0, box[2] * box[3]);
                return real.apply(this, box);
            };
        }"""
    )
    path = tmp_path / "camera.jpg"
    Image.fromarray(drawn()).resize((5000, 4000)).save(path)
    page.set_input_files(".input [type=file]", path)
    expect(page, ".input .title", "camera.jpg")
    assert 16e6 < page.evaluate("window.pixels") <= 2**24
    assert np.abs(picture(page) - probes.image(path, 32)).max() <= 2


def test_a_canvas_that_stays_empty_is_said(page):
    page.evaluate(
        """() => {
            CanvasRenderingContext2D.prototype.getImageData = (x, y, width, height) =>
                new ImageData(width, height);
        }"""
    )
    large = {"name": "large.bmp", "mimeType": "image/bmp", "buffer": bitmap()}
    page.set_input_files(".input [type=file]", large)
    assert complaint(page) == "large.bmp is larger than this browser can paint."


def test_the_chart_watches_the_answer_for_each_new_picture(page):
    """Whatever its name: what is pasted is always called the same. Strokes make no new one."""
    target = page.locator(".perturb select").last
    target.wait_for()
    for grey in (60, 180):
        page.evaluate(TRANSFER, ["body", "paste", png((grey,) * 3)])
        until(page, lambda grey=grey: (picture(page) == grey).all())
        answer = page.locator(".answers tr", has_text="answer").locator("th").inner_text()
        until(page, lambda answer=answer: answer.startswith(target.input_value()))
        target.select_option("dog")
        assert not answer.startswith("dog")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.locator(".input canvas").press("Space")
    expect(page, ".input .title", "Drawing")
    settle(page)
    target.select_option("cat")
    for key in ("ArrowUp", "Space"):
        page.locator(".input canvas").press(key)
    settle(page)
    assert target.input_value() == "cat"


def test_one_draws_with_the_keyboard(page):
    before = picture(page)
    page.get_by_role("button", name="Draw", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator(".input canvas").focus()
    for key in ["ArrowUp"] * 3 + ["ArrowLeft"] * 2 + ["Space"]:
        page.keyboard.press(key)
    # Soon after, the answer is read out.
    expect(page, ".said", "Row 14, column 15, painted")
    after = picture(page)
    rows, columns = np.nonzero((after != before).any(axis=-1))
    assert (round(rows.mean()), round(columns.mean())) == (13, 14)
    assert after[13, 14].tolist() == [0xD5, 0x5E, 0x00]


def test_one_draws_with_the_pointer(page):
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("button", name="White sheet").click()
    page.get_by_label("Colour", exact=True).fill("#000000")
    box = page.locator(".input canvas").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"], steps=2)
    page.mouse.up()
    black = (picture(page) == 0).all(axis=-1)
    assert black[15:17, 4:28].all() and not black[:13].any()
    assert page.locator(".input .title").inner_text() == "Drawing"


CAMERA = """() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const context = canvas.getContext("2d");
    context.fillStyle = "rgb(40, 160, 80)";
    context.fillRect(0, 0, 64, 48);
    const stream = canvas.captureStream(30);
    setInterval(() => context.fillRect(0, 0, 64, 48), 30);
    window.tracks = stream.getTracks();
    navigator.mediaDevices.getUserMedia = async () => stream;
}"""


def test_the_camera_gives_a_picture_after_a_click(page):
    page.evaluate(CAMERA)
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Take the picture").click()
    expect(page, ".input .title", "Camera")
    assert np.abs(picture(page) - [40, 160, 80]).max() < 12
    assert page.evaluate("window.tracks[0].readyState") == "ended"


ASKED = """() => {
    const answers = (window.answers = []);
    navigator.mediaDevices.getUserMedia = () => new Promise((resolve) => answers.push(resolve));
}"""


def test_a_double_click_asks_for_the_camera_once(page):
    page.evaluate(ASKED)
    page.get_by_role("button", name="Camera").dblclick()
    assert page.evaluate("window.answers.length") == 1


def test_what_is_chosen_while_the_camera_is_asked_for_stays(page):
    page.evaluate(CAMERA)
    page.evaluate("async () => { window.stream = await navigator.mediaDevices.getUserMedia(); }")
    page.evaluate(ASKED)
    page.get_by_role("button", name="Camera").click()
    take_sample(page, "Drawn rose")
    page.evaluate("window.answers[0](window.stream)")
    until(page, lambda: page.evaluate("window.tracks[0].readyState") == "ended")
    assert page.locator("video").is_hidden()
    assert page.get_by_role("button", name="Camera").is_enabled()


def test_a_camera_that_is_refused_is_said(page):
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no')); }"
    )
    page.get_by_role("button", name="Camera").click()
    assert complaint(page) == "The camera gives no picture: no"


def test_a_chapter_brings_pictures_of_its_own(static, opened):
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "#808080").save(file, "png")
    src = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    sample = {"name": "cat", "label": "Test picture: cat", "src": src, "truth": "cat"}
    more = f'<script type="application/json" class="cnn-samples">{json.dumps([sample])}</script>'
    path = put_on_page(static, f'data-model="{LENET}"', "more.html", more)
    page = opened(path.as_uri())
    take_sample(page, "Test picture: cat")
    assert (picture(page) == 128).all()
    assert "truth" in page.locator(".answers tr", has_text="cat").inner_text()


# --- networks -----------------------------------------------------------------------------------


def test_two_networks_answer_side_by_side(page):
    choose(page, "Compare with", AUGMENTED)
    for side, name in enumerate([LENET, AUGMENTED]):
        expected = runs.load(name).probes["aeroplane"]
        np.testing.assert_allclose(probabilities(page, side), expected, atol=2e-3)
    assert "both answers, truth" in page.locator(".answers tr", has_text="airplane").inner_text()
    assert page.get_by_role("grid").count() == 2
    page.get_by_role("combobox", name="Compare with").select_option("")
    settle(page)
    assert page.get_by_role("grid").count() == 1


def test_a_network_that_comes_late_is_not_given_up_for_the_other_side(browser, address):
    page = browser.new_page()
    held = []
    page.route(f"**/models/{AUGMENTED}.js*", lambda route: held.append(route))
    page.goto(address)
    page.wait_for_selector(".answers table")
    page.get_by_role("combobox", name="Compare with").select_option(AUGMENTED)
    choose(page, "Network", BASE)
    assert page.locator(".model .hint").inner_text().count("Loading LeNet-5") == 1
    until(page, lambda: held)
    held[0].continue_()
    page.get_by_role("grid", name=f"The layers of {words.experiment(get(AUGMENTED))}").wait_for()
    assert page.get_by_role("grid").count() == 2
    assert "Loading" not in page.locator(".model .hint").inner_text()
    page.close()


# Keras, when it saves, does not know NumPy 2's ways yet.
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_one_loads_a_network_that_the_project_has_never_seen(page, tmp_path):
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomFlip("horizontal"),
            layers.Rescaling(1 / 127.5, -1),
            layers.Conv2D(12, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("tanh"),
            layers.AveragePooling2D(3, 2, padding="same"),
            layers.Dropout(0.3),
            layers.Conv2D(20, 3, dilation_rate=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
            layers.Softmax(),
        ],
        name="another",
    )
    networks.spread_weights(network, np.random.default_rng(3))
    network.save(tmp_path / "mine.keras")
    arguments = "--dtype", "float32", "--classes", "one,two,three,four"
    call("export", tmp_path / "mine.keras", "--to", tmp_path, *arguments)
    page.set_input_files(".model [type=file]", tmp_path / "mine.js")
    expect(page, ".answers", "mine")
    expected = network.predict(probes.aeroplane(32)[None].astype("float32"), verbose=0)
    np.testing.assert_allclose(probabilities(page), expected[0], atol=6e-4)
    # All of it can be opened up, too.
    for row in page.locator(".layer").all():
        row.locator(".tile, .strip").first.press("Enter")
        assert page.locator(".inspect .formula").inner_text().startswith("y = ")
        page.keyboard.press("Escape")


@pytest.mark.parametrize("content", ["", "alert(1)", "cnn.receive({})", '{"format": 2}'])
def test_a_file_that_is_no_network_is_refused_in_words(page, content):
    before = probabilities(page)
    page.set_input_files(
        ".model [type=file]",
        {"name": "bad.js", "mimeType": "text/javascript", "buffer": content.encode()},
    )
    assert complaint(page).startswith("bad.js: ")
    assert page.get_by_role("combobox", name="Network", exact=True).input_value() == LENET
    assert probabilities(page) == before


def tiny(size):
    """A network of one dense layer on pictures of this size."""
    count = size * size * 3 * 2
    data = np.random.default_rng(0).normal(size=count).astype("<f4") / size / 255
    return json.dumps(
        {
            **{"format": 1, "name": "tiny", "title": "Tiny", "classes": ["no", "yes"]},
            **{"input": [size, size, 3], "dtype": "float32", "record": None},
            "layers": [
                {"type": "flatten", "name": "flatten"},
                {
                    **{"type": "dense", "name": "dense", "activation": "softmax"},
                    **{"kernel": [size * size * 3, 2], "bias": False},
                },
            ],
            "weights": base64.b64encode(data.tobytes()).decode(),
        }
    )


def test_a_network_for_another_size_gets_the_picture_in_its_size(page):
    page.set_input_files(
        ".model [type=file]",
        {"name": "tiny.json", "mimeType": "text/json", "buffer": tiny(20).encode()},
    )
    expect(page, ".answers", "Tiny")
    assert picture(page).shape == (20, 20, 3)
    page.get_by_role("combobox", name="Compare with", exact=True).select_option(LENET)
    assert "pictures of one size" in complaint(page)


def test_a_map_of_very_many_pixels_can_be_opened(page):
    """More than a function takes as arguments."""
    side = 400
    network = {
        **{"format": 1, "name": "wide", "title": "Wide", "classes": ["no", "yes"]},
        **{"input": [side, side, 3], "dtype": "float32", "record": None},
        "layers": [
            {
                **{"type": "conv2d", "name": "conv", "kernel": [1, 1, 3, 1], "bias": False},
                **{"stride": [1, 1], "padding": "valid", "activation": "linear"},
            },
            {"type": "global_avg_pool2d", "name": "mean"},
            {
                **{"type": "dense", "name": "dense", "activation": "softmax"},
                **{"kernel": [1, 2], "bias": False},
            },
        ],
        "weights": base64.b64encode(np.arange(1, 6, dtype="<f4").tobytes()).decode(),
    }
    text = json.dumps(network).encode()
    page.set_input_files(
        ".model [type=file]", {"name": "wide.json", "mimeType": "text/json", "buffer": text}
    )
    expect(page, ".answers", "Wide")
    page.locator(".layer", has_text="conv").locator(".tile").press("Enter")
    expect(page, ".inspect figcaption", "picture, ")
    assert page.locator(".inspect fieldset canvas").count() == 3


# --- layers -------------------------------------------------------------------------------------


def test_what_is_out_of_sight_is_not_painted(opened, static):
    page = opened(put_on_page(static, f'data-model="{BASE}"', "base.html").as_uri())
    maps = page.locator(".tile:not(:has(span))")
    assert maps.count() == CHANNELS_AND_MAPS
    # A canvas has another size until it is painted.
    painted = (
        "() => [...document.querySelectorAll('.tile canvas')].filter(c => c.width <= 32).length"
    )
    at_first = page.evaluate(painted)
    assert 0 < at_first < CHANNELS_AND_MAPS / 2
    maps.last.scroll_into_view_if_needed()
    until(page, lambda: page.evaluate(painted) > at_first)


def until(page, right):
    """Waits for what a busy machine paints later; fails after ten seconds."""
    for _ in range(200):
        if right():
            return
        page.wait_for_timeout(50)
    assert right()


def colours(page, selector):
    """The colours in a canvas, `(H, W, 3)`."""
    url = page.locator(selector).first.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def test_a_scale_of_colours_is_for_a_map_or_a_layer(page):
    def with_yellow():
        tiles = [f".layer:nth-child(2) .tile:nth-child({i + 1}) canvas" for i in range(6)]
        return sum((colours(page, tile)[..., 0] > 240).any() for tile in tiles)

    until(page, lambda: with_yellow() == 1)
    page.get_by_role("combobox", name="One scale of colours for").select_option("each map")
    until(page, lambda: with_yellow() >= 4)


@pytest.mark.parametrize("unit", [2, 6, 10])
def test_pointing_at_a_map_shows_what_feeds_it(page, unit):
    page.locator(".layer", has_text="conv2").locator(".tile").nth(unit).hover()
    arrays = {
        path.split("/", 1)[1]: array.astype(np.float32)
        for path, array in weights.read(get(LENET)).items()
    }
    image = probes.aeroplane(32).astype(np.float32) / 255
    maps = layers.conv2d(image, arrays["conv1/kernel"], arrays["conv1/bias"])
    maps = layers.max_pool2d(layers.relu(maps), 2)
    parts = maps.mean(axis=(0, 1)) * arrays["conv2/kernel"][..., unit].sum(axis=(0, 1))
    said = page.locator(".bench .hint").inner_text().replace("−", "-")
    strongest = np.argsort(-np.abs(parts))[:3]
    assert said.startswith(f"conv2, {unit}: most comes from pool1")
    told = re.findall(r"(\d) \(([-+][\d.]+)\)", said)
    assert [int(unit) for unit, _ in told] == strongest.tolist()
    np.testing.assert_allclose([float(part) for _, part in told], parts[strongest], rtol=1e-2)
    lines = page.locator(".edges path:not(.back)")
    assert lines.count() == np.count_nonzero(parts)
    assert page.locator(".edges path.minus:not(.back)").count() == (parts < 0).sum()
    page.mouse.move(0, 0)
    assert page.locator(".edges path").count() == 0


@pytest.mark.parametrize(("layer", "unit", "said"), [(5, 37, "flatten, 37"), (2, 4, "pool1, 4")])
def test_what_is_only_handed_on_comes_from_one_map(page, layer, unit, said):
    page.evaluate("playground.part((app) => { window.app = app; })")
    point = "([layer, unit]) => app.point({ side: 0, layer, unit })"
    page.evaluate(point, [layer, unit])
    assert page.locator(".bench .hint").inner_text() == said
    marks = "all => all.map((each) => ['x', 'y'].map((name) => Number(each.getAttribute(name))))"
    own, before = page.locator(".edges rect").evaluate_all(marks)[:2]
    # Of 16 maps, those of a pixel side by side; of 6, the same.
    page.evaluate(point, [layer - 1, unit % 16])
    assert page.locator(".edges rect").evaluate_all(marks)[0] == before != own
    page.evaluate("app.point(null)")


def test_the_keyboard_alone_goes_from_the_picture_to_a_pixel(page):
    # The answer is read out a moment after it is there, and is not to be taken for the pixel's.
    expect(page, ".said", "airplane")
    first = page.locator('[role="gridcell"][tabindex="0"]')
    assert first.count() == 1
    first.focus()
    focused = "document.activeElement.ariaLabel"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "rescaling, map 1 of 3"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused).startswith("conv1, map")
    for layer in ["pool1", "conv2", "pool2", "flatten", "dense1", "dense2", "dense3"]:
        page.keyboard.press("PageDown")
        assert page.evaluate(focused).startswith(layer)
    page.keyboard.press("Home")
    assert page.evaluate(focused) == "dense3, airplane"
    for _ in range(5):
        page.keyboard.press("PageUp")
    assert page.evaluate(focused).startswith("conv2, map")
    cell = page.evaluate(focused)
    page.keyboard.press("Enter")
    assert "arrow keys choose a pixel" in page.evaluate(focused)
    before = page.locator(".chosen .value").inner_text()
    row, column = map(int, re.findall(r"\d+", before)[:2])
    page.keyboard.press("ArrowLeft" if column > 1 else "ArrowRight")
    moved = page.locator(".chosen .value").inner_text()
    assert moved.startswith(f"row {row}, column {column - 1 if column > 1 else column + 1}:")
    assert page.locator(".said").inner_text() == moved
    page.keyboard.press("Escape")
    assert page.locator(".drawer").is_hidden()
    assert page.evaluate(focused) == cell


def test_a_click_chooses_the_pixel_under_the_pointer(page):
    tile = page.locator(".layer", has_text="conv1").locator(".tile").nth(1)
    box = tile.locator("canvas").bounding_box()
    tile.click(position={"x": box["width"] * 10.5 / 28, "y": box["height"] * 4.5 / 28})
    assert page.locator(".chosen .value").inner_text().startswith("row 5, column 11:")
    assert tile.get_attribute("aria-selected") == "true"
    page.get_by_role("button", name="Next", exact=True).click()
    assert page.locator(".chosen .title").inner_text() == "conv1, map 2"


# --- what every reader is owed ------------------------------------------------------------------


def test_nothing_leaves_the_page(opened, static):
    """Not by itself, and not by a script that would like to."""
    handler = functools.partial(QuietHandler, directory=str(static.parent))
    asked = []

    class Listener(QuietHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_POST = do_HEAD = do_GET

    put_on_page(static, f'data-model="{LENET}"', "served.html")
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), each) for each in (handler, Listener)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    site, elsewhere = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        page = opened(f"{site}/served.html")
        requests = []
        page.on("request", lambda request: requests.append(request.url))
        page.set_input_files(
            ".input [type=file]",
            {"name": "mine.bmp", "mimeType": "image/bmp", "buffer": bitmap()},
        )
        expect(page, ".input .title", "mine.bmp")
        settle(page)
        assert [url for url in requests if not url.startswith(("blob:", "data:"))] == []
        page.evaluate(
            """async address => {
                navigator.sendBeacon(address + "/beacon", "x");
                new Image().src = address + "/image";
                try { new WebSocket(address.replace("http", "ws")); } catch {}
                await fetch(address + "/fetch", { mode: "no-cors" }).catch(() => null);
            }""",
            elsewhere,
        )
        page.wait_for_timeout(300)
        assert asked == []
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def bitmap():
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, "bmp")
    return file.getvalue()


def test_it_fits_a_phone_and_axe_finds_nothing(page):
    page.locator(".layer", has_text="conv1").locator(".tile").nth(1).click()
    check_axe_finds_nothing(page)
    check_fits_a_phone(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    check_axe_finds_nothing(page)


def test_every_control_has_a_name_and_shows_the_focus(page):
    controls = ".cnn-playground :is(button, input, select, canvas[tabindex='0'], [tabindex='0'])"
    for control in page.locator(f"{controls}:visible").all():
        control.focus()
        seen = "e => getComputedStyle(e.closest('.button') ?? e).outlineStyle"
        # Focus by script counts as the keyboard's after a key was pressed.
        page.keyboard.press("Shift")
        assert control.evaluate(seen) == "solid", control.evaluate("e => e.outerHTML")


def test_nothing_moves_by_itself(opened, address):
    page = opened(address, reduced_motion="reduce")
    page.locator(".layer", has_text="conv1").locator(".tile").nth(1).click()
    assert page.evaluate("document.getAnimations().length") == 0


def test_without_javascript_there_is_a_picture_and_a_sentence(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.get_by_text("It needs JavaScript.").is_visible()
    assert "airplane" in page.get_by_role("img").first.get_attribute("aria-label")
    context.close()


def test_where_the_script_does_not_come_there_is_a_picture_and_a_sentence(browser, address):
    page = browser.new_page()
    page.route(f"**/{hook.SCRIPT}", lambda route: route.abort())
    page.goto(address)
    assert page.get_by_text("It needs JavaScript.").is_visible()
    assert page.get_by_role("img").first.is_visible()
    page.close()


def test_where_the_later_script_does_not_come_it_is_said(browser, address):
    page = browser.new_page()
    page.route(f"**/{hook.FOLLOWING[0]}*", lambda route: route.abort())
    page.goto(address)
    assert "following.js" in complaint(page)
    assert page.locator(".answers table").is_visible()
    page.close()


def test_enter_on_a_map_does_no_harm_before_the_later_script_comes(browser, address):
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(error))
    page.route(f"**/{hook.FOLLOWING[0]}*", lambda route: route.abort())
    page.goto(address)
    page.wait_for_selector(".answers table")
    page.locator(".layer", has_text="conv1").locator(".tile").first.press("Enter")
    assert errors == []
    page.close()


def test_paper_shows_all_layers_and_what_their_colours_mean(opened, static):
    page = opened(put_on_page(static, f'data-model="{BASE}"', "base.html").as_uri())
    # A canvas has this size until it is painted.
    blank = "() => [...document.querySelectorAll('.tile canvas')].filter(c => c.width > 32).length"
    assert page.evaluate(blank) > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(blank) == 0
    page.emulate_media(media="print")
    assert page.locator(".legend").is_visible()
    assert page.get_by_role("button", name="Camera").is_hidden()
    page.emulate_media(media="screen")


def test_paper_shows_the_sentence_of_a_playground_that_was_not_come_near_to(browser, address):
    page = browser.new_page()
    page.add_init_script("window.IntersectionObserver = class { observe() {} }")
    page.goto(address)
    assert page.get_by_text("It needs JavaScript.").is_hidden()
    page.emulate_media(media="print")
    assert page.get_by_text("It needs JavaScript.").is_visible()
    page.close()


def test_where_a_reader_has_few_colours_those_that_tell_something_stay(page):
    page.locator(".layer", has_text="conv1").locator(".tile").nth(1).click()
    style = "(e, name) => getComputedStyle(e)[name]"
    told = [
        (page.locator(".bar.side0").first, "backgroundColor"),
        (page.locator(".legend i"), "backgroundImage"),
        (page.locator(".inspect td[style]").first, "backgroundColor"),
    ]
    before = [place.evaluate(style, name) for place, name in told]
    page.emulate_media(forced_colors="active")
    assert [place.evaluate(style, name) for place, name in told] == before
    assert page.locator("[aria-pressed=true]").first.evaluate(style, "outlineStyle") == "solid"
    page.emulate_media(forced_colors="none")


def test_the_sections_of_the_text_and_its_own_are_styled_apart(page):
    page.add_style_tag(path=REPOSITORY / "book/_static/style.css")
    page.evaluate(
        """() => {
            const main = document.querySelector("main");
            const section = document.createElement("section");
            section.append(...main.childNodes);
            main.append(section);
            main.className = "bd-article";
        }"""
    )
    style = "e => [getComputedStyle(e).marginTop, getComputedStyle(e).contentVisibility]"
    for name in ("input", "answers", "perturb", "chosen"):
        assert page.locator(f".place.{name}").evaluate(style) == ["0px", "visible"]


def test_the_small_form_has_no_more_than_fits_a_chapter(static, opened):
    path = put_on_page(static, f'data-model="{LENET}" data-small', "small.html")
    page = opened(path.as_uri())
    assert page.get_by_role("combobox", name="Compare with", exact=True).count() == 0
    assert page.locator(".perturb").is_hidden()
    page.locator(".layer", has_text="conv1").locator(".tile").nth(1).click()
    assert page.locator(".chosen canvas").is_visible()


# --- the hook -----------------------------------------------------------------------------------


def test_a_page_without_a_playground_gets_none_of_it():
    config = SimpleNamespace(
        html_js_files=[("cnn.js", {}), "playground/network.js", "other.js"],
        html_css_files=["style.css", "playground/playground.css"],
    )
    hook._take_off(None, config)
    assert config.html_js_files == ["other.js"]
    assert config.html_css_files == ["style.css"]
    context = {"body": "<p>No playground.</p>"}
    hook._put_on(None, "page", "page.html", context, None)
    assert context == {"body": "<p>No playground.</p>"}


def test_it_is_small_before_a_network_comes_and_after(static, address):
    def size(names):
        return sum((static / name).stat().st_size for name in names)

    assert size([hook.SCRIPT, hook.STYLE]) + len(hook.embedded(hook.data(static))) <= 60_000
    assert size(hook.FOLLOWING) <= 46_000
