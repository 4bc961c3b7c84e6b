from collections import Counter
from html import escape
from itertools import combinations

import numpy as np
import pytest
import samples

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
        *("not-trivial", "quality-matters", "power-matters", "simple-things-first"),
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
        "vgg-hours": HOLDS,
        "alexnet-dense": HOLDS,
        "base-dropout": FAILS,
        "three-kinds-of-layers": HOLDS,
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
    near = accurate("lenet5-augmented", 0.512, 0.50, 0.521)
    wild = accurate("lenet5-augmented", 0.55, 0.46, 0.52)
    assert evidence.rises("accuracy")(high, low).verdict == HOLDS
    assert evidence.rises("accuracy")(low, high).verdict == FAILS
    assert evidence.falls("accuracy")(low, high).verdict == HOLDS
    assert evidence.rises("accuracy")(near, low).verdict == NOISE
    assert evidence.alike("accuracy")(near, low).verdict == HOLDS
    hidden = evidence.alike("accuracy")(wild, low)
    assert hidden.verdict == UNTOLD
    assert hidden.words.endswith("A difference of more than 5.0 points is not ruled out.")
    assert evidence.alike("accuracy")(high, low).verdict == FAILS


@pytest.mark.parametrize("measure", ["loss", "ece", evidence.TRAINING, steps.SPEED])
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
        for measure in ("accuracy", "gap", "loss", evidence.TRAINING, steps.SPEED)
    }
    assert found == {NOISE, UNTOLD}


def noisy(experiment, *sizes, curve="val_accuracy"):
    """Seeds whose curve is a slope with noise of these standard deviations."""
    rng = np.random.default_rng(len(sizes))
    slope = 0.5 + 0.004 * np.arange(50)
    return tuple(
        run.model_copy(
            update={
                "history": run.history.model_copy(
                    update={curve: tuple(slope + size * rng.normal(size=50))}
                )
            }
        )
        for run, size in zip(seeds_of(experiment, len(sizes)), sizes, strict=True)
    )


def test_the_scatter_of_noise_on_a_slope_is_that_of_the_noise():
    measure = steps.scatter("val_loss")
    found = [measure.of(run) for run in noisy("lenet5-plain", *[0.1] * 400, curve="val_loss")]
    assert np.mean(np.square(found)) == pytest.approx(0.01, rel=0.05)
    assert (measure.name, measure.unit) == ("scatter of the validation loss", "nats")


def test_a_curve_that_has_not_begun_is_not_called_calm():
    """Up to epoch 30 it is right on a fifth of five classes, as a guess would be."""
    jagged = 0.5 + 0.02 * (-1.0) ** np.arange(50)
    [late] = curved("vgg16-plain", val_accuracy=(*np.full(30, 0.2), *jagged[:20]))
    [soon] = curved("vgg16-plain", val_accuracy=jagged)
    measure = steps.scatter("val_accuracy")
    assert measure.of(late) == pytest.approx(measure.of(soon))


def test_calmer_is_decided_seed_by_seed():
    calm = noisy("lenet5-augmented", 0.010, 0.011, 0.009)
    rough = noisy("lenet5-plain", 0.030, 0.028, 0.033)
    assert steps.calmer("val_accuracy")(calm, rough).verdict == HOLDS
    assert steps.calmer("val_accuracy")(rough, calm).verdict == FAILS
    assert steps.wilder("val_accuracy")(rough, calm).verdict == HOLDS
    # One seed that is wild, among seeds that are not, makes no experiment wilder.
    one = noisy("lenet5-plain", 0.010, 0.009, 0.2)
    assert steps.wilder("val_accuracy")(one, calm).verdict == NOISE
    assert steps.calmer("val_accuracy")(calm[:1], rough[:1]).verdict == UNTOLD


def test_steps_that_a_smaller_rate_takes_away_may_still_be_the_data_s():
    usual = noisy("lenet5-augmented", 0.020, 0.021, 0.019)
    slow = noisy(get("lenet5-augmented", learning_rate=0.001), 0.002, 0.003, 0.002)
    assert EVERY["rate-makes-steps"].test(slow, usual).verdict == HOLDS
    smaller, alike = (
        EVERY["repetitive-data"].test(usual, slow),
        EVERY["repetitive-data"].test(usual, usual),
    )
    assert smaller.verdict == alike.verdict == UNTOLD
    assert "So the rate has a part in the steps." in smaller.words
    assert "So the rate" not in alike.words


def test_the_highest_loss_is_not_told_by_one_training():
    def losing(name, *losses):
        return tuple(
            run.model_copy(update={"test": run.test.model_copy(update={"loss": loss})})
            for run, loss in zip(seeds_of(name, len(losses)), losses, strict=True)
        )

    test, others = EVERY["vgg-highest-loss"].test, losing("alexnet-plain", 2.3, 2.5)
    assert test(losing("vgg16-plain", 5), others).verdict == UNTOLD
    assert test(losing("vgg16-plain", 5, 4), others).verdict == HOLDS
    assert test(losing("vgg16-plain", 1.3, 1.4), others).verdict == FAILS
    assert test(losing("vgg16-plain", 5, 1), others).verdict == NOISE


def test_a_gap_that_noise_could_make_is_no_overfitting():
    test = EVERY["vgg-augmented-overfits"].test
    assert test(accurate("vgg16-augmented", 0.7, trained=0.95)).verdict == HOLDS
    assert test(accurate("vgg16-augmented", 0.7, trained=0.701)).verdict == FAILS


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
    # What does not know its images has a narrow gap, which says nothing about their number.
    ignorant = share(0.25, 0.5, 0.51, trained=0.55)
    found = test(ignorant, middle, narrow)
    assert found.verdict == HOLDS
    assert "fewer than 90.0\xa0% were known at the end" in found.words
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
