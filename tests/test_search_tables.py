"""Tables of searches; what holds for every table is in `test_tables`."""

import numpy as np
import pytest
import samples

from cnn_explainer import importance
from cnn_explainer import search_tables as tables
from cnn_explainer.comparison import half_interval
from cnn_explainer.searched import epochs_to

SWEEP = samples.sweep(trials=30)
GRID = {"epochs": 6, "optimizer": ("sgd", "adam"), "learning_rate": (0.001, 0.01, 0.1)}
THREE = [
    samples.sweep("grid", search="grid", settings=GRID, early_stopping=None),
    samples.sweep("random", trials=6, early_stopping=None),
    samples.sweep("halving", trials=6),
]


def test_a_space_in_words():
    frame = tables.space(SWEEP.space).frame
    assert [*frame.index] == [*("optimizer", "learning rate", "epochs", "dropout", "flip", "shift")]
    assert frame.loc["learning rate"].tolist() == ["0.001 to 0.1", "log-uniform"]
    assert frame.loc["shift"].tolist() == ["0 to 3", "uniform"]
    assert frame.loc["optimizer"].tolist() == ["sgd, adam", "one of these"]
    assert frame.loc["epochs"].tolist() == ["18", "always"]


def test_a_space_says_how_it_is_searched():
    said = tables.space(SWEEP.space).caption
    assert "for LeNet-5: 30 trials, random. After epoch 2, and each time after 3 times as" in said
    said = tables.space(THREE[0].space).caption
    assert "6 trials, grid. 10\u00a0% of the training images are held out" in said
    said = tables.space(samples.sweep(image_size=28).space).caption
    assert "reduced to 28\u00a0×\u00a028 pixels. 10\u00a0% of the" in said


def test_the_best_trials_stand_side_by_side():
    table = tables.trials(SWEEP, 3)
    finished = sorted(t.accuracy for t in SWEEP.trials if t.end == "finished")[::-1]
    row = table.frame.loc["held-out accuracy"]
    assert row.tolist() == [f"{accuracy:.4f}" for accuracy in finished[:3]]
    assert table.frame["1."]["learning rate"] == f"{SWEEP.best.values['learning_rate']:.3g}"
    # What had no choice is no row.
    assert "epochs" not in table.frame.index


def test_no_more_trials_are_shown_than_there_are():
    table = tables.trials(THREE[0], 50)
    assert table.frame.shape[1] == 6
    assert table.caption.startswith("All 6 trials, the best first, of the search")
    assert tables.trials(THREE[0], 5).caption.startswith("The 5 best of 6 trials of the search")


def test_tables_of_different_searches_are_told_apart():
    captions = [tables.trials(each).caption for each in THREE]
    assert len({*captions}) == len(captions)


def test_importance_stands_beside_what_the_best_and_the_worst_had():
    table = tables.importance(SWEEP)
    found = importance.of(SWEEP)
    assert table.frame["Importance"].tolist() == [*found.settings.values()]
    assert table.frame["±"].tolist() == [found.spread[name] for name in found.settings]
    ranked = sorted(SWEEP.trials, key=lambda trial: -trial.history.val_accuracy[1])
    rates = [trial.values["learning_rate"] for trial in ranked]
    row = table.frame.loc["learning rate"]
    assert row["Best third"] == f"{np.median(rates[:10]):.3g}"
    assert row["Worst third"] == f"{np.median(rates[-10:]):.3g}"
    kinds = [trial.values["optimizer"] for trial in ranked[-10:]]
    shown = table.frame.loc["optimizer", "Worst third"]
    assert kinds.count(shown) == max(map(kinds.count, kinds))
    assert f"R² is {found.r2:.2f}" in table.caption


def test_searches_are_compared_in_epochs():
    frame = tables.searches(THREE).frame
    assert frame["Epochs trained"].tolist() == [sweep.epochs for sweep in THREE]
    assert frame.loc["grid", "Epochs trained"] == 6 * 6
    assert frame["Best accuracy"].tolist() == [sweep.best.accuracy for sweep in THREE]
    level = min(sweep.best.accuracy for sweep in THREE)
    assert frame[f"{level:.4f} after (epochs)"].tolist() == [epochs_to(s, level) for s in THREE]
    assert frame.loc["halving", "Search"] == "random, early stopping"
    # A longer one had before its end what the shorter one ended with.
    longer = samples.sweep("longer", trials=30, early_stopping=None)
    frame = tables.searches([THREE[1], longer]).frame
    *_, found, level = frame.loc["longer"]
    assert (level, found) == tuple(
        epochs_to(longer, each.best.accuracy) for each in (THREE[1], longer)
    )
    assert level < found


def test_the_winner_beside_itself(home):
    runs = [samples.run(SWEEP.winner, seed=seed) for seed in (1, 2)]
    frame = tables.winner(SWEEP, runs).frame
    tested = np.array([run.test.accuracy for run in runs])
    assert frame["Accuracy"].tolist() == [SWEEP.best.accuracy, tested.mean()]
    assert frame["±"].tolist()[1] == half_interval(tested)
    assert frame["Trained on"].tolist() == ["90\u00a0%", "100\u00a0%"]
    assert frame["Epochs"].tolist() == [SWEEP.best.epochs_done, runs[0].epochs_done]
    shorter = samples.run(SWEEP.winner, epochs=2)
    assert tables.winner(SWEEP, shorter).frame["Epochs"].tolist()[1] == 2
    alone = tables.winner(SWEEP, runs[0])
    assert alone.shown["±"].tolist() == ["–", "–"]
    assert alone.source.records == ("sweeps/made-up", runs[0].experiment.slug)


def test_a_winner_may_have_been_chosen_on_smaller_images(home):
    small = samples.sweep(image_size=28)
    frame = tables.winner(small, samples.run(small.winner)).frame
    assert frame["Image"].tolist() == ["28\u00a0×\u00a028", "32\u00a0×\u00a032"]


def test_others_than_the_winner_are_refused():
    with pytest.raises(ValueError, match=r"`runs` must be of the winner of made-up\. Received"):
        tables.winner(SWEEP, samples.run())
    nameless = samples.sweep(winner=None)
    with pytest.raises(ValueError, match=r"`runs` must be of the winner of made-up\. Received"):
        tables.winner(nameless, samples.run(SWEEP.winner))


def test_laps_end_in_their_mean():
    made = samples.speedrun()
    table = tables.laps(made)
    assert [*table.frame.index] == ["1", "2", "3", "mean", "±"]
    assert table.frame.loc["mean"].tolist() == pytest.approx([made.accuracy, made.seconds])
    seconds = np.array([lap.seconds for lap in made.laps])
    assert table.frame.loc["±", "Time (s)"] == pytest.approx(half_interval(seconds))
    assert "write-up's best, 0.5947" in table.caption
    assert table.source.records == ("speedruns/lenet5",) and "2 cores" in table.source
    alone = tables.laps(made.model_copy(update={"laps": made.laps[:1]}))
    assert [*alone.frame.index] == ["1", "mean"]
