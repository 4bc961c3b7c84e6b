"""A neuron opened up: its arithmetic is the network's own, and its weights can be changed."""

import re

import keras
import networks
import numpy as np
import playgrounds
import pytest
from playgrounds import evaluate
from widgets import check_axe_finds_nothing, check_fits_a_phone, check_focus_is_seen, stop_clock

from cnn_explainer import export, runs
from cnn_explainer.experiments import get

PICTURE = np.random.default_rng(5).integers(0, 256, (32, 32, 3))
NETWORKS = ["lenet5-plain", "base-plain", *range(12)]
"""Two of the catalogue, and the seeds of random ones."""


# --- the arithmetic -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script(browser, tmp_path_factory):
    """A page with the scripts and no playground, beside the files of the networks."""
    path = playgrounds.write_scripts(tmp_path_factory.mktemp("scripts"))
    for network in NETWORKS:
        export_random(network, path.parent)
    page = browser.new_page()
    page.goto(path.as_uri())
    yield page
    page.close()


def export_random(network, folder):
    """Write a network of the catalogue or a random one, by its name or its seed."""
    with playgrounds.random_weights_everywhere():
        name = network if isinstance(network, str) else networks.random_network(network)
        export.export(name, folder, "float32", name=f"{network}")


def pixels_for(script, network, seed):
    count = script.evaluate(
        "async (file) => (await cnn.load(file)).input.reduce((a, b) => a * b)", f"{network}.js"
    )
    return np.random.default_rng(seed).integers(0, 256, count).tolist()


EXPLAIN = """async (file, pixels, draws) => {
    const model = await cnn.load(file);
    const activations = cnn.forward(model, pixels);
    const {explain, unravel} = playground.arithmetic;
    return draws.flatMap((share) => model.layers.map((layer, i) => {
        const output = activations[i];
        const input = activations[i - 1] ?? {shape: model.input, data: pixels};
        const at = unravel(output.shape, Math.floor(share * output.data.length));
        const told = explain(layer, input, output, at);
        const [first, count] = [told.place - told.unit, output.shape.at(-1)];
        return {
            ...told, type: layer.type, activation: layer.activation,
            seen: [...told.inside].map(({x}) => x),
            logits: output.logits ? [...output.logits.slice(first, first + count)] : null,
            scale: layer.scale?.[told.unit], offset: layer.offset?.[told.unit],
        };
    }));
}"""


def expected(told):
    """The value from what is told of it, and from nothing else."""
    seen = np.array(told["seen"])
    if told["type"] in ("conv2d", "dense"):
        by_channel = np.zeros(len(told["sums"]))
        for k, term in enumerate(told["terms"]):
            by_channel[k % len(by_channel)] += term["x"] * term["w"]
        assert told["sums"] == pytest.approx(by_channel, rel=1e-6, abs=1e-9)
        # Of two as large, either.
        assert abs(by_channel[told["channel"]]) == pytest.approx(np.abs(by_channel).max())
        products = by_channel.sum()
        score = products + told["bias"]
        assert told["score"] == pytest.approx(score)
        if told["activation"] == "softmax":
            assert told["logits"][told["unit"]] == pytest.approx(score, rel=1e-4, abs=1e-4)
            return softmax(told["logits"])[told["unit"]]
        return bent(told["activation"], score)
    if told["type"].endswith("max_pool2d"):
        return seen.max()
    if told["type"].endswith("avg_pool2d"):
        return seen.mean()
    if told["type"] == "softmax":
        return softmax(seen)[told["unit"]]
    (x,) = seen
    if told["type"] in ("rescaling", "batch_normalization"):
        return x * told["scale"] + told["offset"]
    return x if told["type"] == "flatten" else bent(told["type"], x)


def bent(activation, x):
    return float(keras.activations.get(activation)(keras.ops.convert_to_tensor([x]))[0])


def softmax(scores):
    powers = np.exp(np.array(scores) - np.max(scores))
    return powers / powers.sum()


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_told_of_a_neuron_gives_its_value(script, network):
    pixels = pixels_for(script, network, seed=1)
    draws = np.random.default_rng(2).random(6).tolist()
    told = evaluate(script, EXPLAIN, f"{network}.js", pixels, draws)
    assert len(told) >= 6 * 3
    for each in told:
        assert each["value"] == pytest.approx(expected(each), rel=1e-4, abs=1e-4), each["type"]


@pytest.mark.parametrize("network", ["lenet5-plain", 0, 3, 4])
def test_the_maps_of_the_channels_add_up(script, network):
    pairs = evaluate(
        script,
        """async (file, pixels) => {
            const model = await cnn.load(file);
            const activations = cnn.forward(model, pixels);
            const {plane, arithmetic: {planes}} = playground;
            return model.layers.flatMap((layer, i) => {
                const simple = ["relu", "linear"].includes(layer.activation);
                if (layer.type !== "conv2d" || !simple) return [];
                const filter = layer.shape[2] - 1;
                const maps = planes(layer, activations[i - 1], filter);
                const scores = maps[0].map((_, k) => {
                    const bias = layer.bias?.[filter] ?? 0;
                    const sum = maps.reduce((total, map) => total + map[k], bias);
                    return layer.activation === "relu" ? Math.max(sum, 0) : sum;
                });
                return [[[...scores], [...plane(activations[i].data, layer.shape[2], filter)]]];
            });
        }""",
        f"{network}.js",
        pixels_for(script, network, seed=2),
    )
    for summed, activations in pairs:
        np.testing.assert_allclose(summed, activations, rtol=1e-4, atol=1e-4)
    assert pairs or network != "lenet5-plain"


# --- what the reader sees -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def lenets(browser, tmp_path_factory):
    with playgrounds.lenets(browser, tmp_path_factory.mktemp("lenets")) as page:
        yield page


@pytest.fixture
def page(lenets):
    """LeNet-5 in two variants, the first of them chosen."""
    with playgrounds.anew(lenets, PICTURE) as page:
        yield page


def select(page, layer, at, **more):
    selection = {"side": 0, "layer": layer, "at": at, "channel": 0, **more}
    page.evaluate("selection => app.select(selection)", selection)


def result(page, layer):
    """A layer's activations."""
    told = "({shape, data}) => ({shape, data: [...data]})"
    told = evaluate(page, f"(layer) => ({told})(app.results[0][layer])", layer)
    return np.reshape(told["data"], told["shape"])


def place(page, name):
    return page.locator(f".place.{name}")


def numbers(text):
    found = re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text.replace("−", "-"))
    return [float(number) for number in found]


def shown(page, symbol, within=".formula span"):
    """The numbers that stand for a symbol, in text or in a field."""
    cells = page.locator(f'.inspect {within}[data-symbol="{symbol}"]')
    texts = cells.evaluate_all(
        "all => all.map((each) => each.querySelector('input')?.value ?? each.textContent)"
    )
    return [number for text in texts for number in numbers(text)]


def as_shown(value, digits=5):
    return pytest.approx(float(f"{value:.{digits}g}"), abs=1e-9)


def test_the_channels_maps_are_those_of_the_unit_and_of_the_picture(page):
    def maps():
        paintings = page.locator(".inspect fieldset canvas")
        return paintings.evaluate_all("all => all.map((canvas) => canvas.toDataURL())")

    select(page, 3, [0, 0, 0])
    first = maps()
    select(page, 3, [1, 1, 0])
    assert maps() == first
    select(page, 3, [0, 0, 1])
    other = maps()
    assert len(first) == len(other) == 6
    assert not {*first} & {*other}
    page.evaluate("""async () => {
        const { pixels, source } = app.original;
        await app.setImage(pixels.map((x) => 255 - x), "negative", null, source);
    }""")
    assert not {*maps()} & {*other}


LAYERS = "rescaling conv1 pool1 conv2 pool2 flatten dense1 dense2 dense3".split()


@pytest.mark.parametrize("name", LAYERS)
def test_the_numbers_shown_are_those_of_the_layer(page, name):
    layer = LAYERS.index(name)
    values = result(page, layer)
    draw = np.random.default_rng(layer)
    for _ in range(3):
        at = [int(draw.integers(length)) for length in values.shape]
        select(page, layer, at)
        value = values[tuple(at)]
        if name == "dense3":
            chosen = place(page, "inspect").locator("tr", has_text="▸")
            assert numbers(chosen.locator("td").last.text_content()) == [as_shown(value, 3)]
        else:
            assert shown(page, "y") == [as_shown(value)]
        if name.startswith(("conv", "dense")):
            (total,), (bias,) = shown(page, "Σ"), shown(page, "b")
            score = shown(page, "z")[0] if name == "dense3" else value
            # What ReLU took away was below zero.
            expected = score if name == "dense3" or score else min(total + bias, 0)
            assert total + bias == pytest.approx(expected, rel=1e-4, abs=1e-4)
        if name.startswith("conv"):
            sums = shown(page, "Σ", "label span")
            assert len(sums) == result(page, layer - 1).shape[-1]
            assert sum(sums) == pytest.approx(total, abs=0.01 * len(sums))
            assert sum(shown(page, "Σ", "td")) == pytest.approx(sums[0], abs=0.02)
        if name.startswith("dense"):
            parts = shown(page, "Σ", "table:has(input) td")
            assert len(parts) == 11
            assert sum(parts) == pytest.approx(total, abs=0.02)
        if name.startswith("pool"):
            assert max(shown(page, "x", "td")) == pytest.approx(value, abs=1e-2)
            assert numbers(page.locator(".winner").text_content()) == [
                pytest.approx(value, abs=1e-2)
            ]


def test_the_softmax_is_shown_term_by_term(page):
    probabilities = result(page, 8)
    select(page, 8, [4])
    table = page.locator(".inspect table").last
    rows = [
        numbers(" ".join(row.locator("td").all_text_contents()))
        for row in table.locator("tr").all()
    ]
    scores, powers, shares = np.array(rows[1:11]).T
    np.testing.assert_allclose(shares, probabilities, atol=1e-3)
    np.testing.assert_allclose(powers, np.exp(scores - scores.max()), atol=0.01)
    assert rows[11] == [pytest.approx(powers.sum(), abs=0.01)]
    np.testing.assert_allclose(powers / powers.sum(), shares, atol=1e-3)


def test_a_class_is_opened_from_another_ones_softmax(page):
    select(page, 8, [4])
    page.get_by_role("button", name="ship", exact=True).press("Enter")
    assert page.evaluate("app.selection.at") == [8]
    assert place(page, "inspect").locator("tr", has_text="▸ ship").count() == 1


def test_why_this_class_and_not_that_one(page):
    select(page, 8, [4])
    page.get_by_label("Rather than").focus()
    page.get_by_label("Rather than").select_option("cat")
    x = result(page, 7)
    layer = "(array) => [...app.models[0].layers[8][array].data ?? app.models[0].layers[8].bias]"
    kernel = np.reshape(evaluate(page, layer, "kernel"), (84, 10))
    bias = evaluate(page, layer, "bias")
    parts = x * (kernel[:, 4] - kernel[:, 3])
    table = page.locator(".inspect table").first
    assert table.locator("caption").text_content() == "deer less cat"
    *shown_parts, rest, of_bias, total = shown(page, "Σ", "table:has(caption:text(' less ')) td")
    largest = [*np.sort(parts)[:-6:-1], *np.sort(parts)[4::-1]]
    np.testing.assert_allclose(shown_parts, largest, atol=1e-2)
    assert rest == pytest.approx(parts.sum() - sum(largest), abs=1e-2)
    assert of_bias == pytest.approx(bias[4] - bias[3], abs=1e-2)
    logits = page.evaluate("[...app.results[0][8].logits]")
    assert total == pytest.approx(logits[4] - logits[3], rel=1e-2, abs=1e-2)
    # The focus stays on the question; the rival itself has none.
    assert page.evaluate("document.activeElement.value") == "3"
    page.get_by_role("button", name="cat", exact=True).press("Enter")
    assert page.get_by_label("Rather than").input_value() == ""


def test_the_lines_stay_with_their_maps(page):
    """In a window of another size, too."""
    select(page, 3, [1, 1, 5])
    for width in (1280, 700, 390):
        page.set_viewport_size({"width": width, "height": 800})
        # Drawn anew when the page has found its new shape, which takes a busy machine a while.
        page.wait_for_function(
            """(width) => {
              const layers = [...document.querySelectorAll(".layer")];
              const layer = layers.find((layer) => layer.textContent.includes("conv2"));
              const tile = layer.querySelectorAll(".tile")[5].getBoundingClientRect();
              const drawn = document.querySelector(".edges .target").getBoundingClientRect();
              return innerWidth === width && Math.hypot(drawn.x - tile.x, drawn.y - tile.y) < 4;
            }""",
            arg=width,
            timeout=10_000,
        )


def test_another_channel_is_looked_at(page):
    select(page, 1, [3, 4, 2])
    page.get_by_label(re.compile("^ ?blue")).check()
    windows = page.evaluate(
        "[...document.querySelectorAll('.tables table')].map((table) => table.textContent)"
    )
    assert windows[0].startswith("x: blue")
    cells = shown(page, "x", "td")
    np.testing.assert_allclose(cells, result(page, 0)[3:8, 4:9, 2].ravel(), atol=1e-3)


@pytest.mark.parametrize("channel", [0, 2, 5])
def test_all_of_the_channel_s_map_is_in_sight(page, channel):
    """Its fields scroll under the legend, which stays."""
    page.set_viewport_size({"width": 280, "height": 844})
    select(page, 3, [4, 5, 6], channel=channel)
    label = page.locator(".inspect label", has=page.locator("input:checked")).bounding_box()
    fieldset, legend = (page.locator(each).bounding_box() for each in ("fieldset", "legend"))
    assert legend["y"] + legend["height"] - 1 <= label["y"]
    assert label["y"] + label["height"] <= fieldset["y"] + fieldset["height"] + 1


def test_the_channel_that_counts_most_comes_first_and_stays(page):
    at = [4, 5, 6]
    page.evaluate("at => app.select({side: 0, layer: 3, at})", at)
    sums = shown(page, "Σ", "label span")
    radio = page.locator(".inspect label", has=page.locator("input:checked"))
    first = radio.text_content()
    assert numbers(first)[0] == np.argmax(np.abs(sums))
    label, fieldset = radio.bounding_box(), page.locator("fieldset").bounding_box()
    assert fieldset["y"] - 1 <= label["y"] <= fieldset["y"] + fieldset["height"] - 60
    switch = page.locator(".edit label").nth(1).text_content()
    assert switch.endswith(f"its kernel for map {np.argmax(np.abs(sums))} switched off")
    for _ in range(6):
        page.get_by_role("button", name="Next pixel").press("Enter")
        assert numbers(radio.text_content())[0] == numbers(first)[0]


def test_a_symbol_lights_up_with_its_numbers(page):
    select(page, 1, [0, 0, 0])
    page.get_by_role("button", name="w, weights").focus()
    lit = page.locator(".inspect .lit")
    assert lit.count() == 26
    assert set(lit.evaluate_all("all => all.map((each) => each.dataset.symbol)")) == {"w"}
    # From the number to its symbol, too.
    page.locator('.formula span[data-symbol="b"]').hover()
    assert lit.count() == 2
    page.get_by_role("button", name="b, bias").evaluate("element => element.matches('.lit') || x")


def test_the_window_moves_over_the_map(page):
    # The answer is read out first.
    page.locator(".said", has_text="LeNet-5").wait_for(state="attached")
    select(page, 1, [0, 26, 1])
    pixel = "app.selection.at"
    page.get_by_role("button", name="Next pixel").press("Enter")
    assert page.evaluate(pixel) == [0, 27, 1]
    page.get_by_role("button", name="Next pixel").press("Enter")
    assert page.evaluate(pixel) == [1, 0, 1]
    (value,) = numbers(page.locator(".said").text_content())[2:]
    assert value == as_shown(result(page, 1)[1, 0, 1])
    page.get_by_role("button", name="Previous pixel").press("Enter")
    assert page.evaluate(pixel) == [0, 27, 1]
    box = page.locator(".inspect .pin").evaluate("pin => [pin.style.left, pin.style.width]")
    assert [float(share.rstrip("%")) for share in box] == pytest.approx([84.375, 15.625])


def test_it_plays_only_when_asked_and_can_be_paused(browser, tmp_path):
    # A page of its own, as its clock does not go on by itself.
    with (
        playgrounds.lenets(browser, tmp_path) as page,
        playgrounds.anew(page, PICTURE),
    ):
        play_and_pause(page)


def play_and_pause(page):
    stop_clock(page)
    select(page, 1, [0, 0, 0])
    page.clock.run_for(5000)
    assert page.evaluate("app.selection.at") == [0, 0, 0]
    page.get_by_role("button", name="Play").press("Enter")
    page.clock.run_for(2200)
    assert page.evaluate("app.selection.at") == [0, 3, 0]
    page.get_by_role("button", name="Pause").press("Enter")
    page.clock.run_for(5000)
    assert page.evaluate("app.selection.at") == [0, 3, 0]
    select(page, 1, [27, 26, 0])
    page.get_by_role("button", name="Play").press("Enter")
    page.clock.run_for(5000)
    assert page.evaluate("app.selection.at") == [27, 27, 0]
    assert page.get_by_role("button", name="Play").is_visible()


def test_the_window_does_not_glide_where_motion_is_not_wanted(page):
    select(page, 1, [0, 0, 0])
    duration = "getComputedStyle(document.querySelector('.inspect .pin')).transitionDuration"
    assert set(page.evaluate(duration).split(", ")) == {"0.2s"}
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(duration) == "0s"


def test_back_through_the_layers(page):
    select(page, 8, [2])
    page.locator(".inspect th button").first.press("Enter")
    assert page.evaluate("app.selection.layer") == 7
    select(page, 5, [137])
    page.get_by_role("button", name="Open pool2").press("Enter")
    at = page.evaluate("app.selection.at")
    assert (at[0] * 5 + at[1]) * 16 + at[2] == 137
    page.get_by_role("button", name="Open flatten, unit 137").press("Enter")
    assert page.evaluate("[app.selection.layer, ...app.selection.at]") == [5, 137]
    select(page, 2, [3, 3, 1])
    page.get_by_role("button", name="Open conv1").press("Enter")
    assert result(page, 1)[tuple(page.evaluate("app.selection.at"))] == result(page, 2)[3, 3, 1]


def test_from_a_convolution_back_to_what_counts_most(page):
    y, x, unit = 5, 2, 4
    select(page, 3, [y, x, unit])
    kernel = evaluate(page, "() => [...app.models[0].layers[3].kernel.data]")
    kernel = np.reshape(kernel, (5, 5, 6, 16))[..., unit]
    products = np.abs(result(page, 2)[y : y + 5, x : x + 5] * kernel)
    down, right, channel = np.unravel_index(products.argmax(), products.shape)
    page.get_by_role("button", name="Open pool1").press("Enter")
    assert page.evaluate("app.selection.at") == [y + down, x + right, channel]
    # Not on a weight, which the next arrow key would change.
    assert "arrow keys choose a pixel" in page.evaluate("document.activeElement.ariaLabel")
    assert page.locator(".said").inner_text() == f"pool1, map {channel}"


def test_from_a_unit_back_to_another_the_focus_goes_along(page):
    select(page, 8, [0])
    page.get_by_role("button", name=re.compile("^unit ")).first.press("Enter")
    [unit] = page.evaluate("app.selection.at")
    assert page.evaluate("document.activeElement.ariaLabel") == "Next"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.ariaLabel").startswith(f"dense2, unit {unit} ")


# --- what the reader changes --------------------------------------------------------------------


def settle(page):
    """Wait for the run that a change has begun."""
    page.evaluate("app.rerun()")


def test_a_weight_is_changed_where_it_stands(page):
    before = result(page, 1)
    select(page, 1, [2, 3, 4])
    field = page.get_by_label("weight of row 3, column 4, red")
    weight = float(field.input_value())
    field.fill(str(weight + 0.5))
    field.press("Enter")
    settle(page)
    after = result(page, 1)
    change = 0.5 * result(page, 0)[:28, :28, 0]
    active = before[..., 4] > 0
    np.testing.assert_allclose(after[..., 4][active], (before[..., 4] + change)[active], atol=1e-3)
    np.testing.assert_array_equal(np.delete(after, 4, axis=-1), np.delete(before, 4, axis=-1))
    assert shown(page, "y") == [as_shown(after[2, 3, 4])]
    assert "conv1, unit 4, weight of row 3, column 4, red" in page.locator(".edits").text_content()
    # The focus is still where the reader was.
    assert page.evaluate("document.activeElement.ariaLabel") == "weight of row 3, column 4, red"
    # What was measured was another network.
    answer = page.locator(".answers p").first
    assert answer.inner_text().endswith("It was changed: the record is not of this network.")
    page.locator(".edits button").press("Enter")
    settle(page)
    assert "test pictures" in answer.inner_text()
    np.testing.assert_array_equal(result(page, 1), before)
    assert page.locator(".edits li").count() == 0
    # Not at the beginning of the page again.
    assert page.evaluate("document.activeElement.className") == "edits"


def test_escape_takes_no_number(page):
    before = result(page, 1)
    select(page, 1, [2, 3, 4])
    page.get_by_label("weight of row 3, column 4, red").fill("9")
    page.keyboard.press("Escape")
    settle(page)
    assert page.locator(".drawer").is_hidden()
    assert page.locator(".edits li").count() == 0
    np.testing.assert_array_equal(result(page, 1), before)


def test_a_weight_of_a_dense_layer_is_changed(page):
    before = result(page, 6)
    select(page, 6, [7])
    row = page.locator(".inspect tr", has=page.locator("button")).first
    unit, y, x, c = map(int, numbers(row.locator("button").text_content()))
    assert unit == ((y - 1) * 5 + x - 1) * 16 + c
    row.get_by_role("spinbutton").fill("1e30")
    row.get_by_role("spinbutton").press("Enter")
    settle(page)
    after = result(page, 6)
    assert (np.flatnonzero(after != before)).tolist() == [7]
    assert page.evaluate(f"app.models[0].layers[6].kernel.data[{unit} * 120 + 7]") == 1e4


@pytest.mark.parametrize(("layer", "at"), [(3, [2, 3, 4]), (8, [4])])
def test_a_bias_is_changed_where_it_stands(page, layer, at):
    key = "logits" if layer == 8 else "data"
    scores = f"[...app.results[0][{layer}].{key}]"
    before = np.array(page.evaluate(scores))
    select(page, layer, at)
    bias = page.get_by_label("bias", exact=True)
    was = page.evaluate(f"app.models[0].layers[{layer}].bias[{at[-1]}]")
    assert float(bias.input_value()) == as_shown(was)
    # So far up that ReLU takes nothing away.
    bias.fill("50.125")
    bias.press("Enter")
    settle(page)
    after = np.array(page.evaluate(scores))
    units = len(page.evaluate(f"[...app.models[0].layers[{layer}].bias]"))
    own = np.arange(len(before)) % units == at[-1]
    np.testing.assert_array_equal(after[~own], before[~own])
    alive = own & (before > 0) if layer == 3 else own
    np.testing.assert_allclose(after[alive], before[alive] + 50.125 - was, rtol=1e-4)
    assert shown(page, "b") == [50.125]
    name = LAYERS[layer]
    assert f"{name}, unit {at[-1]}, bias: 50.125" in page.locator(".edits").text_content()
    assert page.evaluate("document.activeElement.ariaLabel") == "bias"
    page.locator(".edits button").press("Enter")
    settle(page)
    np.testing.assert_array_equal(page.evaluate(scores), before)


def test_a_map_and_a_kernel_are_switched_off(page):
    before = [result(page, layer) for layer in range(9)]
    select(page, 3, [1, 1, 5], channel=2)
    kernel = page.get_by_label("conv2, map 5, its kernel for map 2 switched off")
    kernel.check()
    settle(page)
    assert set(shown(page, "w", "td")) == {0}
    change = np.abs(result(page, 3) - before[3])
    assert change[..., 5].max() > 0
    assert np.delete(change, 5, axis=-1).max() == 0
    page.get_by_label("conv2, map 5 switched off").check()
    settle(page)
    assert np.ptp(result(page, 3)[..., 5]) == result(page, 3)[..., 5].max() == 0
    assert page.locator(".edits li", has_text="switched off").count() == 2
    check_axe_finds_nothing(page)
    assert result(page, 8) != pytest.approx(before[8], abs=1e-6)
    page.get_by_role("button", name="Undo all").press("Enter")
    settle(page)
    for layer in range(9):
        np.testing.assert_array_equal(result(page, layer), before[layer])
    assert not kernel.is_checked()


def test_the_kernels_of_another_epoch_are_put_in(page):
    filters = runs.load(get("lenet5-plain")).filters
    before = result(page, 1)
    select(page, 1, [5, 6, 3], channel=1)
    told = place(page, "edit").locator(".epochs > div")
    assert [numbers(each)[0] for each in told.all_text_contents()] == [0, 10, 50]
    score = numbers(told.first.text_content())[1]
    page.get_by_role("button", name="Put in all kernels of epoch 0").press("Enter")
    settle(page)
    kernel = page.evaluate("[...app.models[0].layers[1].kernel.data]")
    expected = filters.kernels[filters.epochs.index(0)]
    np.testing.assert_array_equal(np.reshape(kernel, expected.shape), expected)
    assert max(score, 0) == pytest.approx(result(page, 1)[5, 6, 3], rel=0.01, abs=0.001)
    assert "epoch 0" in page.locator(".edits").text_content()
    page.get_by_role("button", name="Put in all kernels of epoch 50").press("Enter")
    settle(page)
    np.testing.assert_array_equal(result(page, 1), before)
    assert page.locator(".edits li").count() == 0
    # Other layers have no such record.
    select(page, 3, [0, 0, 0])
    assert told.count() == 0


def test_each_network_has_changes_of_its_own(page):
    page.get_by_label("Compare with").select_option("lenet5-augmented")
    page.wait_for_function("app.results.length === 2")
    before = page.evaluate("[...app.results[1].at(-1).data]")
    select(page, 3, [1, 1, 5])
    page.get_by_label("conv2, map 5 switched off").check()
    settle(page)
    assert page.locator(".edits li").text_content().startswith("LeNet-5 (plain): conv2, map 5")
    assert page.evaluate("[...app.results[1].at(-1).data]") == before


# --- everybody ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["conv1", "pool2", "dense1", "dense3"])
def test_it_is_accessible_and_fits(page, name):
    layer = LAYERS.index(name)
    select(page, layer, [0] * len(result(page, layer).shape))
    check_axe_finds_nothing(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    check_axe_finds_nothing(page)
    page.locator(".inspect button").first.focus()
    check_focus_is_seen(page, 4)
    check_fits_a_phone(page)


def test_the_small_form_shows_the_arithmetic_alone(browser, tmp_path):
    with (
        playgrounds.lenets(browser, tmp_path, "data-small") as page,
        playgrounds.anew(page, PICTURE, "inspect"),
    ):
        select(page, 1, [0, 0, 0])
        assert len(shown(page, "w", "td")) == 25
        assert page.locator(":is(.edit, .inspect) input:not([type=radio])").count() == 0
