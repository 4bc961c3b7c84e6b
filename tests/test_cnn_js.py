"""cnn.js agrees with Keras; what reader.js reads is checked; the thread of thread.js works."""

import base64
import json
import threading
from functools import cache, partial
from http.server import ThreadingHTTPServer

import keras
import networks
import numpy as np
import pytest
from building import REPOSITORY
from conftest import QuietHandler

from cnn_explainer import assets, datasets, export, probes
from cnn_explainer.errors import RecordNotFound
from cnn_explainer.experiments import CATALOGUE
from cnn_explainer.weights import restore

SCRIPTS = [
    REPOSITORY / "book/_static" / name
    for name in ("cnn.js", "playground/reader.js", "playground/thread.js")
]
# As the build puts them there: the thread is made of their very text.
SCRIPT = assets.lean("\n".join(path.read_text("utf-8") for path in SCRIPTS))
HEAD = '<!doctype html><meta charset="utf-8"><title>A page</title><script src="cnn.js"></script>'


@pytest.fixture(scope="module")
def page(browser):
    """An empty page with the scripts, in which nothing stays from one test to the next."""
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT)
    yield page
    page.close()


random_network = cache(networks.random_network)
"""By seed; no test changes one."""


@pytest.fixture
def folder(tmp_path):
    """A folder as a site has it: a page, the script and a network."""
    (tmp_path / "index.html").write_text(HEAD)
    (tmp_path / "cnn.js").write_text(SCRIPT, "utf-8")
    export.export(random_network(0), tmp_path, "float32", name="random")
    return tmp_path


@pytest.fixture(params=["file", "http"])
def site(request, browser, folder):
    """The page in that folder, from the disk and from a server."""
    page = browser.new_page()
    if request.param == "file":
        page.goto((folder / "index.html").as_uri())
        yield page
    else:
        handler = partial(QuietHandler, directory=str(folder))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
            yield page
            server.shutdown()
            thread.join()
    page.close()


def evaluate(page, script, *arguments):
    """What a function gives; as JSON, for arrays of many numbers are slow otherwise."""
    return json.loads(page.evaluate(f"(given) => JSON.stringify(({script})(...given))", arguments))


RUN = """(text, data, kind, count, chosen) => {
    const model = cnn.parse(text);
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt());
    const pixels = new globalThis[kind](bytes.buffer);
    const size = pixels.length / count;
    return Array.from({length: count}, (_, i) =>
        chosen(cnn.forward(model, pixels.subarray(i * size, (i + 1) * size))));
}"""


def run(page, path, images, chosen):
    """What the function `chosen` takes out of the activations, for each image."""
    if images.dtype != "uint8":
        images = images.astype("float32")
    kind = {"uint8": "Uint8Array", "float32": "Float32Array"}[images.dtype.name]
    data = base64.b64encode(images.tobytes()).decode()
    script = f"(...given) => ({RUN})(...given, {chosen})"
    return evaluate(page, script, path.read_text(), data, kind, len(images))


def forward(page, path, images):
    """What each layer makes of the images by its name; and its logits, where it has some."""
    chosen = """(layers) => layers.flatMap(({name, shape, data, logits}) => [
        {name, shape, values: [...data]},
        ...(logits ? [{name: `${name}, logits`, shape, values: [...logits]}] : []),
    ])"""
    return {
        layers[0]["name"]: np.reshape(
            [layer["values"] for layer in layers], (len(images), *layers[0]["shape"])
        )
        for layers in zip(*run(page, path, images, chosen), strict=True)
    }


def probabilities(page, path, images):
    """The last layer's alone, `(N, classes)`."""
    return np.array(run(page, path, images, "(layers) => [...cnn.probabilities(layers)]"))


# --- against Keras ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_random_network_agrees_layer_by_layer(page, tmp_path, seed):
    network = random_network(seed)
    images = np.random.default_rng(seed).uniform(0, 255, (3, *network.input_shape[1:]))
    expected = networks.activations(network, images.astype("float32"))
    found = forward(page, export.export(network, tmp_path, "float32"), images)
    left_out = (keras.layers.InputLayer, keras.layers.Dropout)
    layers = [layer.name for layer in network.layers if not isinstance(layer, left_out)]
    assert [name for name in found if not name.endswith("logits")] == layers
    for name in layers:
        values = found[name]
        assert values.shape == expected[name].shape
        np.testing.assert_allclose(values, expected[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_random_networks_hold_every_type_of_layer(tmp_path):
    found = set()
    for seed in range(20):
        path = export.export(random_network(seed), tmp_path, "float32")
        found |= {layer["type"] for layer in content(path)["layers"]}
    assert found == set(
        "rescaling conv2d max_pool2d avg_pool2d global_max_pool2d global_avg_pool2d dense"
        " batch_normalization flatten relu tanh elu silu gelu softmax".split()
    )


@cache
def pictures(count):
    """CIFAR-10's test pictures; where they are not, the drawn ones moved, dimmed and noisy."""
    if datasets.locate("cifar10"):
        return datasets.load("cifar10", 32).test.images[:count]
    draw = np.random.default_rng(0)
    drawn = np.stack([picture(48) for picture in probes.PROBES.values()])
    images = []
    for y, x in draw.integers(0, 17, (count, 2)):
        picture = drawn[draw.integers(len(drawn)), y : y + 32, x : x + 32]
        images.append(picture * draw.uniform(0.3, 1) + draw.normal(scale=15, size=picture.shape))
    return np.clip(images, 0, 255).astype("uint8")


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name.startswith(export.SMALL)])
def test_the_shipped_networks_agree(page, tmp_path, name):
    try:
        network = restore(name)
    except RecordNotFound:
        pytest.skip(f"the weights of {name} are not in the package")
    path = export.export(name, tmp_path)
    # A picture takes the base model sixty times the arithmetic that it takes LeNet-5.
    images = pictures(200 if name.startswith("base") else 1000)
    found = probabilities(page, path, images)
    # The weights ship in 16 bits, and so both have the same.
    expected = network.predict(images.astype("float32"), batch_size=100, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)

    expected = networks.activations(network, images[:1].astype("float32"))
    found = forward(page, path, images[:1])
    *_, before, last = network.layers
    logits = expected[before.name] @ np.asarray(last.kernel) + np.asarray(last.bias)
    np.testing.assert_allclose(found.pop(f"{last.name}, logits"), logits, rtol=0, atol=1e-3)
    for layer, values in found.items():
        largest = np.abs(expected[layer]).max()
        np.testing.assert_allclose(values, expected[layer], rtol=0, atol=1e-5 * largest)


@pytest.fixture(scope="module")
def between():
    """LeNet-5 with weights that no 16 bits can hold, and its answers."""
    network = restore("lenet5-plain")
    draw = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(weight * draw.uniform(1 - 2**-12, 1 + 2**-12, weight.shape))
    return network, network.predict(pictures(1000).astype("float32"), verbose=0).argmax(1)


@pytest.mark.parametrize(("dtype", "share"), [("float16", 0.999), ("int8", 0.97)])
def test_fewer_bits_give_the_same_answer(page, tmp_path, between, dtype, share):
    network, expected = between
    found = probabilities(page, export.export(network, tmp_path, dtype), pictures(1000))
    assert np.mean(found.argmax(1) == expected) >= share


AT_REST, SLOWEST = 1.0, 4
"""What the yardstick takes, in milliseconds, on the machine for which the limits are; and the
slowest machine, in multiples of it, that they give way to.
"""
# By turns with the yardstick: a million products, as often as takes as long as a picture does, or
# a busy machine would interrupt the one and not the other.
TIME = """(text, times, rounds) => {
    const model = cnn.parse(text);
    const pixels = Float32Array.from({length: cnn.product(model.input)}, (_, i) => (37 * i) % 256);
    const numbers = new Float32Array(2 ** 20).fill(1.5);
    const [own, yardstick] = [[], []];
    // What nobody looks at might not be computed.
    const results = new Set();
    const time = (list, act) => {
        const begin = performance.now();
        results.add(act());
        list.push(performance.now() - begin);
    };
    for (let n = 0; n < times; n++) {
        time(own, () => cnn.forward(model, pixels));
        time(yardstick, () => {
            let sum = 0;
            for (let round = 0; round < rounds; round++) {
                for (let i = 0; i < numbers.length; i++) sum += numbers[i] * numbers[i ^ 1];
            }
            return sum;
        });
    }
    return [Math.min(...own), Math.min(...yardstick)];
}"""


@pytest.mark.parametrize(
    ("name", "limit", "times"), [("lenet5-plain", 2, 200), ("base-plain", 30, 40)]
)
def test_a_picture_takes_milliseconds(page, live_models, name, limit, times):
    text = (live_models / f"{name}.js").read_text()
    rounds = limit // 2
    own, yardstick = evaluate(page, TIME, text, times, rounds)
    slowness = min(max(yardstick / rounds / AT_REST, 1), SLOWEST)
    assert own / slowness <= limit, (own, yardstick)


def test_logits_become_probabilities(page, tmp_path):
    network = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    images = np.array([0, 1, 2, 3], "uint8").reshape(1, 2, 2, 1)
    found = probabilities(page, export.export(network, tmp_path), images)
    np.testing.assert_allclose(found, [np.exp([0, 1, 2, 3]) / np.exp([0, 1, 2, 3]).sum()], 1e-6)


def test_logits_too_large_for_their_powers_become_probabilities(page, tmp_path):
    network = keras.Sequential(
        [keras.Input((2, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    )
    # In 64 bits, too, powers of e beyond 709 are infinite.
    network.layers[-1].kernel.assign([[1000, 0], [0, 999]])
    images = np.ones((1, 2, 1, 1), "uint8")
    found = probabilities(page, export.export(network, tmp_path), images)
    np.testing.assert_allclose(found, [[np.e / (np.e + 1), 1 / (np.e + 1)]], 1e-6)


# --- files that nobody should trust -------------------------------------------------------------


def content(path):
    return json.loads(path.read_text().removeprefix("cnn.receive(").rstrip().removesuffix(")"))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The object of a good file, with a record."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Rescaling(0.1, name="scale"),
            layers.Conv2D(3, 3, name="conv"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flatten"),
            layers.Dense(2, "softmax", name="dense"),
        ],
        name="good",
    )
    good = content(export.export(network, tmp_path_factory.mktemp("good")))
    calibration = {"count": [3, 1], "confidence": [0.5, 0.9], "accuracy": [0.4, 1]}
    kernels = base64.b64encode(bytes(2 * 2 * 54)).decode()
    return good | {
        "record": {
            **{"accuracy": 0.5, "loss": 1.5, "seed": 42, "epochs_done": 20, "epochs": 50},
            **{"precision": "float32", "fingerprint": "0123456789abcdef"},
            "calibration": calibration,
            "filters": {"epochs": [0, 10], "data": kernels},
        }
    }


def refusal(page, text):
    """The sentence with which a file's text is refused."""
    call = "text => { try { cnn.parse(text); return null } catch (error) { return error.message } }"
    return page.evaluate(call, text)


def test_a_good_file_is_read(page, good):
    kernels = page.evaluate(
        """text => {
            const {record, layers, classes} = cnn.parse(text);
            const {epochs, kernels} = record.filters;
            const last = `${kernels.at(-1).data}` === `${layers[1].kernel.data}`;
            return [epochs, kernels.map(({shape}) => shape), last, classes];
        }""",
        json.dumps(good),
    )
    assert kernels == [[0, 10, 20], [[3, 3, 2, 3]] * 3, True, ["class 0", "class 1"]]


def changed(good, place, value):
    """The object with another value at a place such as `layers.1.kernel`."""
    copy = json.loads(json.dumps(good))
    *folders, key = [int(part) if part.isdigit() else part for part in place.split(".")]
    inner = copy
    for part in folders:
        inner = inner[part]
    inner[key] = value
    return json.dumps(copy)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("format", 2, "`format` must be 1, which this page can read. Received: 2"),
        ("format", None, "Received: null"),
        ("dtype", "float64", "`dtype` must be one of float32, float16, int8"),
        ("input", [6, 6], "`input` must be 3 whole numbers"),
        ("input", [6, 6, -2], "`input` must be 3 whole numbers"),
        ("input", [6.5, 6, 2], "`input` must be 3 whole numbers"),
        ("input", ["6", 6, 2], "`input` must be 3 whole numbers"),
        ("input", [100_000, 100_000, 2], "must keep all activations below 33554432"),
        ("layers", [], "`layers` must be a list"),
        ("layers", {"length": 3}, "`layers` must be a list"),
        ("layers.1", None, "Layer 2: `type` must be one of rescaling"),
        ("layers.1.type", "lambda", "Layer 2: `type` must be one of rescaling"),
        ("layers.1.type", "constructor", "Layer 2: `type` must be one of"),
        ("layers.1.type", ["conv2d"], "Layer 2: `type` must be one of"),
        ("layers.1.name", "x" * 201, "Layer 2: `name` must be a text of at most 200 characters"),
        ("layers.1.name", {"html": "<b>"}, "Layer 2: `name` must be a text"),
        ("layers.1.activation", "eval", "Layer 2: `activation` must be one of linear, relu"),
        ("layers.1.activation", "toString", "Layer 2: `activation` must be one of"),
        ("layers.1.padding", "full", "Layer 2: `padding` must be valid or same"),
        ("layers.1.stride", [0, 1], "Layer 2: `stride` must be 2 whole numbers"),
        ("layers.1.dilation", [1, 1e99], "Layer 2: `dilation` must be 2 whole numbers"),
        ("layers.1.kernel", [3, 3, 3, 3], "Layer 2: `kernel` must take 2 channels"),
        ("layers.1.kernel", [7, 3, 2, 3], "Layer 2: `size` must not be larger than the image"),
        ("layers.4.kernel", [12, 3], "Layer 5: `kernel` must be within the 166 bytes there are"),
        # Ten gigabytes of weights, and a window that would take years to slide.
        ("layers.1.kernel", [3, 3, 2, 10**9], "Layer 2: `kernel` must be 4 whole numbers"),
        ("layers.1.kernel", [3, 3, 2, 3 * 10**7], "must be within the 166 bytes there are"),
        ("layers.2.size", [2, 2, 2], "Layer 3: `size` must be 2 whole numbers"),
        ("layers.2", {"type": "max_pool2d", "name": "pool", "size": [10**7] * 2,
                      "stride": [1, 1], "padding": "same"}, "`size` must cost less work"),
        ("layers.0.scale", "0.1", "Layer 1: `scale` must be finite numbers"),
        ("layers.0.scale", [1, 2, 3], "Layer 1: `scale` must be a number or 2"),
        ("layers.3", {"type": "relu", "name": "relu"}, "Layer 5: `kernel` must take 3 inputs"),
        ("layers.4.kernel", [11, 2], "Layer 5: `kernel` must take 12 inputs"),
        ("classes", ["one", "two", "three"], "`classes` must be as many as the last layer gives"),
        ("classes", [1, 2], "`classes` must be a text"),
        ("title", None, "`title` must be a text"),
        ("weights", None, "`weights` must be base64"),
        ("weights", "no base64!", "`weights` must be base64"),
        ("weights", "AAAA", "must be within the 3 bytes there are"),
        ("record.accuracy", "0.5", "`record` must be finite numbers. Received: \"0.5\""),
        ("record.extra", "<b>", "`record` must be finite numbers"),
        ("record.precision", 32, "`record` must be a text"),
        ("record.calibration", None, "`count` must be numbers"),
        ("record.calibration.count", ["<b>"], "`count` must be finite numbers"),
        ("record.calibration.accuracy", [0.5], "`accuracy` must be as many as"),
        ("record.filters.data", "AAAA", "`filters` must be within the 3 bytes there are"),
        ("record.filters.epochs", [0], "`weights` must be 108 bytes. Received: 216"),
        ("record.filters", 7, "must be base64"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_with_a_sentence(page, good, place, value, message):
    assert message in refusal(page, changed(good, place, value))


@pytest.mark.parametrize("number", [0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_weights_that_are_no_numbers_are_refused(page, good, number, dtype):
    weights = np.zeros(3 * 3 * 2 * 3 + 3 + 12 * 2 + 2, dtype)
    weights[5] = number
    data = base64.b64encode(weights.tobytes()).decode()
    message = refusal(page, json.dumps(good | {"dtype": dtype, "weights": data}))
    if number == 0:
        assert message is None
    else:
        assert message.startswith("Layer 2: `kernel` must be finite numbers. Received: ")


def test_weights_too_many_are_refused(page, good):
    more = base64.b64encode(base64.b64decode(good["weights"]) + b"\0\0").decode()
    assert "`weights` must be 166 bytes. Received: 168" in refusal(
        page, changed(good, "weights", more)
    )


@pytest.mark.parametrize(
    "text",
    ["", "{", "cnn.receive(", "cnn.receive(globalThis.run = 1)", "null", "[]", "7", "\0" * 1000],
)
def test_no_model_is_no_model(page, text):
    message = refusal(page, text)
    assert "not a file of `cnn-explainer export`" in message or "`format` must be 1" in message
    assert page.evaluate("globalThis.run") is None


def test_a_truncated_file_is_refused(page, folder):
    text = (folder / "random.js").read_text()
    for length in range(20, len(text) - 3, len(text) // 40):
        assert refusal(page, text[:length])


def test_no_name_can_run_as_a_script(browser, tmp_path):
    name = "</script><script>globalThis.run = 1</script><img src=x onerror='run = 1'>"
    path = export.export(random_network(0), tmp_path, classes=[name] * 5, title=name)
    (tmp_path / "cnn.js").write_text(SCRIPT, "utf-8")
    # Inside a page too, where the end of a script is looked for in its very text.
    inside = "<script>const found = []; cnn.receive = (json) => found.push(json)</script>"
    (tmp_path / "index.html").write_text(f"{HEAD}{inside}<script>{path.read_text()}</script>")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    assert page.evaluate("globalThis.run") is None
    assert page.evaluate("found.map(({title}) => title)") == [name]
    page.close()


# --- files and threads --------------------------------------------------------------------------


def test_files_are_loaded_as_scripts(site, folder):
    export.export(random_network(1), folder, name="other")
    (folder / "foreign.js").write_text("const foreign = 1;")
    (folder / "broken.js").write_text("cnn.receive({")
    (folder / "old.js").write_text('cnn.receive({"format": 0})')
    found = site.evaluate(
        """names => Promise.all(names.map((name) =>
            cnn.load(`${name}.js`).then((model) => model.name, (error) => error.message)))""",
        ["random", "other", "missing", "foreign", "broken", "old"],
    )
    no_network = "{}.js is not a file of `cnn-explainer export`."
    assert found[:2] == ["random", "other"]
    assert found[2] == "missing.js could not be loaded."
    assert found[3:5] == [no_network.format("foreign"), no_network.format("broken")]
    assert found[5].startswith("`format` must be 1")
    # Nothing is left behind.
    assert site.locator("head script").count() == 1


def test_the_index_lists_the_networks(site, folder, live_models):
    (folder / "models").symlink_to(live_models)
    listed = site.evaluate("cnn.index('models/index.js')")
    assert "lenet5-plain" in [row["name"] for row in listed]
    for row in listed:
        loaded = site.evaluate(
            """async (file) => {
                const {title, record} = await cnn.load(`models/${file}`);
                return [title, record?.accuracy];
            }""",
            row["file"],
        )
        assert loaded == [row["title"], row["accuracy"]]


COMPARE = """async () => {
    let answers = 0;
    const Thread = globalThis.Worker;
    globalThis.Worker = Thread && class extends Thread {
        constructor(address) {
            super(address);
            this.addEventListener("message", () => answers++);
        }
    };
    const model = await cnn.load("random.js");
    const size = model.input.reduce((a, b) => a * b);
    const pixels = Float32Array.from({length: size}, (_, i) => (i * 37) % 256);
    const worker = cnn.worker();
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    const here = cnn.forward(model, pixels);
    const there = await Promise.all([worker.run(model, pixels), worker.run(model, pixels)]);
    const kernel = model.layers.find(({kernel}) => kernel).kernel.data;
    kernel.fill(0);
    const before = await worker.run(model, pixels);
    worker.replace(model);
    const after = await worker.run(model, pixels);
    const wrong = await worker.run(model, pixels.slice(1)).catch(({message}) => message);
    return {
        answers,
        right: there.every((each) => same(each, here)),
        arrays: there[0].every(({data}) => data instanceof Float32Array),
        kept: same(before, here),
        replaced: same(after, cnn.forward(model, pixels)),
        wrong,
    };
}"""


def test_the_thread_computes_the_same(site):
    found = site.evaluate(COMPARE)
    assert found["answers"] >= 5
    assert found["right"] and found["arrays"] and found["kept"] and found["replaced"]
    assert found["wrong"].startswith("`pixels` must be")


@pytest.mark.parametrize("refused", ["by the site's policy", "as there are none"])
def test_without_threads_the_page_computes(browser, folder, refused):
    policy = (
        '<meta http-equiv="Content-Security-Policy" content="worker-src \'none\'">'
        if "policy" in refused
        else "<script>delete globalThis.Worker</script>"
    )
    (folder / "index.html").write_text(policy + HEAD)
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    found = page.evaluate(COMPARE)
    assert found["answers"] == 0
    assert found["right"] and found["arrays"] and found["replaced"]
    assert found["wrong"].startswith("`pixels` must be")
    page.close()
