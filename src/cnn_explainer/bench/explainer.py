"""The way of this package: what `train` does, and nothing else."""

from .. import machine, training
from ..datasets import Split
from .child import Task
from .keras_fit import Stopwatch


class Explainer:
    """See the file."""

    def __init__(self, task: Task):
        self._task = task
        self.threads = task.threads or training.threads(task.experiment)
        machine.limit_threads(self.threads)
        self.precision = training.precision(task.experiment)
        train = task.part("train")
        self._train = training.tensors(train)
        self._turn = training.tensors(
            Split(train.images[: task.images], train.labels[: task.images])
        )
        self._model = training.compiled(task.experiment, self.precision, task.images)
        self._turns = 0

    def time(self) -> dict[str, float]:
        """Train on the images of one turn."""
        watch = Stopwatch(self._task.whole_epoch)
        training.fit_epoch(self._task.experiment, self._turns, self._model, self._turn, watch)
        self._turns += 1
        return {"images_per_second": self._task.images / watch.seconds}

    def learn(self, epochs: int) -> float:
        """Accuracy after that many epochs."""
        del self._model  # Room for the fresh one.
        experiment = self._task.experiment
        self._model = training.compiled(experiment, self.precision, len(self._train))
        for epoch in range(epochs):
            training.fit_epoch(experiment, epoch, self._model, self._train)
        test = training.batches(training.tensors(self._task.part("test")))
        return self._model.evaluate(test, verbose=0, return_dict=True)["accuracy"]
