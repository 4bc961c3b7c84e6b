import base64
import io
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
import samples
from matplotlib.colors import to_hex
from PIL import Image

from cnn_explainer import figures, probes
from cnn_explainer.architectures import ARCHITECTURES, VARIANTS, parameters, shapes
from cnn_explainer.comparison import half_interval
from cnn_explainer.datasets import Dataset, Split
from cnn_explainer.errors import NotSaved
from cnn_explainer.experiments import CATALOGUE
from cnn_explainer.figures import Figure
from cnn_explainer.figures.colours import DARK, LIGHT, cividis, ink_on
from cnn_explainer.figures.times import TICKS
from cnn_explainer.mistakes import worst
from cnn_explainer.published import RESULTS

RUN = samples.run()
SEEDS = [samples.run(seed=seed) for seed in (1, 2, 3)]
PICTURE = probes.rose(32)
RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(5, 7, 6))
LENET5 = [
    *samples.accurate("lenet5-plain", 0.55, 0.56, 0.545),
    *samples.accurate("lenet5-augmented", 0.58, 0.575),
]
SHORT = samples.run("vgg16-plain", epochs_done=25)
SOME = [*LENET5, SHORT]
SEARCH, WHOLE = samples.sweep(), samples.sweep("whole", early_stopping=None)
FLOWERS = Dataset(
    *("tf_flowers", "Flowers", SHORT.classes),
    *[Split(RNG.integers(256, size=(25, 8, 8, 3), dtype=np.uint8), np.arange(25) % 5)] * 2,
    *("0" * 16, "made up"),
)
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
    "cluster": lambda: figures.cluster(2, 3),
    "feature maps": lambda: figures.feature_maps(MAPS, title="conv1 & more"),
    "filters": lambda: figures.filters(RUN),
    "arrays": lambda: figures.arrays({"<a>": MAPS[:3, :3, 0], "b": MAPS[0, 0]}, caption="Two."),
    "lines": lambda: figures.lines({"a & b": [2, 1]}, xlabel="Step", ylabel="Loss", caption="One."),
    "accuracies": lambda: figures.accuracies(SOME),
    "accuracies of none": lambda: figures.accuracies([]),
    "fit times": lambda: figures.fit_times(SOME),
    "fit times of none": lambda: figures.fit_times([]),
    "costs": lambda: figures.costs(SOME),
    "variants": lambda: figures.variants(LENET5),
    "answers": lambda: figures.answers(SOME, "rose"),
    "mistakes": lambda: figures.mistakes(SHORT, FLOWERS),
    "pictures": lambda: figures.pictures([PICTURE], ['a "rose"'], alt='A drawn "rose".'),
    "parallel": lambda: figures.parallel(SEARCH),
    "halving": lambda: figures.halving(SEARCH),
    "search progress": lambda: figures.search_progress([SEARCH, WHOLE]),
    "importance": lambda: figures.importance(SEARCH),
    "ablation": lambda: figures.ablation({"<old>": SEEDS, "new & better": SEEDS[:1]}),
}
TOLD = ("curves", "curves of seeds", "predictions with picture", "confusion", "calibration",
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


@pytest.mark.parametrize("order", ["names", "reversed(names)"])
def test_a_figure_is_a_function_whichever_was_drawn_before(order):
    code = (
        "from cnn_explainer import figures; names = figures.__all__;"
        f"print(*[name for name in {order} if not callable(getattr(figures, name))]);"
        "print(*[name for name in names if not callable(getattr(figures, name))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# What holds for every figure.


def test_it_is_a_figure_with_one_image_and_a_caption(figure):
    root = parse(figure._repr_html_())
    assert (root.tag, root.get("class")) == ("figure", "cnn-figure")
    images = [element for element in root.iter() if element.get("role") == "img"]
    assert [element.get("aria-label") for element in images] == [figure.alt]
    assert "".join(root.find("figcaption").itertext()) == figure.caption + figure.source
    assert repr(figure) == figure.alt != ""


@pytest.mark.parametrize("alt", ["", "A plot", "figure"])
def test_a_figure_without_its_text_is_refused(alt):
    with pytest.raises(ValueError, match=r"`alt` must say in a sentence.*Received"):
        Figure((), alt, "A caption.")


def test_text_and_axes_take_the_colour_of_the_page(figure):
    root = parse(figure.svg)
    for element in root.iter():
        if element.tag.endswith("text"):
            style = element.get("style", "") + f"fill:{element.get('fill')}"
            on_a_cell = {DARK, LIGHT} & {element.get("fill")}
            assert "fill:currentColor" in style or on_a_cell
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


@pytest.mark.parametrize("name", TOLD)
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
    found = re.findall(r'<path d="(M[^"]+)"[^>]*style="fill:none;([^"]*)"', panel.body)
    return {
        colour: np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path), float)
        for path, style in reversed(found)  # The last are the legend's.
        for colour in re.findall(r"stroke:(#\w+)", style)
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
    assert "fill-opacity:0.2" in figure.panels[0].body


def test_curves_of_runs_of_unequal_length_show_what_all_have():
    short = samples.run(seed=9, epochs_done=30)
    figure = figures.curves([RUN, short])
    assert "over 30 epochs" in figure.alt
    assert "Only the 30 epochs" in figure.caption
    assert "30 of 50 epochs" in figure.source


# Several experiments.


def markers(body, colour):
    """Where marks of this colour stand, legends included: `(N, 2)`."""
    found = re.findall(r'<use [^>]*x="([-\d.]+)" y="([-\d.]+)"[^>]*style="([^"]*)"', body)
    return np.array([(x, y) for x, y, style in found if colour in style], float)


@pytest.mark.parametrize("make", [figures.accuracies, figures.fit_times])
def test_every_experiment_has_its_row_and_the_write_up_its_mark(make):
    for runs in (SOME, []):
        figure = make(runs)
        assert len(markers(figure.panels[0].body, "#d55e00")) >= len(CATALOGUE)
        missing = len(CATALOGUE) - len({run.experiment.name for run in runs})
        assert sum("not recorded" in word for word in words(figure)) == missing
        assert figure.alt.count("not recorded") == missing
        assert figure.alt.count("write-up") == len(CATALOGUE)


def test_accuracies_are_drawn_where_the_numbers_are():
    figure = figures.accuracies(SOME)
    published = [each.accuracy for each in RESULTS.values()]
    drawn = markers(figure.panels[0].body, "#d55e00")[:10, 0]
    assert np.corrcoef(drawn, published)[0, 1] > 0.9999
    half = half_interval(np.array([0.55, 0.56, 0.545]))
    assert f"LeNet-5 (plain): 0.552, ± {half:.3f}, 3 seeds; write-up 0.577." in figure.alt
    # The intervals are as long, on the scale that the write-up's marks give.
    line = r'<path d="M([\d.]+) ([\d.]+)L([\d.]+) \2"[^>]*stroke:#0072b2'
    ends = np.array(re.findall(line, figure.panels[0].body), float)[:, ::2]
    scale = np.ptp(drawn) / np.ptp(published)
    halves = [half, half_interval(np.array([0.58, 0.575]))]
    np.testing.assert_allclose(np.diff(ends).ravel()[:2] / scale, 2 * np.array(halves), rtol=0.02)


def test_intervals_need_two_seeds():
    assert "which one seed alone does not have" in figures.accuracies(SOME).caption
    assert "its 95 % interval." in figures.accuracies(LENET5).caption
    assert "one seed, and so no interval" in figures.accuracies([SHORT]).caption
    assert "Nothing is recorded" in figures.accuracies([]).caption


def test_fit_times_are_told_and_the_sleep_too():
    figure = figures.fit_times(SOME)
    quickest = min(run.fit_seconds for run in LENET5[:3])
    assert f"LeNet-5 (plain): {quickest:,.0f} s on AMD EPYC 9B14; write-up 306 s." in figure.alt
    assert "51,934 s (the machine slept during this run)" in figure.alt
    assert words(figure).count("asleep") == 1
    assert set(TICKS.values()) <= set(words(figure))


def test_costs_are_three_and_of_what_is_recorded():
    figure = figures.costs(SOME)
    assert len(figure.panels) == 3
    assert "134,281,029 parameters" in figure.alt
    assert "Base model" not in words(figure)
    assert "Not trained to the end: VGG16 (plain, only 25 of 50 epochs)." in figure.caption
    assert "Not trained" not in figures.costs(LENET5).caption
    with pytest.raises(ValueError, match="`runs` must be a Run or a sequence of them"):
        figures.costs([])


def test_times_of_two_machines_are_told_apart():
    slow, seven = LENET5[0], samples.run(seed=7)
    quick, vgg16 = samples.accelerated(seven, 29), samples.accelerated(SHORT, 58)
    figure = figures.fit_times([slow, quick, vgg16])
    told = f"LeNet-5 (plain): {slow.fit_seconds:,.0f} s on AMD EPYC 9B14, 29 s on NVIDIA H100; "
    assert told in figure.alt
    assert {"10 s", "1 h"} <= set(words(figure))
    # A cost has one axis, and an axis one machine: that of the most experiments.
    other = samples.run("base-plain")
    alexnet = samples.accelerated(samples.run("alexnet-plain"), 9)
    costs = figures.costs([slow, other, quick, vgg16, alexnet])
    assert costs.caption.count("on NVIDIA H100.") == 1
    assert "Trained elsewhere, and without a mark there: Base model (plain)." in costs.caption
    assert "29 s." in costs.alt and f"{other.fit_seconds:,.0f} s." not in costs.alt


def test_variants_share_their_axes():
    figure = figures.variants([*LENET5, samples.run("lenet5-augmented_dropout", epochs_done=9)])
    assert [word for word in words(figure) if word.lower().startswith(("plain", "aug"))] == [
        *("Plain", "Augmented", "Augmented, dropout")
    ]
    ticks = [
        [w for w in words(Figure((p,), "One panel of it.", "")) if w[0].isdigit()]
        for p in figure.panels
    ]
    assert ticks[0] == ticks[1] == ticks[2]
    assert "Epoch (only 9 of 50)" in words(figure)
    assert "One seed, and so no band: with augmentation and dropout." in figure.caption


def test_variants_are_told_by_their_last_epoch():
    figure = figures.variants(LENET5)
    end = [
        np.mean([run.history.val_accuracy[-1] for run in side]) for side in (LENET5[:3], LENET5[3:])
    ]
    assert all(f"and {value:.3f} in validation" in figure.alt for value in end)
    assert "Not recorded: with augmentation and dropout." in figure.caption


def test_variants_are_of_one_network():
    with pytest.raises(ValueError, match=r"`runs` must be of one network\. Received: lenet5"):
        figures.variants(SOME)


@pytest.mark.parametrize("make", [figures.variants, figures.costs])
def test_of_the_catalogue_must_be_some_run(make):
    polished = samples.run("lenet5-polished")
    with pytest.raises(ValueError, match=r"^`runs` must hold .*\. Received: lenet5-polished$"):
        make([polished])
    assert make([polished, RUN]).panels


def test_answers_are_the_mean_probabilities():
    figure = figures.answers(SOME, "rose")
    cells = [word for word in words(figure) if re.fullmatch(r"\d\.\d{3}", word)]
    columns = [LENET5[:3], LENET5[3:], [SHORT]]
    shares = [np.mean([run.probes["rose"] for run in seeds], 0) for seeds in columns]
    assert cells == [f"{share:.3f}" for column in shares for share in column]
    k = shares[0].argmax()
    agree = sum(np.argmax(run.probes["rose"]) == k for run in LENET5[:3])
    assert f"{RUN.classes[k]} {shares[0][k]:.3f}, the answer of {agree} of 3 seeds." in figure.alt
    assert "only 25 of 50 epochs" in figure.caption


def test_answers_to_a_picture_that_is_not_recorded():
    with pytest.raises(ValueError, match=r"`probe` must be one of aeroplane, rose\."):
        figures.answers([RUN], "car")


def test_mistakes_show_both_classes():
    figure = figures.mistakes(SHORT, FLOWERS, 2)
    first, _ = found = worst(SHORT, 2)
    assert words(figure) == [
        f"{each.true} taken for {each.answer}: {each.count:.0f} of {each.images}" for each in found
    ]
    shown = pixels(figure)
    assert len(shown) == 2 * 2 * 4
    for name, pictures in ((first.true, shown[:4]), (first.answer, shown[4:8])):
        of_class = FLOWERS.test.images[FLOWERS.test.labels == FLOWERS.classes.index(name)]
        np.testing.assert_array_equal(pictures, of_class[:4])


def test_photographs_in_mistakes_are_no_larger_than_they_are_shown():
    large = Split(RNG.integers(256, size=(10, 227, 227, 3), dtype=np.uint8), np.arange(10) % 5)
    flowers = Dataset(*("tf_flowers", "Flowers", SHORT.classes), large, large, *("0" * 16, "made"))
    assert {picture.shape for picture in pixels(figures.mistakes(SHORT, flowers, 1))} == {
        (100, 100, 3)
    }


def test_mistakes_refuse_another_dataset():
    with pytest.raises(ValueError, match="`dataset` must have the classes airplane"):
        figures.mistakes(RUN, FLOWERS)


def test_missing_epochs_are_in_every_figure_that_uses_the_run():
    for make in (
        *(figures.curves, figures.confusion, figures.calibration, figures.filters),
        lambda run: figures.mistakes(run, FLOWERS),
        lambda run: figures.answers([run], "rose"),
        *(lambda run, make=make: make([run]) for make in OF_MANY),
    ):
        assert "only 25 of 50" in make(SHORT)._repr_html_()


OF_MANY = (figures.accuracies, figures.fit_times, figures.costs, figures.variants)


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
    for k, name in enumerate(RUN.classes):
        assert f"{name} {RUN.confusion[k][k]} of {sum(RUN.confusion[k])}" in figure.alt


def test_confusion_colours_each_count_by_its_share_of_the_true_class():
    counts = ((8, 2), (30, 70))
    run = RUN.model_copy(update={"confusion": counts, "classes": ("cat", "dog")})
    found = re.findall(r'<rect [^>]*fill="(#\w+)"', figures.confusion(run).panels[0].body)
    shares = [[0.8, 0.2], [0.3, 0.7]]
    assert found[:4] == [to_hex(colour / 255) for colour in cividis(np.ravel(shares))]


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


def test_calibration_s_bars_are_as_high_as_the_numbers():
    figure = figures.calibration(RUN)
    found = re.findall(
        r'<path d="M([\d.]+) ([\d.]+)L([\d.]+) [\d.]+L[\d.]+ ([\d.]+)L[^"]*z"[^>]*style="fill:',
        figure.panels[0].body,
    )
    # The upper panel's, one of its legend, and the lower panel's. Up is less.
    [*upper, _] = found[: len(found) // 2 + 1]
    left, floor, right, top = np.array([*upper, *found[len(upper) + 1 :]], float).T
    heights, bins = (floor - top).reshape(2, -1), RUN.calibration
    for drawn, values in zip(heights, (bins.accuracy, bins.count), strict=True):
        np.testing.assert_allclose(drawn / drawn.max(), np.array(values) / max(values), atol=0.002)
    middles = ((left + right) / 2).reshape(2, -1)
    np.testing.assert_allclose(middles[0], middles[1])
    np.testing.assert_allclose(np.diff(middles[0]), np.diff(middles[0]).mean(), rtol=0.02)
    for claimed, right, count in zip(bins.confidence, bins.accuracy, bins.count, strict=True):
        told = f"{claimed:.2f} claimed, {right:.2f} right, {count} images"
        assert (told in figure.alt) == bool(count)
    assert f"error: {bins.expected_error:.3f}." in figure.caption


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
    bare = RUN.model_copy(update={"filters": RUN.filters.thinned(0, between=True)})
    with pytest.raises(ValueError, match=r"`run` must hold kernels\. The record of lenet5-plain"):
        figures.filters(bare)


def test_pictures_keep_their_names_and_order():
    images = [np.full((4, 4, 3), value, np.uint8) for value in (10, 20, 30)]
    figure = figures.pictures(images, ["a", "b", "c"], columns=2, alt="Three shades of grey.")
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


@pytest.mark.parametrize(("nodes", "cores"), [(1, 1), (3, 4), (4, 2)])
def test_a_cluster_has_a_trial_for_each_core(nodes, cores):
    figure = figures.cluster(nodes, cores)
    assert figure.svg.count(">trial<") == nodes * cores
    assert f"{cores} trials" in figure.alt


@pytest.mark.parametrize(("nodes", "cores", "name"), [(0, 2, "nodes"), (2, 5, "cores")])
def test_a_cluster_that_cannot_be_drawn(nodes, cores, name):
    with pytest.raises(ValueError, match=rf"`{name}` must be a whole number from 1 to 4"):
        figures.cluster(nodes, cores)
