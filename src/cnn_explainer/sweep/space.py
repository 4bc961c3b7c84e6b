"""A search space, as data: which settings a search may choose, from what, and how it goes about it.

    name: small
    model: lenet5
    trials: 20
    settings:
      epochs: 30                                 # one value: it stays
      optimizer: [sgd, adam]                     # a list: one of these
      learning_rate: {log_uniform: [0.001, 0.1]}
      dropout: {uniform: [0, 0.5]}

The settings are those of `Recipe`, `Changes` and `Augmentation`, with their rules; so every value
that the file allows is known to be a right one before anything is trained.
"""

from math import prod
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    NonNegativeInt,
    PositiveInt,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.fields import FieldInfo

from ..architectures import shapes
from ..errors import ExplainerError, first_fault
from ..experiments import CATALOGUE, SEED, Augmentation, Changes, Experiment, Recipe

T = TypeVar("T")
PARTS = {"recipe": Recipe, "changes": Changes, "augmentation": Augmentation}
PLACES = {
    name: part
    for part, value in PARTS.items()
    for name in value.model_fields
    if name != "precision"
}
"""In which part of an experiment a setting stands: `learning_rate` in `recipe`."""


class InvalidSpace(ExplainerError):
    """A space file that breaks a rule; the message names each line."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Range(_Value, Generic[T]):
    """Any number between two, which belong to it."""

    uniform: tuple[T, T] | None = None
    """Each equally likely."""
    log_uniform: tuple[T, T] | None = None
    """Each order of magnitude equally likely."""

    @property
    def ends(self) -> tuple[T, T]:
        """The lowest and the highest."""
        return self.uniform or self.log_uniform

    @property
    def logarithmic(self) -> bool:
        """Whether it is one of orders of magnitude."""
        return self.log_uniform is not None

    @model_validator(mode="after")
    def _is_a_range(self):
        if (self.uniform is None) == (self.log_uniform is None):
            raise ValueError("a range is either `uniform` or `log_uniform`")
        low, high = self.ends
        # Other settings are words, yes or no, or nothing.
        if any(isinstance(end, bool) or not isinstance(end, int | float) for end in self.ends):
            raise ValueError(f"a range must be of numbers. Received: {[low, high]}")
        if not low < high:
            raise ValueError(f"a range must not be empty: {low!r} is not below {high!r}")
        if self.logarithmic and low <= 0:
            raise ValueError(f"a `log_uniform` range must begin above 0, not at {low!r}")
        return self


def _form(value: Any) -> str:
    if isinstance(value, dict | Range):
        return "range"
    return "list" if isinstance(value, list | tuple) else "value"


def _setting(field: FieldInfo) -> Any:
    """What may stand in a space for a field of an experiment."""
    one = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    several = Annotated[tuple[one, ...], Field(min_length=1)]
    forms = (
        Annotated[one, Tag("value")]
        | Annotated[several, Tag("list")]
        | Annotated[Range[one], Tag("range")]
    )
    return Annotated[forms, Discriminator(_form)], None


Settings = create_model(
    "Settings",
    __base__=_Value,
    __doc__="What may be chosen: for each setting a value, a list of values, or a `Range`.",
    **{name: _setting(PARTS[part].model_fields[name]) for name, part in PLACES.items()},
)


def _capped(epochs: Any, most: int) -> Any:
    """What may be chosen for the epochs, without what is above so many."""
    match epochs:
        case tuple():
            return tuple(dict.fromkeys(min(each, most) for each in epochs))
        case Range() if epochs.ends[0] < most:
            kind = "log_uniform" if epochs.logarithmic else "uniform"
            return {kind: (epochs.ends[0], most)}
        case _:
            return most


class Stopping(_Value):
    """Asynchronous successive halving (Li et al. 2020): of the trials that come as far as an epoch,
    only the best go on.
    """

    grace: PositiveInt = 2
    """Epochs that every trial has."""
    factor: int = Field(3, ge=2)
    """Of so many trials one goes on, each time for so many times the epochs."""


class Space(_Value):
    """What a search chooses from, and how."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    """Of the search, its folder and its record."""
    model: Literal["base", "lenet5", "alexnet", "vgg16"]
    """The network."""
    image_size: PositiveInt | None = None
    """If not the network's."""
    train_share: float = Field(1, gt=0, le=1)
    """How much of the training images is used."""
    held_out: float = Field(0.1, gt=0, lt=1)
    """Share of the training images that trials are judged on, and not on the test images."""
    seed: int = Field(SEED, ge=0, lt=2**32)
    """Of every trial's training, and of what the search draws."""
    search: Literal["grid", "random", "optuna"] = "random"
    """Every combination; chance; or chance guided by what was found (Akiba et al. 2019)."""
    trials: PositiveInt = 20
    """How many; of a grid, how many rounds of all combinations are tried is always one."""
    early_stopping: Stopping | None = Stopping()
    """`null`: every trial is trained to its end."""
    winner: Literal["tuned", "refined", "polished", "decayed", "own"] | None = "tuned"
    """What the best trial's experiment is called; of a second search `refined`, of a third one
    `polished`, of one for the weight decay `decayed`, of a reader's `own`. `null`: it is not kept
    as an experiment."""
    final_epochs: PositiveInt | None = None
    """Of the winner's own training, if it is to have others than its trial had."""
    cores: NonNegativeInt = 1
    """Of the processor, for each trial."""
    accelerators: float = Field(0, ge=0)
    """For each trial; half a one lets two share it."""
    settings: Settings
    """What is chosen."""

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that the file names: a value, a tuple of values or a `Range` for each."""
        # In one order always: a set has another one in each process, and the draws with it.
        named = [name for name in PLACES if name in self.settings.model_fields_set]
        return {name: getattr(self.settings, name) for name in named}

    def limited(self, trials: int | None = None, epochs: int | None = None) -> "Space":
        """The same with another number of trials, and at most so many epochs for each; `None`: as
        the file has it.

        Raises `InvalidSpace` if these do not go together with the rest, and for `trials` of a grid.
        """
        values = self.model_dump(exclude_unset=True)
        if trials is not None:
            if self.search == "grid":
                raise InvalidSpace(
                    "`trials` must not be given for a grid, which tries each of its"
                    f" {self.combinations} combinations once. Received: {trials}"
                )
            values["trials"] = trials
        if epochs is not None and epochs < self.longest:
            values["settings"]["epochs"] = _capped(self.settings.epochs, epochs)
        try:
            return Space.model_validate(values)
        except ValidationError as error:
            raise InvalidSpace(first_fault(error)) from None

    @property
    def longest(self) -> int:
        """The most epochs that a trial can have."""
        epochs = self.settings.epochs
        match epochs:
            case None:
                return Recipe().epochs
            case Range():
                return epochs.ends[1]
            case tuple():
                return max(epochs)
            case _:
                return epochs

    @property
    def combinations(self) -> int:
        """Of a grid."""
        return prod(len(each) for each in self.chosen.values() if isinstance(each, tuple))

    def repeats(self, earlier: "Space") -> bool:
        """Whether this is that search once more, with as many trials and epochs as it had, or more.

        `--trials` and `--max-epochs` make no other search of it, but a smaller one; nor does it
        matter what each trial has of the machine.
        """
        as_large = self.trials >= earlier.trials and self.longest >= earlier.longest
        aside = {"trials": True, "cores": True, "accelerators": True, "settings": {"epochs"}}
        return as_large and self.model_dump(exclude=aside) == earlier.model_dump(exclude=aside)

    def experiment(self, values: dict[str, Any]) -> Experiment:
        """The trial with these values, judged on what is held out."""
        usual = CATALOGUE[f"{self.model}-plain"]
        parts: dict[str, dict[str, Any]] = {"recipe": {"precision": usual.recipe.precision}}
        for name, value in values.items():
            parts.setdefault(PLACES[name], {})[name] = value
        return Experiment(
            model=self.model,
            # Of a trial nobody is told the name, but it has one.
            variant=self.winner or "tuned",
            dataset=usual.dataset,
            image_size=self.image_size or usual.image_size,
            train_share=self.train_share,
            held_out=self.held_out,
            seed=self.seed,
            **parts,
        )

    def final(self, values: dict[str, Any]) -> Experiment:
        """The training with these values that counts: of the whole network on all training images,
        judged on the test images. What is in pixels, a shift and a cutout, grows with the images.
        """
        trial = self.experiment(values)
        epochs = self.final_epochs or trial.recipe.epochs
        whole = CATALOGUE[f"{self.model}-plain"].image_size
        pixels = {
            name: round(getattr(trial.augmentation, name) * whole / trial.image_size)
            for name in ("shift", "cutout")
        }
        return trial.model_copy(
            update={
                "held_out": 0,
                "train_share": 1,
                "image_size": whole,
                "augmentation": trial.augmentation.model_copy(update=pixels),
                "recipe": trial.recipe.model_copy(update={"epochs": epochs}),
            }
        )

    @model_validator(mode="after")
    def _can_be_searched(self):
        ranges = [name for name, each in self.chosen.items() if isinstance(each, Range)]
        if self.search == "grid" and ranges:
            raise ValueError(f"a grid needs lists, and `{ranges[0]}` is a range")
        if self.early_stopping and self.early_stopping.grace > self.longest:
            raise ValueError(
                f"`early_stopping.grace` must be at most the epochs, {self.longest}. Received:"
                f" {self.early_stopping.grace}"
            )
        try:
            shapes(self.model, image_size=self.image_size)
        except ValueError as error:
            raise ValueError(
                f"`image_size` must be large enough for {self.model}. Received: {self.image_size}"
                f" ({error})"
            ) from None
        return self
