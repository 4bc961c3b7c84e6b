"""The answers of a network's variants to one probe: as long as they are, right, and counted."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import samples

from cnn_explainer import figures

SEEDS = tuple(samples.run("alexnet-plain", seed=seed) for seed in (1, 2, 3))
ONE = (samples.run("alexnet-augmented", seed=1),)


def parts(figure, tag):
    """The panels' elements of that kind."""
    return [
        [each for each in ElementTree.fromstring(panel.svg()).iter() if each.tag.endswith(tag)]
        for panel in figure.panels
    ]


def test_bars_are_means_and_ticks_are_seeds():
    figure = figures.answers(SEEDS + ONE, "rose")
    zero, _, one = (float(label.get("x")) for label in parts(figure, "text")[1][1:4])
    _, *panels = parts(figure, "rect")
    for bars, seeds in zip(panels, (SEEDS, ONE), strict=True):
        mean = np.mean([run.probes["rose"] for run in seeds], axis=0)
        lengths = [float(bar.get("width")) / (one - zero) for bar in bars]
        np.testing.assert_allclose(lengths, mean, atol=1e-3)
    _, plain, augmented = parts(figure, "line")
    axes = 3
    assert len(augmented) == axes
    places = np.array([float(tick.get("x1")) for tick in plain[axes:]]).reshape(-1, len(SEEDS))
    seeds = np.transpose([run.probes["rose"] for run in SEEDS])
    np.testing.assert_allclose((places - zero) / (one - zero), seeds, atol=1e-3)


def test_the_words_name_the_answer_and_how_many_seeds_give_it():
    figure = figures.answers(SEEDS, "rose")
    shares = np.array([run.probes["rose"] for run in SEEDS])
    answer = shares.mean(0).argmax()
    agree = (shares.argmax(1) == answer).sum()
    assert f"Plain: {SEEDS[0].classes[answer]} {shares.mean(0)[answer]:.3f}" in figure.alt
    assert f"the answer of {agree} of 3 seeds" in figure.alt
    assert "is roses" in figure.caption


def test_a_picture_of_no_class_is_said_to_be_one():
    assert "No class fits it." in figures.answers(ONE, "aeroplane").caption


@pytest.mark.parametrize(
    ("runs", "probe", "complaint"),
    [
        ((samples.run(), *ONE), "rose", "`runs` must be of one network. Received: alexnet, lenet5"),
        (ONE, "tulip", "`probe` must be one of aeroplane, rose. Received: 'tulip'"),
        ((), "rose", "`runs` must be a Run or a sequence of them"),
    ],
)
def test_what_cannot_be_drawn_is_refused(runs, probe, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        figures.answers(runs, probe)
