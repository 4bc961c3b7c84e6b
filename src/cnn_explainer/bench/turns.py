"""The benchmark itself: ways of training that take turns.

Each has a process of its own, so that the threads and the memory of one are not those of
another. One trains while the others wait, and all have their turn in each round: whatever else
the machine does meanwhile hits all alike.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from .. import datasets, machine
from ..architectures import multiply_adds
from ..datasets import Dataset, Split
from ..errors import ExplainerError
from ..experiments import CATALOGUE, Experiment
from .child import Task, store
from .record import Benchmark, Comparison, Contender, Judgement, Way

TURN = 3e12
"""Multiply-adds forward that are enough for one turn: seconds to a minute on two cores."""
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
"""The processor is what is compared, and TensorFlow what Keras computes with."""


def run(
    names: Iterable[str] = CATALOGUE,
    *,
    rounds: int = 5,
    images: int | None = None,
    epochs: int = 3,
    threads: int | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> Benchmark:
    """Compare the ways of training these experiments of the catalogue.

        run(["lenet5-plain"], tell=print)           -> minutes
        run(["vgg16-plain"], rounds=3, epochs=0)    -> speed alone

    `images` are trained on at each turn; by itself it takes an epoch, or as many of a large
    network's as take about a minute. Before the first round each way has a turn that is not
    timed. Afterwards each trains a fresh network for so many `epochs`, so that speed which was
    bought with accuracy shows. `threads` is for all ways; by itself each takes what it takes
    elsewhere. `tell` is given a line at each step.

    Raises `ValueError` for a name that is not in the catalogue, before anything is measured;
    `DatasetUnavailable`; and `ExplainerError` if one of the processes ends too early.
    """
    comparisons = tuple(
        _compare(each, rounds, images, epochs, threads, tell) for each in catalogued(names)
    )
    return Benchmark(
        comparisons=comparisons,
        processor=machine.processor(),
        cores=machine.cores(),
        versions=dict(_versions()),
        finished=datetime.now(UTC).replace(microsecond=0),
    )


def catalogued(names: Iterable[str]) -> list[Experiment]:
    """The catalogue's experiments of these names: a record holds no others.

    Raises `ValueError` for any other name, also for what a search found.
    """
    names = [*names]
    for name in names:
        if name not in CATALOGUE:
            raise ValueError(f"`name` must be one of {', '.join(CATALOGUE)}. Received: {name!r}")
    return [CATALOGUE[name] for name in names]


def _compare(
    experiment: Experiment,
    rounds: int,
    images: int | None,
    epochs: int,
    threads: int | None,
    tell: Callable[[str], object],
) -> Comparison:
    data = datasets.load(experiment.dataset, experiment.image_size)
    images = min(images or _enough(experiment), len(data.train))
    ways = _ways()
    with TemporaryDirectory() as folder, ExitStack() as stack:
        needed = len(data.train) if epochs else images
        task = _task(experiment, data, images, threads, folder, needed)
        children: dict[str, Child] = {}
        for way in [*ways, "peak"]:
            tell(f"{experiment.name}: {way} gets ready")
            children[way] = stack.enter_context(_child(task.model_copy(update={"way": way})))
            children[way].ask("time")
        measured = {way: [] for way in children}
        for count in range(rounds):
            for way, child in _rotated(children, count):
                tell(f"{experiment.name}: round {count + 1} of {rounds}, {way}")
                measured[way].append(child.ask("time"))
        accuracies = {}
        for way in ways if epochs else []:
            tell(f"{experiment.name}: {way} learns for {epochs} epochs")
            accuracies[way] = children[way].ask(f"learn {epochs}")["accuracy"]
    return Comparison(
        name=experiment.name,
        images=images,
        whole_epoch=images == len(data.train),
        epochs=epochs,
        contenders={
            way: Contender(
                **children[way].setting,
                images_per_second=[turn["images_per_second"] for turn in measured[way]],
                accuracy=accuracies.get(way),
            )
            for way in ways
        },
        peak={
            precision: [turn[precision] for turn in measured["peak"]]
            for precision in measured["peak"][0]
        },
    )


def learn(
    name: str,
    epochs: int,
    *,
    ways: Iterable[Way] | None = None,
    threads: int | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> dict[Way, Judgement]:
    """The accuracy on the test images that each way comes to, from a fresh start; nothing is timed.

        learn("alexnet-plain", 3)                       -> {"keras": …, "explainer": …}
        learn("alexnet-plain", 3)["keras"]              -> Judgement(0.5695, "float32")
        learn("alexnet-plain", 3, ways=["pytorch"])     -> {"pytorch": …}

    So other work may go on meanwhile. Raises what `run` raises, and `ExplainerError` if a way is
    not installed here.
    """
    ways = [*(ways or _ways())]
    if absent := [way for way in ways if way not in _ways()]:
        raise ExplainerError(f"{name}: {', '.join(absent)} is to learn it, too, and is not here")
    [experiment] = catalogued([name])
    data = datasets.load(experiment.dataset, experiment.image_size)
    judgements = {}
    with TemporaryDirectory() as folder:
        task = _task(experiment, data, len(data.train), threads, folder, len(data.train))
        for way in ways:
            tell(f"{experiment.name}: {way} learns for {epochs} epochs")
            with _child(task.model_copy(update={"way": way})) as child:
                learned = child.ask(f"learn {epochs}")
                judgements[way] = Judgement(learned["accuracy"], child.setting["precision"])
    return judgements


def _ways() -> list[Way]:
    return ["keras", "explainer", *["pytorch"] * bool(find_spec("torch"))]


def _task(
    experiment: Experiment,
    data: Dataset,
    images: int,
    threads: int | None,
    folder: str,
    needed: int,
) -> Task:
    """What every way is told, with the test and so many training pictures left in the folder."""
    store(Split(data.train.images[:needed], data.train.labels[:needed]), Path(folder), "train")
    store(data.test, Path(folder), "test")
    return Task(
        way="keras",
        experiment=experiment,
        images=images,
        whole_epoch=images == len(data.train),
        threads=threads,
        bfloat16=machine.has_bfloat16(),
        folder=folder,
    )


class Child:
    """A process that answers each line that it is sent with one of JSON; see `child`."""

    def __init__(self, process: subprocess.Popen, errors):
        self._process, self._errors = process, errors
        self.setting = self._answer()
        """Its threads and its precision."""

    def ask(self, line: str) -> dict:
        """Send a line and wait for the answer."""
        with suppress(BrokenPipeError):
            print(line, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            said = self._errors.read().strip().rpartition("\n")[2]
            status = self._process.wait()
            raise ExplainerError(f"a process of the benchmark ended with status {status}: {said}")
        return json.loads(line)


@contextmanager
def _child(task: Task) -> Iterator[Child]:
    """A child, until it is no longer needed."""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "cnn_explainer.bench.child", task.model_dump_json()],
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield Child(process, errors)
        finally:
            process.kill()


def _enough(experiment: Experiment) -> int:
    size = experiment.recipe.batch_size
    steps = TURN / (size * multiply_adds(experiment.model, image_size=experiment.image_size))
    return size * max(2, int(steps))


def _rotated(children: dict[str, Child], count: int) -> list[tuple[str, Child]]:
    """In each round another begins."""
    items = list(children.items())
    first = count % len(items)
    return items[first:] + items[:first]


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    for name in ("cnn-explainer", "keras", "tensorflow", "tensorflow-cpu", "torch"):
        with suppress(PackageNotFoundError):
            yield name, version(name)
