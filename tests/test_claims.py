from collections import Counter
from html import escape
from itertools import combinations

import numpy as np
import pytest
import samples
from scipy import stats

from cnn_explainer import runs
from cnn_explainer.claims import PARTS, Verdict, check, evidence, steps, summary, table
from cnn_explainer.experiments import CATALOGUE, get

EVERY = {claim.id: claim for part in PARTS.values() for claim in part}
HOLDS, FAILS, NOISE, UNTOLD = Verdict


@pytest.fixture
def nothing(home, monkeypatch, tmp_path):
    """No record anywhere."""
    monkeypatch.setattr(runs, "SHIPPED", tmp_path / "empty")


def seeds_of(experiment, count=3, **parts):
    """Made-up seeds of any experiment; `parts` are given in place of what they hold."""
    experiment = get(experiment)
    return tuple(
        samples.run(experiment.name, seed=seed).model_copy(
            update={"experiment": get(experiment, seed=seed), **parts}
        )
        for seed in range(1, count + 1)
    )


def accurate(name, *accuracies, trained=None):
    """Seeds of these accuracies on the test images, and on the training images."""
    return tuple(
        run.model_copy(
            update={
                "test": run.test.model_copy(update={"accuracy": accuracy}),
                "train": run.train.model_copy(update={"accuracy": trained or accuracy}),
            }
        )
        for run, accuracy in zip(seeds_of(name, len(accuracies)), accuracies, strict=True)
    )


def curved(name, **curves):
    """A run with these curves."""
    run = seeds_of(name, 1)[0]
    return (run.model_copy(update={"history": run.history.model_copy(update=curves)}),)


def test_every_claim_is_told_apart_and_says_what_it_says():
    assert len(EVERY) == sum(map(len, PARTS.values()))
    for claim in EVERY.values():
        for text in (claim.says, claim.tested):
            assert text.endswith((".", "?")) and text[0].isupper(), text


def test_without_records_what_needs_them_cannot_be_told(nothing):
    for each in check():
        if each.claim.needs:
            assert each.verdict == UNTOLD
            assert each.words.startswith("There is no record of ")
            assert each.runs == ()


def test_a_missing_record_is_named(nothing):
    runs.save(seeds_of("lenet5-plain", 1)[0])
    told = {each.claim.id: each for each in check("LeNet-5")}
    assert told["lenet-early-loss"].verdict != UNTOLD
    assert told["lenet-closer"].words == "There is no record of LeNet-5 (with augmentation)."


def test_with_all_records_all_is_told_but_what_no_record_decides():
    untold = {id for id, claim in EVERY.items() if claim.check(seeds_of).verdict == UNTOLD}
    assert untold == {
        *("rise-of-deep-learning", "competing-networks", "hard-for-the-eye", "colab-times-out"),
        *("not-trivial", "quality-matters", "power-matters"),
        # These records know no more of their training images than of the others.
        *("alexnet-little-data", "vgg-little-data"),
        # The steps need not come from the data just because they stay.
        "repetitive-data",
    }


def test_what_arithmetic_decides_needs_no_record(nothing):
    verdicts = {each.claim.id: each.verdict for each in check()}
    for id, verdict in {
        "colour-is-three-by-three": FAILS,
        "flat-filter": FAILS,
        "relu-on-filter": FAILS,
        "lenet-15": FAILS,
        "binary-accuracy": FAILS,
        "alexnet-convolutions": FAILS,
        "vgg-convolutions": HOLDS,
        "vgg-hours": FAILS,
        "vgg-slept": HOLDS,
        "alexnet-71-to-74": NOISE,
        "alexnet-74-to-75": NOISE,
    }.items():
        assert verdicts[id] == verdict, id


def test_numbers_known_from_elsewhere(nothing):
    words = {each.claim.id: each.words for each in check()}
    # The field of view of VGG16's last convolution, and LeNet-5's two.
    assert "from 3 to 196 pixels in VGG16" in words["from-parts-to-whole"]
    assert "from 5 to 14 pixels in LeNet-5" in words["from-parts-to-whole"]
    # Table 2 of Simonyan and Zisserman, in millions.
    for count in ("133", "138", "144"):
        assert f"{count} million weights" in words["vgg-in-the-middle"]
    assert "0.90 with 10 classes and 0.80 with 5" in words["binary-accuracy"]


def test_the_shipped_record_counts_pictures_and_not_numbers():
    outcome = EVERY["millions-of-images"].test(runs.of("lenet5-plain"))
    assert outcome.verdict == FAILS
    assert "50,000 pictures" in outcome.words and "153,600,000 numbers" in outcome.words


def test_more_holds_if_it_is_more_than_noise():
    low, high = (
        accurate("lenet5-plain", 0.50, 0.51, 0.52),
        accurate("lenet5-augmented", 0.6, 0.61, 0.62),
    )
    near = accurate("lenet5-augmented", 0.52, 0.50, 0.51)
    assert evidence.rises("accuracy")(high, low).verdict == HOLDS
    assert evidence.rises("accuracy")(low, high).verdict == FAILS
    assert evidence.falls("accuracy")(low, high).verdict == HOLDS
    assert evidence.rises("accuracy")(near, low).verdict == NOISE
    assert evidence.alike("accuracy")(near, low).verdict == HOLDS
    assert evidence.alike("accuracy")(high, low).verdict == FAILS


@pytest.mark.parametrize("measure", ["loss", "ece", evidence.TRAINING, evidence.SPEED])
def test_what_only_seeds_tell_one_seed_each_does_not(measure):
    pair = seeds_of("vgg16-plain", 1), seeds_of("vgg16-augmented", 1)
    for test in (evidence.rises, evidence.falls, evidence.alike):
        assert test(measure)(*pair).verdict == UNTOLD


def test_two_seeds_of_one_experiment_are_not_found_to_be_different():
    """Of the shipped records, one seed against another: nothing is there to be found."""
    found = {
        evidence.rises(measure)((one,), (other,)).verdict
        for name in CATALOGUE
        for one, other in combinations(runs.of(name), 2)
        for measure in ("accuracy", "gap", "loss", evidence.TRAINING, evidence.SPEED)
    }
    assert found == {NOISE, UNTOLD}


def test_the_scatter_of_noise_on_a_slope_is_that_of_the_noise():
    rng = np.random.default_rng(0)
    runs_of_noise = [
        curved("lenet5-plain", val_loss=tuple(5 - 0.05 * np.arange(50) + 0.1 * rng.normal(size=50)))
        for _ in range(400)
    ]
    found = [steps.scatter(run, "val_loss") for run in runs_of_noise]
    variances, freedom = np.array([variance for variance, _ in found]), found[0][1]
    assert variances.mean() == pytest.approx(0.01, rel=0.05)
    # A variance with f degrees of freedom has itself the variance 2 σ⁴ / f.
    assert variances.var() == pytest.approx(2 * 0.01**2 / freedom, rel=0.25)


def test_calmer_is_decided_by_the_f_test():
    rng = np.random.default_rng(1)
    rough, calm = (
        curved(name, val_accuracy=tuple(0.5 + size * rng.normal(size=50)))
        for name, size in (("lenet5-plain", 0.03), ("lenet5-augmented", 0.01))
    )
    (one, m), (other, n) = (steps.scatter(each, "val_accuracy") for each in (calm, rough))
    assert 2 * stats.f.cdf(one / other, m, n) < 0.05
    assert steps.calmer("val_accuracy")(calm, rough).verdict == HOLDS
    assert steps.calmer("val_accuracy")(rough, calm).verdict == FAILS
    assert steps.wilder("val_accuracy")(rough, calm).verdict == HOLDS
    assert steps.calmer("val_accuracy")(rough, rough).verdict == NOISE


def test_steps_that_a_smaller_rate_takes_away_are_not_the_data_s():
    rng = np.random.default_rng(2)
    usual = curved("lenet5-augmented", val_accuracy=tuple(0.5 + 0.02 * rng.normal(size=50)))
    slow = curved(
        get("lenet5-augmented", learning_rate=0.001),
        val_accuracy=tuple(0.5 + 0.002 * rng.normal(size=50)),
    )
    assert EVERY["repetitive-data"].test(usual, slow).verdict == FAILS
    assert EVERY["rate-makes-steps"].test(slow, usual).verdict == HOLDS
    assert EVERY["repetitive-data"].test(usual, usual).verdict == UNTOLD


def test_an_answer_counts_if_most_pictures_get_it():
    def answering(*counts):
        """Seeds that give the first class to so many of 100 airplanes, and dog to the others."""
        rows = [[0] * 10 for _ in range(10)]
        made = []
        for run, right in zip(seeds_of("lenet5-plain", len(counts)), counts, strict=True):
            rows[0] = [right, 0, 0, 0, 0, 100 - right, 0, 0, 0, 0]
            made.append(run.model_copy(update={"confusion": tuple(map(tuple, rows))}))
        return tuple(made)

    dog = EVERY["lenet-says-dog"].test
    assert dog(answering(90, 80)).verdict == FAILS
    assert dog(answering(10, 20)).verdict == HOLDS
    mixed = dog(answering(10, 90, 80))
    assert mixed.verdict == NOISE
    assert "It is so with 1 of 3 seeds." in mixed.words
    assert "50.0\N{NO-BREAK SPACE}% are called dog" in dog(answering(20, 80)).words


@pytest.mark.parametrize(
    "gaps, verdict", [((0.3, 0.4), HOLDS), ((0.1, 0.0), FAILS), ((0.1, 0.3), NOISE)]
)
def test_strong_overfitting_is_a_wide_gap(gaps, verdict):
    seeds = [accurate("alexnet-plain", 0.6, trained=0.6 + gap)[0] for gap in gaps]
    assert EVERY["alexnet-overfits"].test(tuple(seeds)).verdict == verdict


def test_more_data_must_close_the_gap():
    def share(part, *accuracies, trained=0.95):
        return accurate(get("alexnet-plain", train_share=part), *accuracies, trained=trained)

    wide, middle, narrow = share(0.25, 0.5, 0.51), share(0.5, 0.6, 0.61), share(1, 0.7, 0.711)
    test = EVERY["alexnet-little-data"].test
    assert test(wide, middle, narrow).verdict == HOLDS
    assert test(narrow, middle, wide).verdict == FAILS
    # Who has not learned its images has no gap, and says nothing about their number.
    ignorant = share(0.25, 0.5, 0.51, trained=0.55)
    found = test(ignorant, middle, narrow)
    assert found.verdict == HOLDS
    assert "fewer than 90.0\xa0% were learned" in found.words
    assert test(ignorant, share(0.5, 0.5, 0.51, trained=0.6), narrow).verdict == UNTOLD


def test_only_a_large_network_tells_what_power_is_good_for():
    def trained(model, seconds):
        slow = seeds_of(f"{model}-plain", 2)
        return (slow[0], samples.accelerated(slow[1], slow[0].fit_seconds / seconds))

    test = EVERY["power-matters"].test
    found = test(seeds_of("base-plain", 1), trained("lenet5", 20), seeds_of("alexnet-plain", 1))
    assert found.verdict == UNTOLD
    assert "among the records: 2. A whole training took: LeNet-5 (plain) " in found.words
    assert test(trained("alexnet", 20)).verdict == HOLDS
    assert test(trained("alexnet", 1.5)).verdict == FAILS


def test_epochs_are_timed_on_one_machine():
    vgg16, alexnet = seeds_of("vgg16-plain", 1), seeds_of("alexnet-plain", 2)
    test = EVERY["vgg-slowest"].test
    assert "Here, on AMD EPYC 9B14, an epoch takes " in test(vgg16, alexnet).words
    elsewhere = (samples.accelerated(vgg16[0], 60),)
    assert test(elsewhere, alexnet).words.endswith(
        "Ours were trained on unlike machines: AMD EPYC 9B14 and NVIDIA H100."
    )


def test_overfitting_after_ten_epochs_is_a_loss_that_turns():
    def turning(epoch, end):
        down = np.linspace(2, 1, epoch)
        return curved("base-plain", val_loss=(*down, *np.linspace(1.001, end, 50 - epoch)))

    test = EVERY["base-overfits-after-ten"].test
    assert test(turning(10, 1.5)).verdict == HOLDS
    assert test(turning(10, 1.02)).verdict == FAILS
    assert test(turning(40, 1.5)).verdict == FAILS


def test_what_gets_worse_in_training_too_is_not_put_down_to_overfitting_alone():
    test, rising = EVERY["base-overfits-after-ten"].test, np.linspace(1, 1.4, 50)
    unlearned = "ends at 1.40 times that, which no learning by heart explains."
    assert test(curved("base-plain", val_loss=rising, loss=rising)).words.endswith(unlearned)
    by_heart = test(curved("base-plain", val_loss=rising, loss=rising[::-1]))
    assert "by heart" not in by_heart.words


def test_an_unshuffled_split_is_to_blame_only_if_shuffling_helps():
    test = EVERY["unshuffled-split"].test
    before = accurate("lenet5-augmented", 0.59, 0.60, 0.61)
    assert test(accurate("lenet5-augmented_dropout", 0.6, 0.59, 0.61), before).verdict == FAILS
    assert test(accurate("lenet5-augmented_dropout", 0.69, 0.7, 0.711), before).verdict == HOLDS


def test_a_published_accuracy_is_reproduced_within_noise():
    test = EVERY["base-accuracy"].test
    assert test(accurate("base-plain", 0.7094)).verdict == HOLDS
    # Another seed may give the write-up's number; if three seeds are far from it, hardly.
    assert test(accurate("base-plain", 0.95)).verdict == UNTOLD
    assert test(accurate("base-plain", 0.95, 0.951, 0.952)).verdict == FAILS
    assert test(()).verdict == UNTOLD
    assert test((samples.run("base-plain", epochs_done=31),)).verdict == UNTOLD


def test_vgg_gains_little_unless_it_beats_alexnet():
    test = EVERY["vgg-marginal"].test
    alexnet = accurate("alexnet-plain", 0.70, 0.71)
    assert test(accurate("vgg16-plain", 0.60), alexnet, (), (), (), ()).verdict == HOLDS
    assert test(accurate("vgg16-plain", 0.90), alexnet, (), (), (), ()).verdict == FAILS
    assert test((), alexnet, (), (), (), ()).verdict == UNTOLD


def test_what_one_training_each_does_not_tell_is_not_told_for_several():
    vgg, alexnet = accurate("vgg16-plain", 0.90), accurate("alexnet-plain", 0.70)
    assert EVERY["vgg-marginal"].test(vgg, alexnet, (), (), (), ()).verdict == UNTOLD
    assert EVERY["vgg-marginal"].test(alexnet, vgg, (), (), (), ()).verdict == HOLDS


def test_a_rate_matters_if_one_pair_of_rates_is_more_than_noise():
    """Of the widest pair, two single trainings, it cannot be told."""
    test = EVERY["settings-matter"].test

    def at(rate, *accuracies):
        return accurate(get("lenet5-augmented", learning_rate=rate), *accuracies)

    high, usual, low = at(0.1, 0.1), at(0.01, 0.6, 0.602), at(0.001, 0.61)
    found = test(high, usual, low)
    assert found.verdict == HOLDS
    assert "50.1 points" in found.words
    assert test(high, usual[:1], low).verdict == UNTOLD
    assert test(at(0.1, 0.6), usual[:1], at(0.001, 0.605)).verdict == FAILS


def test_a_training_that_is_shorter_than_asked_is_said():
    short = samples.run("vgg16-plain", epochs_done=20)
    checked = EVERY["vgg-overfits"].check(lambda experiment: (short,))
    assert "only 20 of 50 epochs" in checked.words


def test_a_record_changed_by_hand_changes_the_verdict(nothing):
    claim = EVERY["lenet-less-accurate"]
    for run in (*accurate("base-plain", 0.7, 0.701), *accurate("lenet5-plain", 0.59, 0.591)):
        runs.save(run)
    assert claim.check().verdict == HOLDS
    for run in accurate("lenet5-plain", 0.95, 0.951):
        runs.save(run)
    assert claim.check().verdict == FAILS
    assert "25.0 points above" in claim.check().words


def test_a_table_shows_all_of_a_part(nothing):
    runs.save(samples.run())
    for part, expected in PARTS.items():
        shown = table(part)
        assert shown.frame.index.tolist() == [claim.says for claim in expected]
        assert shown.frame["Verdict"].tolist() == [str(each.verdict) for each in check(part)]
        page = shown._repr_html_()
        for each in check(part):
            for text in (each.claim.says, each.claim.tested, each.words, each.claim.where):
                assert escape(text) in page
    assert "lenet5-plain" in table("LeNet-5").source
    assert table("Time").source == ""


def test_the_summary_counts_every_claim(nothing):
    frame = summary().frame
    assert frame.loc["All"].sum() == len(EVERY)
    counts = Counter(str(each.verdict) for each in check("Time"))
    assert frame.loc["Time"].to_dict() == {str(verdict): counts[verdict] for verdict in Verdict}


def test_a_part_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="`part` must be one of How networks work"):
        check("LeNet15")
