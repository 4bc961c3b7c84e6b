"""What can be trained: an experiment is a value, and the catalogue holds the write-up's ten."""

import hashlib
import json
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from .architectures import ARCHITECTURES, architecture, check_variant

SEED = 42
"""The write-up's."""

Precision = Literal["float32", "mixed_bfloat16"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Recipe(_Value):
    """How a network is trained. The defaults are the write-up's recipe."""

    optimizer: Literal["sgd", "adam"] = "sgd"
    """Gradient descent, or Adam."""
    learning_rate: PositiveFloat = 0.01
    """Factor of the gradient in a step."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Share of the last step that is taken again; not with Adam."""
    nesterov: bool = True
    """Whether the gradient is taken where momentum leads."""
    batch_size: PositiveInt = 32
    """Images in a step."""
    epochs: PositiveInt = 50
    """Times that each training image is seen."""
    precision: Precision = "float32"
    """What is asked for; a processor without bfloat16 trains in float32, and the record says so."""


class Experiment(_Value):
    """One training, completely described: the same experiment gives the same run.

    get("lenet5-plain")           -> LeNet-5 on CIFAR-10, 50 epochs, seed 42
    get("lenet5-plain", seed=7)   -> the same from another start
    """

    model: str
    """The network, by its name in `architectures`: `lenet5`."""
    variant: str
    """`plain`, `augmented` or `augmented_dropout`."""
    dataset: Literal["cifar10", "tf_flowers"]
    """CIFAR-10, or TensorFlow's flower photos."""
    image_size: PositiveInt
    """Side of the square pictures in pixels."""
    train_share: float = Field(1, gt=0, le=1)
    """How much of the training images is used; the test images are always all of them."""
    recipe: Recipe = Recipe()
    """How it is trained."""
    seed: int = Field(SEED, ge=0, lt=2**32)
    """Of the first weights, the order of the pictures, augmentation and dropout."""

    def model_post_init(self, _context) -> None:
        """Refuse a model or variant that does not exist."""
        architecture(self.model)
        check_variant(self.variant)

    @property
    def name(self) -> str:
        """Model and variant, as in the catalogue: `lenet5-plain`."""
        return f"{self.model}-{self.variant}"

    @property
    def key(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of the canonical JSON.

        What has its default value is left out, so that a recipe that learns a new field later
        keeps the keys of all that was trained before.
        """
        values = self.model_dump(exclude_defaults=True)
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def slug(self) -> str:
        """The stem of this experiment's files: name and key."""
        return f"{self.name}-{self.key}"


def _entry(model: str, variant: str) -> Experiment:
    network = ARCHITECTURES[model]
    return Experiment(
        model=model,
        variant=variant,
        dataset="cifar10" if network.classes == 10 else "tf_flowers",
        image_size=network.image_size,
        # LeNet-5 is too small to gain from 16 bits.
        recipe=Recipe(precision="float32" if model == "lenet5" else "mixed_bfloat16"),
    )


_TEN = [("base", "plain")] + [
    (model, variant)
    for model in ("lenet5", "alexnet", "vgg16")
    for variant in ("plain", "augmented", "augmented_dropout")
]

CATALOGUE = MappingProxyType({f"{m}-{v}": _entry(m, v) for m, v in _TEN})
"""The write-up's ten experiments by name."""


def get(
    name: str | Experiment,
    *,
    seed: int | None = None,
    epochs: int | None = None,
    precision: Precision | None = None,
    learning_rate: float | None = None,
    train_share: float | None = None,
) -> Experiment:
    """The catalogue's experiment of that name, with what is given in place of its own.

    Raises `ValueError` for a name that is not in the catalogue, or a value that breaks a rule.
    """
    if isinstance(name, str):
        if name not in CATALOGUE:
            raise ValueError(f"`name` must be one of {', '.join(CATALOGUE)}. Received: {name!r}")
        name = CATALOGUE[name]
    recipe = {"epochs": epochs, "precision": precision, "learning_rate": learning_rate}
    others = {"seed": seed, "train_share": train_share}
    data = name.model_dump()
    for values, changes in ((data["recipe"], recipe), (data, others)):
        values.update({key: value for key, value in changes.items() if value is not None})
    return Experiment.model_validate(data)
