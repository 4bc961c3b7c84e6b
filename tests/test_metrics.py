"""The metrics against Keras's own."""

import keras
import numpy as np
import pytest

from cnn_explainer import metrics


@pytest.fixture(params=[2, 5, 10])
def answers(request):
    rng = np.random.default_rng(request.param)
    labels = rng.integers(request.param, size=500)
    probabilities = rng.dirichlet(np.full(request.param, 0.3), size=500)
    # Keras's metric, unlike its loss, takes nothing below 1e-7.
    probabilities = probabilities.clip(1e-6) / probabilities.clip(1e-6).sum(axis=1, keepdims=True)
    return probabilities.astype(np.float32), labels


def test_metrics_are_keras_own(answers):
    probabilities, labels = answers
    one_hot = np.eye(probabilities.shape[1])[labels]
    ours = metrics.evaluate(probabilities, labels)
    for field, metric in {
        "binary_accuracy": keras.metrics.BinaryAccuracy(),
        "categorical_accuracy": keras.metrics.CategoricalAccuracy(),
        "categorical_crossentropy": keras.metrics.CategoricalCrossentropy(),
    }.items():
        metric.update_state(one_hot, probabilities)
        assert getattr(ours, field) == pytest.approx(float(metric.result()), rel=1e-4)
    assert ours.accuracy == ours.categorical_accuracy
    assert ours.loss == ours.categorical_crossentropy


@pytest.mark.parametrize("classes", [5, 10])
def test_always_no_is_mostly_right_by_binary_accuracy(classes):
    labels = np.arange(100 * classes) % classes
    undecided = np.full((len(labels), classes), 1 / classes)
    assert metrics.evaluate(undecided, labels).binary_accuracy == pytest.approx(1 - 1 / classes)


def test_confusion_counts_every_picture_once(answers):
    probabilities, labels = answers
    table = np.array(metrics.confusion(probabilities, labels))
    np.testing.assert_array_equal(table.sum(axis=1), np.bincount(labels, minlength=len(table)))
    assert table.trace() / table.sum() == metrics.evaluate(probabilities, labels).accuracy


def test_confusion_keeps_classes_that_never_occur():
    table = metrics.confusion(np.eye(3)[[0, 0]], np.array([0, 2]))
    assert table == ((1, 0, 0), (0, 0, 0), (1, 0, 0))


def test_calibration_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [1.0, 0.0]])
    bins = metrics.calibrate(probabilities, np.array([0, 1, 1, 0]))
    assert [(i, n) for i, n in enumerate(bins.count) if n] == [(9, 1), (13, 2), (14, 1)]
    assert (bins.accuracy[9], bins.accuracy[13], bins.accuracy[14]) == (1, 0.5, 1)
    assert bins.confidence[13] == pytest.approx(0.9)
    assert bins.expected_error == pytest.approx((0.4 + 2 * 0.4 + 0) / 4)


def test_the_loss_is_that_of_the_logits_even_of_very_wrong_answers():
    logits = np.random.default_rng(0).normal(scale=40, size=(200, 10)).astype(np.float32)
    labels = np.arange(200) % 10
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    kept = probabilities[np.arange(200), labels] > 1e-37
    ours = metrics.evaluate(probabilities[kept], labels[kept])
    assert ours.loss == pytest.approx(float(loss(labels[kept], logits[kept])), rel=1e-4)
    assert probabilities[np.arange(200), labels][kept].min() < 1e-20


def test_a_sure_and_wrong_answer_costs_a_finite_loss():
    wrong = metrics.evaluate(np.array([[1.0, 0.0]]), np.array([1]))
    assert 80 < wrong.loss < 100
