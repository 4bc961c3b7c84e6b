"""The same networks in PyTorch, as fast as it goes there without a compiler.

Its own fast paths are taken: channels last, the fused optimizer, the pictures in memory, one look
at each pixel in augmentation; and of its precisions and numbers of threads the fastest.
"""

from collections.abc import Iterator
from itertools import count, product
from math import pi

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .. import architectures as blocks
from .. import machine, training
from ..clock import awake_seconds
from ..datasets import Split
from .child import Task

JUDGED_AT_ONCE = 250


class PyTorch:
    """See the file."""

    def __init__(self, task: Task):
        self._task, self._recipe = task, task.experiment.recipe
        self._rng = np.random.default_rng(task.experiment.seed)
        self._images, self._labels = _tensors(task.part("train"))
        self._begin()
        self.threads, self.precision = min(self._settings(), key=self._seconds_a_step)
        self._set(self.threads, self.precision)

    def time(self) -> dict[str, float]:
        """Train on the images of one turn."""
        began = awake_seconds()
        self._epoch(self._task.images)
        return {"images_per_second": self._task.images / (awake_seconds() - began)}

    def learn(self, epochs: int) -> float:
        """Accuracy after that many epochs."""
        self._begin()
        for _ in range(epochs):
            self._epoch(len(self._labels))
        images, labels = _tensors(self._task.part("test"))
        self._network.eval()
        with torch.no_grad():
            answers = [self._logits(part).argmax(1) for part in images.split(JUDGED_AT_ONCE)]
        return (torch.cat(answers) == labels).float().mean().item()

    def _begin(self) -> None:
        experiment, recipe = self._task.experiment, self._recipe
        torch.manual_seed(experiment.seed)
        self._network = network(experiment.model, experiment.variant).to(
            memory_format=torch.channels_last
        )
        self._limited = [layer for layer in self._network if hasattr(layer, "max_norm")]
        self._optimizer = torch.optim.SGD(
            self._network.parameters(),
            recipe.learning_rate,
            recipe.momentum,
            nesterov=recipe.nesterov,
            fused=True,
        )

    def _settings(self) -> Iterator[tuple[int, str]]:
        cores = {training.threads(self._task.experiment), machine.cores()}
        threads = [self._task.threads] if self._task.threads else sorted(cores)
        return product(threads, ["float32", *["mixed_bfloat16"] * self._task.bfloat16])

    def _set(self, threads: int, precision: str) -> None:
        torch.set_num_threads(threads)
        self._in_16_bits = precision == "mixed_bfloat16"

    def _seconds_a_step(self, setting: tuple[int, str]) -> float:
        """After a first one, which sets things up: of two at least, and for a second at least."""
        self._set(*setting)
        chosen = torch.arange(min(self._recipe.batch_size, len(self._labels)))
        self._step(chosen)
        began = awake_seconds()
        for steps in count(1):
            self._step(chosen)
            seconds = awake_seconds() - began
            if steps > 1 and seconds > 1:
                return seconds / steps

    def _epoch(self, images: int) -> None:
        self._network.train()
        order = torch.from_numpy(self._rng.permutation(images))
        for chosen in order.split(self._recipe.batch_size):
            self._step(chosen)

    def _step(self, chosen: torch.Tensor) -> None:
        logits = self._logits(self._images[chosen])
        loss = functional.cross_entropy(logits, self._labels[chosen])
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        with torch.no_grad():
            for layer in self._limited:
                layer.weight.copy_(torch.renorm(layer.weight, 2, 0, layer.max_norm))

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        """Of pictures `(N, H, W, 3)`, uint8; in PyTorch the same memory is `(N, 3, H, W)`."""
        images = images.permute(0, 3, 1, 2).float() / 255
        if self._network.training and self._task.experiment.variant != "plain":
            images = augment(images)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._in_16_bits):
            return self._network(images).float()


def _tensors(split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(split.images), torch.from_numpy(split.labels)


def network(name: str, variant: str = "plain") -> nn.Sequential:
    """The network up to the logits, without augmentation.

        network("lenet5")   -> 62,006 parameters

    **Input shape**: `(N, 3, H, W)`, from 0 to 1. **Output shape**: `(N, classes)`.
    """
    return nn.Sequential(*(each for row in blocks.shapes(name, variant) for each in _layers(row)))


def _layers(row: blocks.LayerShape) -> Iterator[nn.Module]:
    match row.layer:
        case blocks.Conv(filters, size, stride, padding, initializer):
            layer = nn.Conv2d(row.input_shape[2], filters, size, stride, padding)
            draw = {"glorot_uniform": nn.init.xavier_uniform_, "he_normal": _he_normal}
            yield _initialised(layer, draw[initializer])
            yield nn.ReLU()
        case blocks.Pool(size, stride):
            yield nn.MaxPool2d(size, stride)
        case blocks.Dropout(rate):
            yield nn.Dropout(rate)
        case blocks.Flatten():
            yield nn.Flatten()
        case blocks.Dense(units, activation, max_norm):
            layer = _initialised(nn.Linear(*row.input_shape, units), nn.init.xavier_uniform_)
            if max_norm:
                layer.max_norm = max_norm
            yield layer
            if activation == "relu":
                yield nn.ReLU()


def _initialised(layer: nn.Module, draw) -> nn.Module:
    draw(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _he_normal(weight: torch.Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def augment(images: torch.Tensor) -> torch.Tensor:
    """Flips, rotations and zooms as in `augmentation.RandomAffine`."""
    flip, turn, zoom = torch.empty(3, len(images)).uniform_(-1, 1)
    return moved(images, torch.sign(flip), 2 * pi * 0.1 * turn, 1 + 0.1 * zoom)


def moved(
    images: torch.Tensor, mirror: torch.Tensor, angle: torch.Tensor, zoom: torch.Tensor
) -> torch.Tensor:
    """Square pictures mirrored, turned and zoomed about their middle.

    The arguments are those of `augmentation.output_to_input`.
    """
    cos, sin, zero = zoom * torch.cos(angle), zoom * torch.sin(angle), torch.zeros_like(angle)
    rows = [torch.stack([mirror * cos, -mirror * sin, zero], 1), torch.stack([sin, cos, zero], 1)]
    grid = functional.affine_grid(torch.stack(rows, 1), images.shape, align_corners=False)
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
