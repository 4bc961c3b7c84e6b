import re
from xml.etree import ElementTree

import numpy as np
import pytest
import samples
from scipy import stats
from sklearn.metrics import precision_recall_fscore_support

from cnn_explainer import runs, tables
from cnn_explainer.architectures import ARCHITECTURES, VARIANTS, parameters
from cnn_explainer.experiments import CATALOGUE, get

THREE = [samples.run(seed=seed) for seed in (3, 1, 2)]
TABLES = {
    "metrics": lambda: tables.metrics(samples.run()),
    "metrics of seeds": lambda: tables.metrics(THREE),
    "layers": lambda: tables.layers("vgg16"),
    "recipe": lambda: tables.recipe(get("alexnet-augmented")),
    "experiments": tables.experiments,
    "classes": lambda: tables.classes(samples.run()),
}


@pytest.fixture(params=TABLES)
def table(request, home):
    return TABLES[request.param]()


def html_of(table):
    return ElementTree.fromstring(table._repr_html_().replace("<br>", "<br/>"))


def test_the_page_shows_every_cell_of_the_frame(table):
    root = html_of(table)
    rows = [[cell.text or "" for cell in row] for row in root.iter("tr")]
    assert rows[0] == [table.frame.index.name, *table.frame.columns]
    assert rows[1:] == [[name, *row] for name, *row in table.shown.itertuples()]


def test_a_screen_reader_is_told_what_heads_what(table):
    root = html_of(table)
    assert root.find(".//caption/span").text == table.caption
    scopes = [cell.get("scope") for cell in root.iter("th")]
    assert scopes == ["col"] * (1 + table.frame.shape[1]) + ["row"] * len(table.frame)
    assert (root.get("role"), root.get("tabindex")) == ("region", "0")
    assert root.get("aria-label") == table.caption


def test_numbers_stand_at_the_right_and_words_at_the_left(table):
    for row in html_of(table).findall(".//tbody/tr"):
        for cell, name in zip(row.findall("td"), table.frame.columns, strict=True):
            side = "left" if isinstance(table.frame[name].iloc[0], str) else "right"
            assert cell.get("style") == f"text-align: {side}"


def test_as_text_it_is_readable(table):
    text = repr(table)
    assert text.startswith(table.caption)
    assert "object at 0x" not in text
    assert all(str(name) in text for name in table.frame.index)


def test_what_is_shown_cannot_become_markup():
    table = tables.classes(samples.run().model_copy(update={"classes": ("<b>&", *"abcdefghi")}))
    assert "<b>" not in table._repr_html_()
    assert html_of(table).find(".//tbody/tr/th").text == "<b>&"


def test_metrics_of_a_run_are_the_record_s():
    run = samples.run()
    table = tables.metrics(run)
    for side, measured in (("Training", run.train), ("Test", run.test)):
        assert table.frame[side][:5].tolist() == list(measured.model_dump().values())
    assert table.frame["Test"].iloc[5] == run.calibration.expected_error
    assert np.isnan(table.frame["Training"].iloc[5])
    assert table.shown.loc["Accuracy", "Test"] == f"{run.test.accuracy:.4f}"
    assert "seed 42, 50 of 50 epochs" in table._repr_html_()


def test_metrics_of_seeds_are_mean_and_interval():
    table = tables.metrics(THREE)
    values = np.array([list(run.test.model_dump().values()) for run in THREE])
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=values.mean(0), scale=stats.sem(values, axis=0)
    )
    np.testing.assert_allclose(table.frame["Test"][:5], values.mean(0))
    np.testing.assert_allclose(table.frame["Test ±"][:5], (high - low) / 2)
    assert "3 seeds" in table.caption
    assert "seeds 1, 2, 3" in table.source


def test_metrics_of_different_experiments_are_refused():
    with pytest.raises(ValueError, match="`runs` must be seeds of one experiment"):
        tables.metrics([samples.run(), samples.run("lenet5-augmented")])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_layers_add_up_to_the_network(name, variant):
    frame = tables.layers(name, variant).frame
    assert frame.loc["Total", "Parameters"] == parameters(name)
    assert frame["Multiply-adds"].iloc[:-1].sum() == frame.loc["Total", "Multiply-adds"]
    assert any(what == "Dropout 0.2" for what in frame["What"]) == (
        name == "base" or variant == "augmented_dropout"
    )


def test_the_layers_of_lenet5_by_hand():
    frame = tables.layers("lenet5").frame
    assert frame.loc["conv1"].tolist() == [
        "Convolution 5\u00a0×\u00a05, valid",
        "28\u00a0×\u00a028\u00a0×\u00a06",
        5 * 5 * 3 * 6 + 6,
        28 * 28 * 5 * 5 * 3 * 6,
    ]
    assert tables.layers("lenet5", classes=3).frame.loc["dense3", "Parameters"] == 84 * 3 + 3


def test_the_recipe_says_what_the_experiment_holds():
    values = tables.recipe(get("vgg16-augmented_dropout", seed=9, epochs=7)).frame["Value"]
    assert values["Network"] == "VGG16"
    assert values["Variant"] == "with augmentation and dropout"
    assert values["Optimizer"] == "SGD, Nesterov momentum 0.9"
    assert (values["Epochs"], values["Seed"]) == ("7", "9")
    assert values["Precision"] == "mixed bfloat16"


def test_the_catalogue_says_what_is_recorded(home, monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "empty")
    assert set(tables.experiments().frame["Recorded"]) == {"no"}
    runs.save(samples.run("alexnet-plain"))
    frame = tables.experiments().frame
    assert list(frame.index) == list(CATALOGUE)
    assert frame.index[frame["Recorded"] == "yes"].tolist() == ["alexnet-plain"]
    assert frame.loc["vgg16-plain", "Parameters"] == 134_281_029


def test_classes_agree_with_scikit_learn():
    run = samples.run()
    pairs = [
        (true, said)
        for (true, said), count in np.ndenumerate(np.array(run.confusion))
        for _ in range(count)
    ]
    precision, recall, _, support = precision_recall_fscore_support(*zip(*pairs, strict=True))
    frame = tables.classes(run).frame
    np.testing.assert_allclose(frame["Precision"], precision)
    np.testing.assert_allclose(frame["Recall"], recall)
    assert frame["Test images"].tolist() == support.tolist()


def test_a_class_that_is_never_answered_has_no_precision():
    run = samples.run("vgg16-plain")
    counts = np.array(run.confusion)
    counts[:, 1] += counts[:, 0]
    counts[:, 0] = 0
    run = run.model_copy(update={"confusion": tuple(map(tuple, counts.tolist()))})
    shown = tables.classes(run).shown.iloc[0]
    assert shown["Precision"] == "–"
    assert re.fullmatch(r"0\.0+", shown["Recall"])
