"""What can be trained: an experiment is a value, and the catalogue holds the write-up's ten."""

import hashlib
import json
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from .architectures import ARCHITECTURES, FOUND, architecture, check_variant
from .files import read_value, user_folder, write_atomically

SEED = 42
"""The write-up's."""

RECORDED = Path(__file__).parent / "recorded"
"""What comes with the package: records, weights, and what searches found."""

Precision = Literal["float32", "mixed_bfloat16"]


class _Value(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Recipe(_Value):
    """How a network is trained. The defaults are the write-up's recipe."""

    optimizer: Literal["sgd", "adam", "adamw", "nadam", "rmsprop"] = "sgd"
    """Gradient descent, or one that gives each weight a rate of its own."""
    learning_rate: PositiveFloat = 0.01
    """Factor of the gradient in a step."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Share of the last step that is taken again; of `sgd` alone."""
    nesterov: bool = True
    """Whether the gradient is taken where momentum leads."""
    weight_decay: float | None = Field(None, ge=0)
    """Share of every weight that a step takes away, times the rate, beside the gradient (Loshchilov
    & Hutter 2019); if it is not given, Keras's: none, of `adamw` 0.004."""
    batch_size: PositiveInt = 32
    """Images in a step."""
    epochs: PositiveInt = 50
    """Times that each training image is seen."""
    schedule: Literal["constant", "cosine", "one_cycle", "linear"] = "constant"
    """The rate over time: as it is; down to 0 along a cosine; the same after a rise from 0 in the
    first fifth of all steps; along lines, up in the first tenth and down to 0."""
    whitened: bool = False
    """Whether the first weights are made from the training images; see `whitening`."""
    precision: Precision = "float32"
    """What is asked for; a processor without bfloat16 trains in float32, and the record says so."""


class Augmentation(_Value):
    """How far each training image is changed at random, each time that it is seen."""

    flip: bool = False
    """Left to right, every second time."""
    shift: NonNegativeInt = 0
    """Pixels at most, either way, across and down."""
    rotation: float = Field(0, ge=0, lt=1)
    """Share of a full turn at most, either way."""
    zoom: float = Field(0, ge=0, lt=1)
    """Share of the height at most, in or out."""
    cutout: NonNegativeInt = 0
    """Side of a square, in pixels, that is painted grey, anywhere."""


WRITE_UP_AUGMENTATION = Augmentation(flip=True, rotation=0.1, zoom=0.1)


class Changes(_Value):
    """What is not as in the network's architecture; see `architectures.changed`."""

    activation: Literal["relu", "tanh", "elu", "silu", "gelu"] | None = None
    """Of all hidden layers."""
    initializer: (
        Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"] | None
    ) = None
    """What the first weights are drawn from."""
    dropout: float | None = Field(None, ge=0, lt=1)
    """Rate of all dropout layers; of one before `Flatten` in a network that has none."""
    hidden_units: PositiveInt | None = None
    """Of the first dense layer; the other hidden ones in proportion."""


class Experiment(_Value):
    """One training, completely described: the same experiment gives the same run.

    get("lenet5-plain")           -> LeNet-5 on CIFAR-10, 50 epochs, seed 42
    get("lenet5-plain", seed=7)   -> the same from another start
    """

    model: str
    """The network, by its name in `architectures`: `lenet5`."""
    variant: str
    """`plain`, `augmented` or `augmented_dropout`; or of `architectures.FOUND`."""
    dataset: Literal["cifar10", "tf_flowers"]
    """CIFAR-10, or TensorFlow's flower photos."""
    image_size: PositiveInt
    """Side of the square pictures in pixels."""
    train_share: float = Field(1, gt=0, le=1)
    """How much of the training images is used; the test images are always all of them."""
    held_out: float = Field(0, ge=0, lt=1)
    """Share of the training images that is kept back to judge on, in place of the test images."""
    augmentation: Augmentation = Augmentation()
    """Of the variants in `FOUND`; the others have their own."""
    changes: Changes = Changes()
    """In the network's layers, of the same variants."""
    recipe: Recipe = Recipe()
    """How it is trained."""
    seed: int = Field(SEED, ge=0, lt=2**32)
    """Of the first weights, the order of the pictures, augmentation and dropout."""

    def model_post_init(self, _context) -> None:
        """Refuse a model or variant that does not exist."""
        architecture(self.model)
        check_variant(self.variant)
        own = self.augmentation != Augmentation() or self.changes != Changes()
        if own and self.variant not in FOUND:
            raise ValueError(
                f"`augmentation` and `changes` are for the variants {', '.join(FOUND)}."
                f" Received: {self.variant!r}"
            )

    @property
    def name(self) -> str:
        """Model and variant, as in the catalogue: `lenet5-plain`."""
        return f"{self.model}-{self.variant}"

    @property
    def strengths(self) -> Augmentation:
        """How far the training images are changed."""
        return WRITE_UP_AUGMENTATION if self.variant.startswith("augmented") else self.augmentation

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
    """The experiment of that name, with what is given in place of its own.

        get("base-plain", seed=7)    -> of the catalogue
        get("base-tuned")            -> what a search found; see `found`

    Raises `ValueError` for a name that there is not, or a value that breaks a rule.
    """
    if isinstance(name, str):
        name = _named(name)
    recipe = {"epochs": epochs, "precision": precision, "learning_rate": learning_rate}
    others = {"seed": seed, "train_share": train_share}
    data = name.model_dump()
    for values, changes in ((data["recipe"], recipe), (data, others)):
        values.update({key: value for key, value in changes.items() if value is not None})
    return Experiment.model_validate(data)


def train_command(experiment: Experiment, *, again: bool = False) -> str:
    """What trains exactly this experiment, as one would type it.

        train_command(get("lenet5-plain", seed=7))   ->  "cnn-explainer train lenet5-plain --seed 7"

    For an experiment that differs in more than the command's options from that of its name, it is
    a line of Python. `again` is for one that is recorded already.
    """
    options = _options(experiment)
    try:
        usual = _named(experiment.name)
    except ValueError:  # A search's that nobody has kept.
        usual = None
    if usual is None or get(usual, **options) != experiment:
        return "cnn_explainer.training.train(experiment)"
    before = _options(usual)
    words = [
        f"--{name.replace('_', '-')} {value}"
        for name, value in options.items()
        if value != before[name]
    ]
    return " ".join(["cnn-explainer train", experiment.name, *words, *["--again"] * again])


def _options(experiment: Experiment) -> dict:
    """What `get` can set, as the experiment has it."""
    recipe = {name: getattr(experiment.recipe, name) for name in _OF_RECIPE}
    return {"seed": experiment.seed, **recipe, "train_share": experiment.train_share}


_OF_RECIPE = ("epochs", "precision", "learning_rate")


def found() -> dict[str, Experiment]:
    """What searches found, by name: the user's own experiments before the shipped ones.

    Each is a file, `experiments/lenet5-tuned.json`. Raises `DamagedRecord`.
    """
    every: dict[str, Experiment] = {}
    for place in (user_folder(), RECORDED):
        for path in sorted((place / "experiments").glob("*.json")):
            every.setdefault(path.stem, read_value(Experiment, path, absent=f"no {path}"))
    return every


def keep(experiment: Experiment, place: Path | None = None) -> Path:
    """Give an experiment that a search found its name, `lenet5-tuned`, and say where it stands.

    Raises `NotSaved` if the folder cannot be written.
    """
    path = (place or user_folder()) / "experiments" / f"{experiment.name}.json"
    text = experiment.model_dump_json(exclude_defaults=True, indent=1) + "\n"
    write_atomically(path, text.encode())
    return path


def _named(name: str) -> Experiment:
    if name in CATALOGUE:
        return CATALOGUE[name]
    others = found()
    if name not in others:
        every = ", ".join([*CATALOGUE, *others])
        raise ValueError(f"`name` must be one of {every}. Received: {name!r}")
    return others[name]
