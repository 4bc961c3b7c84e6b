"""Figures of searches; what holds for every figure is in `test_figures`."""

import re

import numpy as np
import pytest
import samples
from matplotlib.colors import to_hex
from test_figures import lines, markers, words

from cnn_explainer import figures, importance
from cnn_explainer.figures.colours import cividis
from cnn_explainer.searched import progress

SWEEP = samples.sweep(trials=30)
RATES = {"epochs": 18, "learning_rate": {"log_uniform": (0.001, 0.1)}}
ONE = samples.sweep(trials=12, settings=RATES, early_stopping=None)
GRID = {"epochs": 6, "optimizer": ("sgd", "adam"), "learning_rate": (0.001, 0.01, 0.1)}
THREE = [
    samples.sweep("grid", search="grid", settings=GRID, early_stopping=None),
    samples.sweep("random", trials=6, early_stopping=None),
    samples.sweep("halving", trials=6),
]


def count(sweep, end):
    return sum(trial.end == end for trial in sweep.trials)


# Parallel coordinates.


def strokes(figure):
    """Of each trial's line, as it lies over its edge: path, colour, dashes."""
    found = re.findall(
        r'<path d="([^"]+)" stroke="(#\w+)" stroke-width="[\d.]+"(?: stroke-dasharray="([^"]+)")?',
        figure.panels[0].body,
    )
    return [(np.array(re.findall(r"[-\d.]+", path), float), *rest) for path, *rest in found]


def test_every_trial_is_a_line_and_every_setting_an_axis():
    figure = figures.parallel(SWEEP)
    assert len(strokes(figure)) == 30
    shown = words(figure)
    assert {"optimizer", "learning rate, log", "dropout", "shift", "flip", "epochs done"} <= {
        *shown
    }
    assert {"sgd", "adam", "yes", "no"} <= {*shown}
    assert "epochs" not in shown


def test_lines_stand_where_the_values_are():
    trials = sorted(ONE.trials, key=lambda trial: trial.accuracy)
    found = strokes(figures.parallel(ONE))
    rates = np.log([trial.values["learning_rate"] for trial in trials])
    begin, end = (np.array([path[i] for path, *_ in found]) for i in (0, -2))
    assert np.corrcoef(begin, rates)[0, 1] > 0.999
    assert np.corrcoef(end, [trial.accuracy for trial in trials])[0, 1] > 0.999
    assert words(figures.parallel(ONE))[1:4] == ["0.001", "0.01", "0.1"]


def test_colour_is_accuracy_and_not_the_only_sign():
    figure = figures.parallel(SWEEP)
    colours = [colour for _, colour, _ in strokes(figure)]
    assert colours[-1] == to_hex(cividis(np.ones(1))[0] / 255)
    dashed = [dashes for *_, dashes in strokes(figure) if dashes]
    assert len(dashed) == count(SWEEP, "stopped") > 0
    assert figure.panels[0].body.count('stroke-opacity="1" stroke-width="4.4"') == 1


def test_the_best_trials_are_told():
    figure = figures.parallel(SWEEP)
    best = SWEEP.best
    assert f"The best, right on {best.accuracy:.3f} of the images held out after 18" in figure.alt
    assert f"learning rate {best.values['learning_rate']:.3g}" in figure.alt
    assert f"{count(SWEEP, 'stopped')} stopped early" in figure.alt
    rates = [
        trial.values["learning_rate"]
        for trial in sorted(SWEEP.trials, key=lambda trial: -trial.accuracy)[:5]
    ]
    assert f"learning rate {min(rates):.3g} to {max(rates):.3g}" in figure.alt


def test_trials_without_an_accuracy_end_before_that_axis():
    first, second, *_ = SWEEP.trials
    changed = samples.with_trials(
        SWEEP, samples.ended(first, "diverged", 1), samples.ended(second, "failed", 0)
    )
    figure = figures.parallel(changed)
    dotted = [path for path, _, dashes in strokes(figure) if dashes == "1 4"]
    whole = [path for path, _, dashes in strokes(figure) if dashes != "1 4"]
    assert len(dotted) == 2
    assert {len(path) for path in dotted}.pop() < {len(path) for path in whole}.pop()
    assert "1 diverged, 1 failed" in figure.alt


def test_long_names_of_categories_take_two_lines():
    kinds = ("glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal")
    sweep = samples.sweep(settings=RATES | {"initializer": kinds})
    assert words(figures.parallel(sweep)).count("glorot") == 2


# Early stopping.


def test_a_cross_is_where_a_trial_was_stopped():
    body = figures.halving(SWEEP).panels[0].body
    # One more is the legend's.
    crosses = markers(body, "#d55e00")
    assert len(crosses) == count(SWEEP, "stopped") + 1
    stopped = {trial.epochs_done for trial in SWEEP.trials if trial.end == "stopped"}
    assert len({x for x, _ in crosses[:-1]}) == len(stopped)


def test_who_went_on_is_counted():
    figure = figures.halving(SWEEP)
    for rung in (2, 6):
        on = sum(trial.epochs_done > rung for trial in SWEEP.trials)
        assert f"{on} go on" in words(figure)
        assert f"{on} went on after epoch {rung}" in figure.alt
    assert "(2, 6)" in figure.caption
    assert f"{SWEEP.best.accuracy:.3f}" in figure.alt


def test_a_search_that_stops_nobody_is_refused():
    with pytest.raises(ValueError, match=r"early stopping\. Received: one without, random"):
        figures.halving(THREE[1])


# Progress.


def test_progress_is_drawn_where_the_numbers_are():
    panel = figures.search_progress(THREE).panels[0]
    spent, best = progress(THREE[0])
    drawn = lines(panel)["#0072b2"]
    # A step goes to the right first, and then up.
    np.testing.assert_allclose(drawn[1::2, 1], drawn[:-1:2, 1])
    assert np.corrcoef(drawn[::2, 0], spent)[0, 1] > 0.9999
    assert np.corrcoef(drawn[::2, 1], best)[0, 1] < -0.9999
    ends = markers(panel.body, "#")
    spent = [sweep.epochs for sweep in THREE]
    assert np.corrcoef(ends[-3:, 0], spent)[0, 1] > 0.9999
    best = [sweep.best.accuracy for sweep in THREE]
    assert np.corrcoef(ends[-3:, 1], best)[0, 1] < -0.9999


def test_each_search_is_named_at_its_line():
    figure = figures.search_progress(THREE)
    assert {"grid", "random", "random, early stopping"} <= {*words(figure)}
    for sweep in THREE:
        assert f"{sweep.best.accuracy:.3f} after" in figure.alt
        assert f"no better until its end at {sweep.epochs}." in figure.alt
    alike = [samples.sweep("one"), samples.sweep("two", seed=1)]
    assert {"one", "two"} <= {*words(figures.search_progress(alike))}


def test_too_many_searches_are_refused():
    with pytest.raises(ValueError, match=r"1 to 4 searches\. Received: 5"):
        figures.search_progress([SWEEP] * 5)


# Importance.


def test_bars_are_as_long_as_the_importances():
    found = importance.of(SWEEP)
    figure = figures.importance(SWEEP)
    bars = re.findall(r'<path d="M([-\d.]+) [-\d.]+L([-\d.]+)[^"]*z"', figure.panels[0].body)
    lengths = [float(right) - float(left) for left, right in bars]
    assert np.corrcoef(lengths, [*found.settings.values()])[0, 1] > 0.999
    names = [name.replace("_", " ") for name in found.settings]
    assert [word for word in words(figure) if word in names] == names


def test_r2_is_told_and_a_low_one_judged():
    found = importance.of(SWEEP)
    figure = figures.importance(SWEEP)
    assert f"R² is {found.r2:.2f}." in figure.caption
    assert f"learning rate {found.settings['learning_rate']:.2f}" in figure.alt
    assert "hardly anything" not in figure.caption
    weak = figures.importance(samples.sweep(trials=30, seed=1, accuracy=lambda values: 0.5))
    assert "hardly anything" in weak.caption
    assert "too little to trust" in weak.alt
