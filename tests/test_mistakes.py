import numpy as np
import pytest
from samples import run

from cnn_explainer import mistakes
from cnn_explainer.mistakes import Mistake

FLOWERS = run("vgg16-plain")


def confused(*counts, seed=1):
    """A run with this confusion matrix."""
    return run("vgg16-plain", seed=seed).model_copy(update={"confusion": counts})


ONE = confused((7, 3, 0, 0, 0), (1, 9, 0, 0, 0), (0, 0, 5, 5, 0), (0, 0, 2, 8, 0), (0, 0, 0, 0, 10))


def test_the_worst_come_first():
    names = FLOWERS.classes
    assert mistakes.worst(ONE) == (
        Mistake(true=names[2], answer=names[3], count=5, back=2, images=10),
        Mistake(true=names[0], answer=names[1], count=3, back=1, images=10),
        Mistake(true=names[3], answer=names[2], count=2, back=5, images=10),
        Mistake(true=names[1], answer=names[0], count=1, back=3, images=10),
    )
    assert len(mistakes.worst(ONE, 2)) == 2


def test_of_several_seeds_it_is_the_mean():
    perfect = confused(*(tuple(row) for row in (10 * np.eye(5, dtype=int)).tolist()), seed=2)
    assert mistakes.worst(perfect) == ()
    assert [each.count for each in mistakes.worst([ONE, perfect])] == [2.5, 1.5, 1, 0.5]
    np.testing.assert_array_equal(
        mistakes.confusion([ONE, perfect]), np.mean([ONE.confusion, perfect.confusion], 0)
    )


def test_other_experiments_are_no_seeds():
    with pytest.raises(ValueError, match="`runs` must be seeds of one experiment"):
        mistakes.worst([ONE, run("vgg16-augmented")])
