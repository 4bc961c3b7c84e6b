"""What is called more than noise, against SciPy's tests and against chance itself."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import accurate, run
from scipy import stats

from cnn_explainer import comparison
from cnn_explainer.comparison import LEVEL, MEASURES, Difference, Measure, among, compare, together
from cnn_explainer.published import RESULTS

PLAIN = accurate("lenet5-plain", 0.55, 0.56, 0.545, 0.56)
BETTER = accurate("lenet5-augmented", 0.58, 0.575, 0.57, 0.601)


def of_p(p):
    """A difference of which only p matters."""
    return Difference("one", "other", MEASURES["accuracy"], 0.01, 0, 0.02, p, "made up")


def test_common_seeds_are_paired_as_scipy_does_it():
    found = compare(BETTER, PLAIN)
    values = [[run.test.accuracy for run in side] for side in (BETTER, PLAIN)]
    expected = stats.ttest_rel(*values)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose(
        (found.mean, found.low, found.high, found.p),
        (np.subtract(*values).mean(), interval.low, interval.high, expected.pvalue),
    )
    assert found.method == "4 seeds, paired"


def test_no_interval_reaches_beyond_what_is_possible():
    """Of three shares that are all or nothing, Student's would be some hundred points wide."""
    shares = Measure("share", lambda run: float(run.test.accuracy > 0.57), "points", 100)
    limited = Measure("share", shares.of, "points", 100, largest=1)
    sides = [side[:3] for side in (BETTER, PLAIN)]
    sides[0] = accurate("lenet5-augmented", 0.5, 0.6, 0.5)
    wide, cut = compare(*sides, shares), compare(*sides, limited)
    assert wide.high > 1 and (cut.low, cut.high) == (max(wide.low, -1), 1)
    assert (cut.mean, cut.p) == (wide.mean, wide.p)


def test_seeds_are_paired_by_number_and_not_by_place():
    assert compare(BETTER[::-1], PLAIN) == compare(BETTER, PLAIN)
    assert compare(BETTER[1:], PLAIN) == compare(BETTER[1:], PLAIN[1:])


def test_the_other_way_round_is_the_opposite():
    one, other = compare(BETTER, PLAIN), compare(PLAIN, BETTER)
    assert (one.mean, one.low, one.high) == (-other.mean, -other.high, -other.low)
    assert one.p == other.p


def test_equal_accuracies_are_within_noise_and_equal_gains_are_not():
    one, other = (accurate(f"lenet5-{each}", 0.55, 0.56, 0.57) for each in ("augmented", "plain"))
    assert compare(one, other).verdict == "within noise"
    more = accurate("lenet5-augmented", 0.75, 0.76, 0.77)
    assert compare(more, other).verdict == "more than noise"


def test_two_pairs_are_too_few_for_the_accuracy():
    two = accurate("lenet5-augmented", 0.65, 0.66), accurate("lenet5-plain", 0.5, 0.51)
    assert compare(*two).method == "test images and seeds"
    assert compare(*two).verdict == "more than noise"
    assert compare(*two, "ece").method == "2 seeds, paired"


@pytest.mark.parametrize("images", [100, 1000])
def test_one_seed_each_is_wrong_as_often_as_it_says(images):
    """Two networks that are equally good: one in twenty pairs looks different."""
    rng = np.random.default_rng(0)
    shares = rng.binomial(images, 0.6, size=(4000, 2)) / images
    wrong = [
        comparison._apart(
            ("a", "b"),
            MEASURES["accuracy"],
            [pair[:1], pair[1:]],
            sum(comparison._binomial(share, images) for share in pair),
        ).p
        < LEVEL
        for pair in shares
    ]
    assert 0.035 < np.mean(wrong) < 0.065


def test_one_seed_each_knows_the_test_images_alone():
    one, other = accurate("vgg16-plain", 0.5), accurate("alexnet-plain", 0.6)
    found = compare(one, other)
    error = ((0.5 * 0.5 + 0.6 * 0.4) / 1000) ** 0.5  # as many as a made-up confusion counts
    np.testing.assert_allclose(
        (found.low, found.high), -0.1 + error * stats.norm.ppf([0.025, 0.975])
    )
    assert found.method == "test images alone"


def test_seeds_that_are_not_common_add_their_variance():
    apart = accurate("lenet5-augmented", 0.58, 0.575, 0.57, 0.601, first=7)
    found = compare(apart, PLAIN)
    images = (0.5815 * 0.4185 + 0.55375 * 0.44625) / 1000
    alone = stats.ttest_ind(*([run.test.accuracy for run in side] for side in (apart, PLAIN)))
    seeds = (found.mean / alone.statistic) ** 2
    assert found.method == "test images and seeds"
    freedom = 6 * (images + seeds) ** 2 / seeds**2
    half = stats.t.ppf(0.975, freedom) * (images + seeds) ** 0.5
    np.testing.assert_allclose((found.low, found.high), (found.mean - half, found.mean + half))


def test_with_images_without_number_only_the_seeds_are_left():
    values = [np.array([0.58, 0.575, 0.57]), np.array([0.55, 0.56])]
    found = comparison._apart(("a", "b"), MEASURES["accuracy"], values, 1e-15)
    expected = stats.ttest_ind(*values)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6)


def test_the_published_number_is_one_more_seed():
    found = comparison.with_published(PLAIN)
    assert found.mean == pytest.approx(0.55375 - RESULTS["lenet5-plain"].accuracy)
    assert found.second == "the write-up"
    assert comparison.with_published(PLAIN[:1]).method == "test images alone"


def test_a_gap_knows_the_test_images_as_an_accuracy_does():
    gaps = [run.train.accuracy - run.test.accuracy for run in BETTER]
    others = [run.train.accuracy - run.test.accuracy for run in PLAIN]
    assert compare(BETTER, PLAIN, "gap").p == pytest.approx(stats.ttest_rel(gaps, others).pvalue)
    one, other = (accurate(name, 0.6) for name in ("vgg16-plain", "alexnet-plain"))
    gap, accuracy = (compare(one, other, measure) for measure in ("gap", "accuracy"))
    assert gap.method == accuracy.method == "test images alone"
    assert gap.high - gap.low == pytest.approx(accuracy.high - accuracy.low)


def test_what_one_seed_does_not_show_is_said():
    far = compare(accurate("vgg16-plain", 0.5), accurate("vgg16-augmented", 0.9))
    assert far.words.endswith(
        "That is more than the noise of the test images; what another seed would change is not"
        " known."
    )


def test_seeds_on_other_copies_of_the_data_are_no_pairs():
    def on(copy, run):
        made = run.provenance.model_copy(update={"dataset_fingerprint": copy})
        return run.model_copy(update={"provenance": made})

    elsewhere = [on("fedcba9876543210", run) for run in BETTER]
    assert compare(elsewhere, PLAIN).method == "test images and seeds"
    assert (
        compare([*elsewhere[:1], *BETTER[1:]], PLAIN).method == f"{len(BETTER) - 1} seeds, paired"
    )


def test_images_held_out_are_not_the_test_images():
    held = [
        run.model_copy(update={"experiment": run.experiment.model_copy(update={"held_out": 0.1})})
        for run in BETTER
    ]
    with pytest.raises(ValueError, match=r"cifar10\. Received: cifar10, on 10% of its"):
        compare(PLAIN, held)


def test_other_measures_are_compared_seed_by_seed_or_not_at_all():
    losses, others = (1.2, 1.3, 1.5, 1.1), [run.test.loss for run in PLAIN]
    better = [
        run.model_copy(update={"test": run.test.model_copy(update={"loss": loss})})
        for run, loss in zip(BETTER, losses, strict=True)
    ]
    assert compare(better, PLAIN, "loss").p == pytest.approx(stats.ttest_rel(losses, others).pvalue)
    alone = compare(BETTER[:1], PLAIN, "loss")
    assert isnan(alone.p)
    assert (alone.verdict, alone.more_than_noise) == ("cannot be told", False)
    assert alone.words.endswith("Whether that is more than noise cannot be told.")
    assert "interval" not in alone.words


def test_a_measure_of_one_s_own():
    speed = Measure("speed", lambda run: run.images_per_second, "images a second")
    found = compare(BETTER, PLAIN, speed)
    gains = [a.images_per_second - b.images_per_second for a, b in zip(BETTER, PLAIN, strict=True)]
    assert found.mean == pytest.approx(np.mean(gains))
    assert found.words.startswith("The speed of LeNet-5 (with augmentation) is ")


@pytest.mark.parametrize(
    ("second", "measure", "complaint"),
    [
        (accurate("alexnet-plain", 0.7), "accuracy", "on the data of `first`, cifar10. Received"),
        (PLAIN, "beauty", "`measure` must be one of accuracy, loss, gap, ece. Received: 'beauty'"),
        ((), "accuracy", "`runs` must be"),
        ((*PLAIN, run("base-plain")), "accuracy", "`runs` must be seeds of one experiment"),
    ],
)
def test_what_cannot_be_compared_is_refused(second, measure, complaint):
    with pytest.raises(ValueError, match=complaint):
        compare(BETTER, second, measure)


# Words.


def test_the_words_are_the_numbers():
    found = Difference("A", "B", MEASURES["accuracy"], -0.0214, -0.0301, 0.0002, 0.051, "made up")
    assert found.words == (
        "The accuracy of A is 2.1 points below that of B (95\u00a0% interval: −0.02 to 3.0 points;"
        " made up). That is within noise."
    )


@pytest.mark.parametrize(
    ("low", "shown"),
    [(0.00026, "0.03 to"), (-0.00026, "−0.03 to"), (1e-9, "0.0 to"), (0, "0.0 to"), (0.01, "1.0")],
)
def test_beside_zero_the_words_show_on_which_side(low, shown):
    found = Difference("A", "B", MEASURES["accuracy"], 0.0154, low, 0.0298, 0.04, "made up")
    assert f"interval: {shown}" in found.words


def test_what_is_negative_has_a_minus():
    found = Difference("A", "B", MEASURES["loss"], 0.1, -0.25, 0.45, 0.5, "made up")
    assert "interval: −0.25 to 0.45 nats;" in found.words


def test_the_words_change_with_the_numbers():
    assert "is 2.8 points above that of LeNet-5 (plain) (95" in compare(BETTER, PLAIN).words
    assert "is 2.8 points below that of LeNet-5 (with augmentation)" in compare(PLAIN, BETTER).words
    assert compare(BETTER, PLAIN).words.endswith("That is more than noise.")
    assert compare(BETTER[:2], PLAIN[:2]).words.endswith("That is within noise.")


def test_the_words_tell_missing_epochs():
    short = accurate("lenet5-plain", 0.5, 0.5, epochs_done=20)
    assert "LeNet-5 (plain, only 20 of 50 epochs)" in compare(BETTER, short).words


# Several at once.


def test_holm_by_an_example():
    adjusted = together(map(of_p, [0.04, 0.01, 0.03, float("nan"), 0.005]))
    np.testing.assert_allclose([each.p for each in adjusted], [0.06, 0.03, 0.06, np.nan, 0.02])
    assert {each.compared for each in adjusted} == {4}
    assert "also among 4 comparisons" in adjusted[0].words


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_none_and_bonferroni(values):
    adjusted = np.array([each.p for each in together(map(of_p, values))])
    assert (adjusted >= values).all()
    assert (adjusted <= np.minimum(1, np.array(values) * len(values))).all()
    assert (np.diff(adjusted[np.argsort(values, kind="stable")]) >= 0).all()


def test_nothing_at_once_is_nothing():
    assert together([]) == among([]) == ()


def test_among_runs_what_has_one_thing_changed_is_compared():
    runs = [
        *(*PLAIN, *BETTER, *accurate("base-plain", 0.7, 0.71)),
        *(*accurate("alexnet-augmented", 0.7), *accurate("vgg16-augmented", 0.7)),
    ]
    found = [(each.first, each.second) for each in among(runs)]
    assert found == [
        ("LeNet-5 (plain)", "Base model (plain)"),
        ("LeNet-5 (with augmentation)", "LeNet-5 (plain)"),
        ("VGG16 (with augmentation)", "AlexNet (with augmentation)"),
    ]


def test_half_an_interval_is_student_s():
    values = np.random.default_rng(0).normal(size=(5, 3))
    low, high = stats.t.interval(0.95, 4, loc=values.mean(0), scale=stats.sem(values, axis=0))
    np.testing.assert_allclose(comparison.half_interval(values), (high - low) / 2)


def test_what_is_published_is_judged_by_its_images():
    found = comparison.of_published("alexnet-augmented", "alexnet-plain")
    sides = [RESULTS[name] for name in ("alexnet-augmented", "alexnet-plain")]
    counts = [[each.accuracy * each.images, (1 - each.accuracy) * each.images] for each in sides]
    assert found.mean == sides[0].accuracy - sides[1].accuracy
    assert found.p == pytest.approx(stats.chi2_contingency(counts, correction=False)[1], rel=0.02)
    assert "accuracy of the write-up's AlexNet (with augmentation) is 3.1 points" in found.words
    assert found.verdict == "within noise"
    far = comparison.of_published("vgg16-augmented", "vgg16-plain")
    assert far.p < LEVEL
    assert far.verdict == "cannot be told"


@pytest.mark.parametrize(
    ("names", "message"),
    [(("lenet6-plain", "base-plain"), "must be of base-plain, .* Received: 'lenet6-plain'"),
     (("vgg16-plain", "base-plain"), "must be on the data of `first`, tf_flowers")],
)  # fmt: skip
def test_what_is_not_published_is_refused(names, message):
    with pytest.raises(ValueError, match=message):
        comparison.of_published(*names)
