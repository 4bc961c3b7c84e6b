import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import samples
from scipy import stats
from sklearn.metrics import precision_recall_fscore_support

from cnn_explainer import comparison, runs, search_tables, tables
from cnn_explainer.architectures import ARCHITECTURES, VARIANTS, multiply_adds, parameters
from cnn_explainer.experiments import CATALOGUE, Experiment, get
from cnn_explainer.published import RESULTS

THREE = [samples.run(seed=seed) for seed in (3, 1, 2)]
LENET5 = [
    *samples.accurate("lenet5-plain", 0.55, 0.56, 0.545),
    *samples.accurate("lenet5-augmented", 0.58, 0.575, 0.57),
]
SOME = [*LENET5, samples.run("vgg16-plain", epochs_done=25)]
SEARCH, WHOLE = samples.sweep(), samples.sweep("whole", early_stopping=None)
TABLES = {
    "metrics": lambda: tables.metrics(samples.run()),
    "metrics of seeds": lambda: tables.metrics(THREE),
    "layers": lambda: tables.layers("vgg16"),
    "recipe": lambda: tables.recipe(get("alexnet-augmented")),
    "experiments": tables.experiments,
    "classes": lambda: tables.classes(samples.run()),
    "beside the write-up": lambda: tables.beside_published(samples.run()),
    "published": lambda: tables.published("vgg16"),
    "published differences": lambda: tables.published_differences(("vgg16-plain", "alexnet-plain")),
    "variants beside the write-up": lambda: tables.beside_published(LENET5),
    "accuracies": lambda: tables.accuracies(SOME),
    "accuracies of none": lambda: tables.accuracies([]),
    "costs": lambda: tables.costs(SOME),
    "processor times": lambda: tables.processor_times(SOME),
    "processor times of none": lambda: tables.processor_times([]),
    "networks": tables.networks,
    "time to match": lambda: tables.time_to_match(SOME),
    "time to match of none": lambda: tables.time_to_match([]),
    "differences": lambda: tables.differences(SOME),
    "differences of none": lambda: tables.differences([]),
    "mirrored": lambda: tables.mirrored(THREE),
    "mirrored, one seed": lambda: tables.mirrored(samples.run()),
    "confusions": lambda: tables.confusions(THREE),
    "space": lambda: search_tables.space(SEARCH.space),
    "trials": lambda: search_tables.trials(SEARCH),
    "importance": lambda: search_tables.importance(SEARCH),
    "searches": lambda: search_tables.searches([SEARCH, WHOLE]),
    "winner": lambda: search_tables.winner(SEARCH, samples.run(SEARCH.winner)),
    "laps": lambda: search_tables.laps(samples.speedrun()),
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
    assert root.find(".//caption/div").text == table.caption
    scopes = [cell.get("scope") for cell in root.iter("th")]
    assert scopes == ["col"] * (1 + table.frame.shape[1]) + ["row"] * len(table.frame)
    assert (root.get("role"), root.get("tabindex")) == ("region", "0")
    assert root.get("aria-label") == table.caption


def test_numbers_stand_at_the_right_and_words_at_the_left(table):
    for row in html_of(table).findall(".//tbody/tr"):
        for cell, name in zip(row.findall("td"), table.frame.columns, strict=True):
            words = any(isinstance(value, str) for value in table.frame[name])
            if words or table.frame[name].notna().any():
                assert cell.get("style") == f"text-align: {'left' if words else 'right'}"


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
    for side, measured in (("Training", run.train), ("Validation = test", run.test)):
        assert table.frame[side][:5].tolist() == list(measured.model_dump().values())
    assert table.frame["Validation = test"].iloc[5] == run.calibration.expected_error
    assert np.isnan(table.frame["Training"].iloc[5])
    assert table.shown.loc["Accuracy", "Validation = test"] == f"{run.test.accuracy:.4f}"
    assert "seed 42, 50 of 50 epochs" in table._repr_html_()


def test_metrics_of_seeds_are_mean_and_interval():
    table = tables.metrics(THREE)
    values = np.array([list(run.test.model_dump().values()) for run in THREE])
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=values.mean(0), scale=stats.sem(values, axis=0)
    )
    np.testing.assert_allclose(table.frame["Validation = test"][:5], values.mean(0))
    np.testing.assert_allclose(table.frame["± validation"][:5], (high - low) / 2)
    assert "Mean of 3 seeds, ± half of its 95 % interval." in table.caption
    assert "One seed, and so no interval." in tables.metrics(THREE[0]).caption
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
    assert (values["Learning rate"], values["Batch size"]) == ("0.01", "32 images")
    assert (values["Epochs"], values["Seed"]) == ("7", "9")
    assert values["Precision"] == "mixed bfloat16"
    assert values["Training images"] == "100\u00a0%"
    reduced = tables.recipe(get("lenet5-plain", train_share=0.25, learning_rate=0.1))
    assert reduced.frame["Value"]["Training images"] == "25\u00a0%"
    assert "LeNet-5 (plain, learning rate 0.1, 25\u00a0% of the training images)" in reduced.caption


def test_the_recipe_says_what_only_some_experiments_have():
    plain, augmented = (tables.recipe(get(f"lenet5-{v}")).frame for v in ("plain", "augmented"))
    assert set(augmented.index) - set(plain.index) == {"Augmentation"}
    assert augmented.loc["Augmentation", "Value"] == "flips, turns up to 36°, zoom up to 10\u00a0%"

    values = get("lenet5-tuned").model_dump() | {
        "held_out": 0.1,
        "augmentation": {"shift": 4, "cutout": 8},
        "changes": {"activation": "silu", "initializer": "he_normal", "dropout": 0.0},
    }
    values["changes"]["hidden_units"] = 256
    values["recipe"]["schedule"] = "one_cycle"
    values["recipe"]["weight_decay"] = 0.01
    values["recipe"]["whitened"] = True
    table = tables.recipe(Experiment.model_validate(values)).frame["Value"]
    assert table["Of these held out"] == "10\u00a0%"
    assert table["Augmentation"] == "shifts up to 4 pixels, grey squares of 8 pixels"
    assert table["Activation"] == "SiLU"
    assert table["First weights"] == "he normal, whitened"
    assert (table["Dropout"], table["Hidden units"]) == ("0", "256")
    assert table["Rate over time"].startswith("up from 0 in the first fifth")
    assert "weight decay 0.01" in table["Optimizer"]


def test_the_catalogue_says_what_is_recorded(home, monkeypatch, tmp_path):
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "empty")
    assert set(tables.experiments().frame["Recorded"]) == {"no"}
    runs.save(samples.run("alexnet-plain"))
    frame = tables.experiments().frame
    assert list(frame.index) == list(CATALOGUE)
    assert frame.index[frame["Recorded"] == "yes"].tolist() == ["alexnet-plain"]
    assert frame.loc["vgg16-plain", "Parameters"] == 134_281_029
    assert frame.loc["vgg16-plain", "Image size"] == "224\u00a0×\u00a0224"


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


# Several experiments.


def shown_as(*values):
    return tables.Table(pd.DataFrame({"x": values}).rename_axis("y"), "").shown["x"].tolist()


def test_small_numbers_have_four_decimals_and_minus_is_no_hyphen():
    assert shown_as(0.12345, -0.5, 1e-9, -3e-5, 0.0, np.nan) == [
        "0.1235", "−0.5000", "<0.0001", "<0.0001", "0.0000", "–",
    ]  # fmt: skip


def test_a_column_with_large_numbers_has_three_digits():
    assert shown_as(0.062006, 9.3908, 29.41, -355.2, 4610.4, 0.0, np.nan) == [
        "0.0620", "9.39", "29.4", "−355", "4,610", "0.00", "–",
    ]  # fmt: skip
    assert shown_as(9, 1234567) == ["9", "1,234,567"]
    assert shown_as("a", None) == ["a", "–"]


def test_the_write_up_s_numbers_stand_beside_ours():
    frame = tables.beside_published(LENET5[:3]).frame
    theirs = RESULTS["lenet5-plain"]
    assert frame["Write-up"].tolist() == [theirs.accuracy, theirs.loss, theirs.binary_accuracy]
    assert frame.loc["Accuracy", "Here"] == pytest.approx(0.55167, abs=1e-5)
    assert frame.loc["Loss (nats)", "Here"] == np.mean([run.test.loss for run in LENET5[:3]])
    np.testing.assert_allclose(frame["Difference"], frame["Here"] - frame["Write-up"])
    assert frame.loc["Accuracy", "±"] == comparison.half_interval(np.array([0.55, 0.56, 0.545]))
    several = tables.beside_published(LENET5).frame
    assert several.loc["Loss (nats), augmented", "Write-up"] == RESULTS["lenet5-augmented"].loss


def test_networks_of_one_variant_stand_beside_the_write_up_s_one_by_one():
    frame = tables.beside_published([*LENET5[:3], samples.run("vgg16-plain")]).frame
    assert len(frame) == 2 * 3
    for title, name in (("LeNet-5", "lenet5-plain"), ("VGG16", "vgg16-plain")):
        assert frame.loc[f"Accuracy, {title}, plain", "Write-up"] == RESULTS[name].accuracy


def test_the_write_up_s_sleep_is_told():
    assert "The write-up on its time for vgg16-augmented: the machine slept" in (
        tables.costs(SOME).caption
    )


def test_all_ten_have_a_row_recorded_or_not():
    for table in (tables.accuracies, tables.costs, tables.time_to_match):
        for runs_ in (SOME, []):
            assert list(table(runs_).frame.index) == list(CATALOGUE)
    shown = tables.accuracies(SOME).shown
    assert shown.loc["base-plain"].tolist() == ["–", "–", "–", "0.7094", "–", "–"]
    assert shown.loc["lenet5-plain"].tolist()[:2] == ["3 × 50", "0.5517"]
    assert shown.loc["vgg16-plain", ["Seeds × epochs", "±"]].tolist() == ["1 × 25 of 50", "–"]
    assert "Where there is one seed, there is no interval." in tables.accuracies(SOME).caption


def test_missing_epochs_are_in_every_table_that_uses_the_run():
    short = samples.run("vgg16-plain", epochs_done=25)
    made = [tables.classes(short)]
    made += [make([short]) for make in (tables.metrics, tables.beside_published, tables.confusions)]
    made += [make([short]) for make in (tables.accuracies, tables.costs, tables.time_to_match)]
    for table in (*made, tables.differences([short])):
        assert "25 of 50" in table._repr_html_()


def test_accuracies_are_judged_together():
    judged = tables.accuracies(SOME).frame["That is"].dropna()
    groups = [LENET5[:3], LENET5[3:], SOME[-1:]]
    expected = comparison.together(map(comparison.with_published, groups))
    assert judged.tolist() == [each.verdict for each in expected]


def test_accuracies_are_means_with_their_interval_beside_the_write_up_s():
    row = tables.accuracies(LENET5[:3]).frame.loc["lenet5-plain"]
    found = np.array([run.test.accuracy for run in LENET5[:3]])
    theirs = RESULTS["lenet5-plain"].accuracy
    assert (row["Accuracy"], row["Write-up"]) == (found.mean(), theirs)
    assert row["Difference"] == found.mean() - theirs
    assert row["±"] == comparison.half_interval(found)


def test_costs_are_of_the_quickest():
    row = tables.costs(SOME).frame.loc["lenet5-plain"]
    quick = min(LENET5[:3], key=lambda run: run.fit_seconds)
    assert row["Fit time (s)"] == quick.fit_seconds
    assert row["Images a second"] == quick.images_per_second
    assert row["Write-up's (s)"] == RESULTS["lenet5-plain"].fit_seconds
    assert row["Accuracy"] == np.mean([run.test.accuracy for run in LENET5[:3]])


def test_costs_say_what_trained_the_quickest():
    slow, quick = LENET5[0], samples.accelerated(LENET5[1], 29)
    row = tables.costs([slow, quick]).frame.loc["lenet5-plain"]
    assert (row["Fit time (s)"], row["On"]) == (29, "accelerator")
    assert tables.costs([slow]).frame.loc["lenet5-plain", "On"] == "processor"


def test_processor_times_are_of_runs_without_an_accelerator():
    slow, quick = LENET5[0], samples.accelerated(LENET5[1], 29)
    row = tables.processor_times([slow, quick]).frame.loc["lenet5-plain"]
    assert (row["Fit time (s)"], row["Busy"]) == (slow.fit_seconds, slow.busy)
    assert row["Processor (s)"] == sum(slow.history.processor_seconds)
    short = samples.run("lenet5-plain", epochs_done=25)
    assert tables.processor_times([short]).frame.loc["lenet5-plain", "Epochs"] == 25
    assert tables.processor_times([quick]).frame.empty


def test_the_networks_are_four():
    frame = tables.networks().frame
    assert [*frame.index] == ["Base model", "LeNet-5", "AlexNet", "VGG16"]
    assert frame.loc["LeNet-5"].tolist()[1:] == [62_006, multiply_adds("lenet5")]


def test_time_to_match_counts_the_seeds_that_get_there():
    def reaching(seed, epoch):
        run = samples.run(seed=seed)
        curve = [0.1] * 50
        curve[epoch:49] = [0.9] * (49 - epoch)
        return run.model_copy(
            update={"history": run.history.model_copy(update={"val_accuracy": tuple(curve)})}
        )

    seeds = [reaching(1, 9), reaching(2, 19), reaching(3, 49)]
    table = tables.time_to_match(seeds)
    assert table.shown["Seeds that reach it"].tolist()[:2] == ["–", "2"]
    row = table.frame.loc["lenet5-plain"]
    assert (row["Seeds that reach it"], row["After epochs"]) == (2, "15")
    history, theirs = seeds[0].history, RESULTS["lenet5-plain"]
    # Of the quickest, up to its tenth epoch; and the best epoch is not the last.
    until = sum(history.train_seconds[:10]) + sum(history.val_seconds[:10])
    assert row["After (s)"] == pytest.approx(until)
    assert row["Best epoch's"] == pytest.approx((0.9 + 0.9 + 0.1) / 3)
    assert row["Write-up's accuracy"] == theirs.accuracy


def test_differences_say_what_comparison_says():
    table = tables.differences(LENET5)
    (found,) = comparison.among(LENET5)
    row = table.frame.loc["lenet5-augmented − lenet5-plain"]
    assert row.tolist() == [
        *(found.mean, found.low, found.high, found.method, found.p, found.verdict)
    ]
    assert "Holm" not in table.caption
    with_base = tables.differences([*LENET5, *samples.accurate("base-plain", 0.7, 0.7)])
    assert "adjusted for 2 comparisons (Holm)" in with_base.caption
    assert "gap between training and test accuracy" in tables.differences(LENET5, "gap").caption


def test_mirrored_is_a_difference_seed_by_seed():
    frame = tables.mirrored(THREE).frame
    gains = [run.mirrored.accuracy - run.test.accuracy for run in THREE]
    low, high = stats.t.interval(0.95, 2, np.mean(gains), stats.sem(gains))
    row = frame.loc["Accuracy"]
    assert row["Difference"] == pytest.approx(np.mean(gains)) == row["Twice"] - row["Once"]
    assert row["±"] == pytest.approx((high - low) / 2)
    assert frame.loc["Loss (nats)", "Twice"] < frame.loc["Loss (nats)", "Once"]


def test_who_was_not_judged_with_the_mirror_image_is_named():
    old = THREE[1].model_copy(update={"mirrored": None})
    with pytest.raises(ValueError, match=rf"mirror image.*Received: {old.experiment.slug}$"):
        tables.mirrored([THREE[0], old])


def test_confusions_are_counted():
    counts = np.array(THREE[0].confusion) * (1 - np.eye(10, dtype=int))
    frame = tables.confusions(THREE[0], 3).frame
    assert frame["Images"].tolist() == sorted(counts.ravel())[:-4:-1]
    classes = THREE[0].classes
    for mistake, back in frame["The other way round"].items():
        true, answer = mistake.split(" taken for ")
        assert back == counts[classes.index(answer), classes.index(true)]
    assert "Mean of 3 seeds." in tables.confusions(THREE).caption


def test_published_numbers_have_the_interval_of_their_images():
    table = tables.published("alexnet")
    assert table.frame["Accuracy"].tolist() == [0.7157, 0.7466, 0.7584]
    for column, field in (
        ("Loss (nats)", "loss"),
        ("Binary accuracy", "binary_accuracy"),
        ("Fit time (s)", "fit_seconds"),
    ):
        theirs = [getattr(RESULTS[f"alexnet-{each}"], field) for each in VARIANTS]
        assert table.frame[column].tolist() == theirs
    low, high = stats.binomtest(788, 1101).proportion_ci(0.95, method="wilson")
    assert table.frame["±"].iloc[0] == pytest.approx((high - low) / 2, rel=0.01)
    assert "for AlexNet, of one training each, on 1,101 test images" in table.caption
    assert "for the base model," in tables.published("base").caption
    with pytest.raises(ValueError, match=r"must be one of base, lenet5, .* Received: 'resnet'"):
        tables.published("resnet")


def test_published_differences_are_taken_together():
    pairs = (("alexnet-augmented", "alexnet-plain"), ("vgg16-plain", "alexnet-plain"))
    table = tables.published_differences(*pairs)
    found = comparison.together(comparison.of_published(*pair) for pair in pairs)
    assert [*table.frame.index] == [" − ".join(pair) for pair in pairs]
    assert table.frame["p"].tolist() == [each.p for each in found]
    assert table.frame["That is"].tolist() == ["within noise", "cannot be told"]
    assert table.caption.endswith("whether it is cannot be told.")
    assert "told" not in tables.published_differences(pairs[0]).caption
    assert "adjusted for 2 comparisons" in table.caption
