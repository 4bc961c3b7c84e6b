"""From the write-up's recipe to one that a search found, one change at a time.

Two recipes that differ in ten settings do not say which of them made the difference. What lies
between them does: each step takes over one part of the new recipe, and is a training of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from . import comparison
from .architectures import STEPS
from .errors import ExplainerError
from .experiments import Experiment, found, get
from .files import user_folder
from .runs import Run
from .searched import told

PARTS = MappingProxyType({"augmentation": "augmentation", "layers": "changes", "recipe": "recipe"})
"""What can be taken over by itself, and where it stands in an experiment."""
FIRST = "the write-up's"


def steps(last: str | Experiment, order: Sequence[str] = tuple(PARTS)) -> dict[str, Experiment]:
    """Every experiment on the way to `last`, by the part that it takes over.

        steps("lenet5-refined")   ->  {"the write-up's": lenet5-plain,
                                       "augmentation": lenet5-with_augmentation,
                                       "layers": lenet5-with_augmentation_layers,
                                       "recipe": lenet5-refined}

    `order` names the three parts, the first one first. A part in which the two do not differ is
    left out.

    Raises `ValueError` for an unknown name, another order, or an experiment that does not differ
    from the write-up's, or in the pictures too.
    """
    if sorted(order) != sorted(PARTS):
        raise ValueError(f"`order` must be of {', '.join(PARTS)}. Received: {', '.join(order)}")
    last = get(last)
    first = get(f"{last.model}-plain", seed=last.seed)
    other = {"variant": first.variant} | {part: getattr(first, part) for part in PARTS.values()}
    new = [part for part in order if getattr(first, PARTS[part]) != getattr(last, PARTS[part])]
    if last.model_copy(update=other) != first or not new:
        raise ValueError(
            f"`last` must differ from {first.name} in {', '.join(PARTS)} alone, in one at least."
            f" Received: {last.name}"
        )
    way = {FIRST: first}
    for count, part in enumerate(new[:-1], 1):
        taken = [each for each in PARTS if each in new[:count]]
        values = {PARTS[each]: getattr(last, PARTS[each]) for each in taken}
        way[part] = first.model_copy(update={"variant": "_".join(["with", *taken])} | values)
    return way | {new[-1]: last}


def changes(way: Mapping[str, Experiment]) -> dict[str, str]:
    """What each step changes, in words: `optimizer adam, learning rate 0.0025`."""
    every = [_settings(experiment) for experiment in way.values()]
    return {
        title: told(after, [name for name in after if after[name] != before[name]])
        for title, (before, after) in zip([*way][1:], pairwise(every), strict=True)
    }


def gains(way: Mapping[str, Sequence[Run]]) -> dict[str, comparison.Difference]:
    """How much more accurate each step is than the one before, all of them taken together.

    gains({"plain": runs.of("lenet5-plain"), "turned": runs.of("lenet5-augmented")})
                                                                          ->  {"turned": …}
    """
    compared = comparison.together(
        comparison.compare(after, before) for before, after in pairwise(way.values())
    )
    return dict(zip([*way][1:], compared, strict=True))


def _settings(experiment: Experiment) -> dict:
    parts = (experiment.strengths, experiment.recipe, experiment.changes)
    return {name: value for part in parts for name, value in part.model_dump().items()}


def between(way: Mapping[str, Experiment]) -> list[Experiment]:
    """Those of `steps` that are in no catalogue yet: all but the first and the last."""
    return [each for each in way.values() if each.variant in STEPS]


def check(steps: Iterable[Experiment]) -> None:
    """Make sure, before these are kept, that no experiment of the user's own loses its name.

    Raises `ExplainerError` if there is another one of that name; `DamagedRecord`.
    """
    for step in steps:
        path = user_folder() / "experiments" / f"{step.name}.json"
        if path.exists() and found()[step.name] != step:
            raise ExplainerError(
                f"the step {step.name} would replace {path}, which is another experiment. Move"
                " that file away"
            )
