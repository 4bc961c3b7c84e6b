import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import samples
from PIL import Image

from cnn_explainer import figures, probes
from cnn_explainer.architectures import ARCHITECTURES, VARIANTS, parameters, shapes
from cnn_explainer.errors import NotSaved
from cnn_explainer.figures.colours import DARK, LIGHT, cividis, ink_on

RUN = samples.run()
SEEDS = [samples.run(seed=seed) for seed in (1, 2, 3)]
PICTURE = probes.rose(32)
RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(5, 7, 6))
FIGURES = {
    "curves": lambda: figures.curves(RUN),
    "curves of seeds": lambda: figures.curves(SEEDS),
    "curves of one epoch": lambda: figures.curves(samples.run(epochs_done=1)),
    "predictions": lambda: figures.predictions(RUN.probes["rose"], RUN.classes, title="LeNet-5"),
    "predictions with picture": lambda: figures.predictions(
        RUN.probes["rose"], RUN.classes, title="<LeNet>", truth="cat", picture=PICTURE, runs=RUN
    ),
    "confusion": lambda: figures.confusion(RUN),
    "calibration": lambda: figures.calibration(RUN),
    "architecture": lambda: figures.architecture("vgg16"),
    "feature maps": lambda: figures.feature_maps(MAPS, title="conv1 & more"),
    "filters": lambda: figures.filters(RUN),
    "arrays": lambda: figures.arrays({"<a>": MAPS[:3, :3, 0], "b": MAPS[0, 0]}, caption="Two."),
    "lines": lambda: figures.lines({"a & b": [2, 1]}, xlabel="Step", ylabel="Loss", caption="One."),
    "pictures": lambda: figures.pictures([PICTURE], ['a "rose"'], alt='A drawn "rose".'),
}
RESULTS = ("curves", "curves of seeds", "predictions with picture", "confusion", "calibration",
           "filters")  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return {name: make() for name, make in FIGURES.items()}


@pytest.fixture(params=FIGURES)
def figure(request, made):
    return made[request.param]


def parse(text):
    return ElementTree.fromstring(text.replace("<br>", "<br/>"))


def words(figure):
    """All texts of a figure, in order."""
    return ["".join(t.itertext()) for t in parse(figure.svg).iter() if t.tag.endswith("text")]


def pixels(figure):
    """All pictures in a figure."""
    found = re.findall(r'href="data:image/\w+;base64,([^"]+)"', figure.svg)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in found]


# What holds for every figure.


def test_it_is_a_figure_with_one_image_and_a_caption(figure):
    root = parse(figure._repr_html_())
    assert (root.tag, root.get("class")) == ("figure", "cnn-figure")
    images = [element for element in root.iter() if element.get("role") == "img"]
    assert [element.get("aria-label") for element in images] == [figure.alt]
    assert "".join(root.find("figcaption").itertext()) == figure.caption + figure.source
    assert repr(figure) == figure.alt != ""


def test_text_and_axes_take_the_colour_of_the_page(figure):
    root = parse(figure.svg)
    for element in root.iter():
        if element.tag.endswith("text"):
            style = element.get("style", "") + f"fill: {element.get('fill')}"
            on_a_cell = {DARK, LIGHT} & {element.get("fill")}
            assert "fill: currentColor" in style or on_a_cell
    assert "#010203" not in figure.svg
    assert not re.search(r"(?:black|white)", figure._repr_html_())


def test_nothing_in_it_reaches_the_rest_of_the_page(figure):
    text = figure._repr_html_()
    assert "<style" not in text
    assert "<metadata" not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_it_is_the_same_each_time(request, figure):
    name = request.node.callspec.params["figure"]
    assert FIGURES[name]()._repr_html_() == figure._repr_html_()


def test_it_fits_a_phone(figure):
    for panel in figure.panels:
        assert panel.width <= 450
        assert "max-width: 100%; height: auto" in panel.svg()


def test_every_reference_has_its_one_target(figure):
    for panel in figure.panels:
        ids = re.findall(r' id="([^"]+)"', panel.body)
        assert set(ids) == set(re.findall(r'(?:href="|url\()#([^")]+)', panel.body))
        assert len(ids) == len(set(ids))


def test_figures_on_one_page_share_no_ids(made):
    panels = [panel.body for figure in made.values() for panel in figure.panels]
    ids = [i for body in dict.fromkeys(panels) for i in re.findall(r' id="([^"]+)"', body)]
    assert len(ids) == len(set(ids)) > 0


def test_it_is_saved_as_a_file(figure, tmp_path):
    path = figure.save(tmp_path / "figure.svg")
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width")) == sum(panel.width for panel in figure.panels)


def test_a_place_that_cannot_be_written_is_named(tmp_path, made):
    (tmp_path / "file").touch()
    with pytest.raises(NotSaved, match=r"figure\.svg could not be written"):
        made["filters"].save(tmp_path / "file" / "figure.svg")


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_ends_with_where_it_comes_from(made, name):
    assert re.search(r"lenet5-plain, seeds? .*50 of 50 epochs.* · .*2026-11-24$", made[name].source)


# Curves.


def test_curves_tell_the_record_s_numbers():
    history = RUN.history
    figure = figures.curves(RUN)
    best = int(np.argmax(history.val_accuracy))
    for value in (
        *(history.accuracy[0], history.accuracy[-1], history.val_loss[0], history.val_loss[-1]),
        *(history.val_accuracy[best], min(history.val_loss)),
    ):
        assert f"{value:.3f}" in figure.alt
    assert f"{history.val_accuracy[best]:.3f} after epoch {best + 1}" in words(figure)
    assert f"after epoch {best + 1}." in figure.alt


def lines(panel):
    """The drawn curves: points by colour."""
    found = re.findall(r'<path d="(M [^"]+)"[^>]*style="fill: none;([^"]*)"', panel.body)
    return {
        colour: np.array(re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path), float)
        for path, style in reversed(found)  # The last are the legend's.
        for colour in re.findall(r"stroke: (#\w+)", style)
    }


def test_curves_are_drawn_where_the_numbers_are():
    panel = figures.curves(RUN).panels[0]
    drawn = lines(panel)
    for colour, values in (
        ("#0072b2", RUN.history.accuracy),
        ("#d55e00", RUN.history.val_accuracy),
    ):
        height = drawn[colour][:, 1]
        assert len(height) == RUN.epochs_done
        assert np.corrcoef(height, values)[0, 1] < -0.9999


def test_curves_differ_in_more_than_colour():
    body = figures.curves(RUN).panels[0].body
    dashed = [style for style in re.findall(r'style="([^"]*)"', body) if "#d55e00" in style]
    assert any("stroke-dasharray" in style for style in dashed)
    assert {"training", "validation"} <= set(words(figures.curves(RUN)))


def test_curves_of_seeds_are_their_mean():
    mean = np.mean([run.history.val_accuracy for run in SEEDS], 0)
    figure = figures.curves(SEEDS)
    assert f"{mean.max():.3f}, after epoch {mean.argmax() + 1}." in figure.alt
    assert "mean of 3 seeds" in figure.alt
    assert "fill-opacity: 0.2" in figure.panels[0].body


def test_curves_of_runs_of_unequal_length_show_what_all_have():
    short = samples.run(seed=9, epochs_done=30)
    figure = figures.curves([RUN, short])
    assert "over 30 epochs" in figure.alt
    assert "Only the 30 epochs" in figure.caption
    assert "30 of 50 epochs" in figure.source


# Predictions.


def test_predictions_are_bars_as_long_as_the_probabilities():
    figure = figures.predictions((0.125, 0.5, 0.375), ("cat", "dog", "frog"), title="N")
    bars = [r for r in parse(figure.svg).iter() if r.tag.endswith("rect")]
    axis = {t.text: float(t.get("x")) for t in parse(figure.svg).iter() if t.tag.endswith("text")}
    unit = axis["1"] - axis["0"]
    np.testing.assert_allclose(
        [float(bar.get("width")) / unit for bar in bars], [0.5, 0.375, 0.125], atol=1e-3
    )
    assert all(float(bar.get("x")) == axis["0"] for bar in bars)
    assert figure.alt == "Probabilities by N: dog 0.500, frog 0.375, cat 0.125."


@pytest.mark.parametrize(
    ("truth", "remarks", "verdict"),
    [
        (None, ["0.700 answer"], "with probability 0.700."),
        ("dog", ["0.700 right answer"], "That is right."),
        ("cat", ["0.700 answer", "0.100 truth"], "The picture shows cat, which has 0.100."),
    ],
)
def test_predictions_name_the_answer_and_the_truth(truth, remarks, verdict):
    figure = figures.predictions((0.1, 0.7, 0.2), ("cat", "dog", "frog"), title="N", truth=truth)
    assert [word for word in words(figure) if re.search("answer|truth", word)] == remarks
    assert figure.caption.endswith(verdict)


def test_predictions_show_the_picture_itself():
    figure = figures.predictions((1.0, 0.0), ("a", "b"), title="N", picture=PICTURE)
    np.testing.assert_array_equal(pixels(figure)[0], PICTURE)
    assert "pixelated" in figure.svg


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (((0.5, 0.5), ("a", "b", "c")), "`probabilities` must be 3 numbers"),
        (((0.5, 0.9), ("a", "b")), "`probabilities` must be at least 0 and sum to 1"),
        (((1.5, -0.5), ("a", "b")), "`probabilities` must be at least 0 and sum to 1"),
        (((np.nan, 1), ("a", "b")), "`probabilities` must be at least 0 and sum to 1"),
    ],
)
def test_predictions_refuse_what_is_no_distribution(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        figures.predictions(*arguments, title="N")


def test_predictions_refuse_a_truth_that_is_no_class():
    with pytest.raises(ValueError, match=r"`truth` must be one of a, b\. Received: 'z'"):
        figures.predictions((0.5, 0.5), ("a", "b"), title="N", truth="z")


# Confusion and calibration.


def test_confusion_writes_every_count_in_its_cell():
    figure = figures.confusion(RUN)
    numbers = [int(word) for word in words(figure) if word.isdigit()]
    assert numbers[:100] == np.ravel(RUN.confusion).tolist()
    assert f"{np.trace(RUN.confusion)} of {np.sum(RUN.confusion)} test images right" in figure.alt
    wrong = np.array(RUN.confusion) - np.diag(np.diag(RUN.confusion))
    true, said = np.unravel_index(wrong.argmax(), wrong.shape)
    assert f"{RUN.classes[true]} taken for {RUN.classes[said]}, {wrong.max()} times" in figure.alt


def test_confusion_names_each_class_on_both_sides():
    assert all(words(figures.confusion(RUN)).count(name) == 2 for name in RUN.classes)


def contrast(one, other):
    def luminance(colour):
        share = np.asarray(colour) / 255
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_ink_can_be_read_on_every_colour_of_the_map():
    for colour in cividis(np.linspace(0, 1, 256)):
        ink = [int(ink_on(colour)[i : i + 2], 16) for i in (1, 3, 5)]
        assert contrast(colour, ink) >= 4.5


def test_calibration_counts_every_image():
    figure = figures.calibration(RUN)
    counts = [str(count) for count in RUN.calibration.count]
    assert all(words(figure).count(count) >= counts.count(count) for count in counts)
    assert f"{RUN.calibration.expected_error:.3f}" in figure.alt
    assert f"{RUN.calibration.expected_error:.3f}" in figure.caption


# Architectures.


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_shows_every_layer(name, variant):
    figure = figures.architecture(name, variant)
    rows = shapes(name, variant)
    assert f"{parameters(name):,} parameters" in figure.caption
    assert len(re.findall("<polygon", figure.svg)) == 3 * (len(rows) + 1)
    for row, shown in zip(rows, words(figure)[3::2], strict=True):
        sizes = shown.replace("\u00a0", "").replace(",", "").split(" · ")
        assert sizes[0] == "×".join(map(str, row.output_shape))
        assert (f"{row.parameters} parameters" == sizes[-1]) == (row.parameters > 0)


# Tiles.


def test_feature_maps_have_one_colour_scale():
    figure = figures.feature_maps(MAPS, title="conv1")
    shown = pixels(figure)
    scaled = (MAPS - MAPS.min()) / (MAPS.max() - MAPS.min())
    assert len(shown) == 6
    for i, tile in enumerate(shown):
        np.testing.assert_array_equal(tile, cividis(scaled[:, :, i]))
    assert f"from {MAPS.min():.2f} to {MAPS.max():.2f}" in figure.alt
    assert {f"{MAPS.min():.2f}", f"{MAPS.max():.2f}"} <= set(words(figure))


def test_feature_maps_that_are_zero_are_counted():
    maps = np.concatenate([np.zeros((4, 4, 2)), np.ones((4, 4, 1))], -1)
    assert "Maps that are 0 everywhere: 2." in figures.feature_maps(maps, title="x").alt
    assert len(pixels(figures.feature_maps(np.zeros((4, 4, 2)), title="x"))) == 2


@pytest.mark.parametrize(
    ("maps", "complaint"),
    [(np.zeros((3, 3)), r"shape \(H, W, C\). Received: \(3, 3\)"),
     (np.zeros((3, 3, 0)), r"shape \(H, W, C\)"), (np.full((2, 2, 1), np.nan), "must be finite")],
)  # fmt: skip
def test_feature_maps_refuse_what_is_none(maps, complaint):
    with pytest.raises(ValueError, match=complaint):
        figures.feature_maps(maps, title="x")


@pytest.mark.parametrize("epoch", [0, 25, None])
def test_filters_are_scaled_around_grey(epoch):
    index = RUN.filters.epochs.index(50 if epoch is None else epoch)
    kernels = RUN.filters.kernels[index]
    shown = pixels(figures.filters(RUN, epoch))
    assert len(shown) == kernels.shape[-1]
    for i, tile in enumerate(shown):
        kernel = kernels[..., i]
        np.testing.assert_allclose(
            tile.astype(float) - 127.5, 127.5 * kernel / np.abs(kernel).max(), atol=0.51
        )


def test_filters_refuse_an_epoch_that_is_not_there():
    with pytest.raises(ValueError, match=r"`epoch` must be one of 0, 1, 25, 50\. Received: 7"):
        figures.filters(RUN, 7)


def test_pictures_keep_their_names_and_order():
    images = [np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30)]
    figure = figures.pictures(images, ["a", "b", "c"], columns=2, alt="Three greys.")
    assert words(figure) == ["a", "b", "c"]
    assert [tile[0, 0, 0] for tile in pixels(figure)] == [10, 20, 30]


@pytest.mark.parametrize(
    ("images", "titles", "columns", "complaint"),
    [([], [], None, "needs a label. Received: 0 and 0"), ([PICTURE], ["a", "b"], None, "1 and 2"),
     ([PICTURE], ["a"], 0, "`columns` must be a positive integer. Received: 0")],
)  # fmt: skip
def test_pictures_need_a_name_each(images, titles, columns, complaint):
    with pytest.raises(ValueError, match=complaint):
        figures.pictures(images, titles, columns=columns, alt="x")
