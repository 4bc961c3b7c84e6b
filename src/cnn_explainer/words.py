"""What the layers and settings are called where people read them."""

import re

from .architectures import Block, Conv, Dense, Dropout, Flatten, Pool, architecture
from .experiments import CATALOGUE, Augmentation, Experiment, Precision, Recipe

ACTIVATIONS = {
    "relu": "ReLU", "tanh": "tanh", "elu": "ELU", "silu": "SiLU", "gelu": "GELU",
    "softmax": "softmax",
}  # fmt: skip

OPTIMIZERS = {
    "sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam", "rmsprop": "RMSprop",
}  # fmt: skip


def layer(block: Block) -> str:
    """Kind and settings.

    layer(Conv(6, 5))   ->  "Convolution 5 × 5, valid"
    layer(Pool(2, 2))   ->  "Max pooling 2 × 2, stride 2"
    """
    match block:
        case Conv(_, size, stride, padding):
            stepped = f", stride {stride}" if stride > 1 else ""
            return f"Convolution {shape((size, size))}, {padding}{stepped}"
        case Pool(size, stride):
            return f"Max pooling {shape((size, size))}, stride {stride}"
        case Dropout(rate):
            return f"Dropout {rate:g}"
        case Flatten():
            return "Flatten"
        case Dense(_, activation, max_norm):
            limited = f", max norm {max_norm:g}" if max_norm else ""
            return f"Dense, {ACTIVATIONS[activation]}{limited}"


def shape(sizes: tuple[int, ...]) -> str:
    """A shape as a product: `(28, 28, 6)` is 28 × 28 × 6, which no line break tears apart."""
    return "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}".join(f"{size:,}" for size in sizes)


def variant(name: str) -> str:
    """A variant in words."""
    return {
        "plain": "plain",
        "augmented": "with augmentation",
        "augmented_dropout": "with augmentation and dropout",
    }.get(name, name.replace("_", " + ").replace("with + ", "with new "))


def short_variant(name: str) -> str:
    """A variant where there is little room."""
    return {
        "plain": "plain",
        "augmented": "augmented",
        "augmented_dropout": "augmented, dropout",
    }.get(name, name)


def first_weights(chosen: Experiment) -> str | None:
    """Where they come from, if not from the network's own rule: `he normal, whitened`."""
    drawn = chosen.changes.initializer
    said = [drawn and drawn.replace("_", " "), chosen.recipe.whitened and "whitened"]
    return ", ".join(filter(None, said)) or None


def optimizer(recipe: Recipe) -> str:
    """The optimizer, its momentum and its weight decay: `SGD, Nesterov momentum 0.9`."""
    said = [OPTIMIZERS[recipe.optimizer]]
    if recipe.optimizer == "sgd" and recipe.momentum:
        said.append(f"{'Nesterov ' if recipe.nesterov else ''}momentum {recipe.momentum:g}")
    if recipe.weight_decay:
        said.append(f"weight decay {recipe.weight_decay:g}")
    return ", ".join(said)


def schedule(recipe: Recipe) -> str:
    """How the learning rate changes over time."""
    return {
        "constant": "constant",
        "cosine": "down to 0 along a cosine",
        "one_cycle": "up from 0 in the first fifth of all steps, then down to 0 along a cosine",
        "linear": "up from 0 in the first tenth of all steps, then down to 0 along a line",
    }[recipe.schedule]


def augmentation(chosen: Augmentation) -> str:
    """How far training images are changed; nothing if they are not.

    augmentation(get("lenet5-augmented").strengths)   ->  "flips, turns up to 36°, zoom up to 10 %"
    """
    said = {
        "flips": chosen.flip,
        f"shifts up to {chosen.shift} pixels": chosen.shift,
        f"turns up to {360 * chosen.rotation:.3g}°": chosen.rotation,
        f"zoom up to {100 * chosen.zoom:.3g}\N{NO-BREAK SPACE}%": chosen.zoom,
        f"grey squares of {chosen.cutout} pixels": chosen.cutout,
    }
    return ", ".join(words for words, used in said.items() if used)


def precision(name: Precision) -> str:
    """A precision in words."""
    return {"float32": "float32", "mixed_bfloat16": "mixed bfloat16"}[name]


def processor(name: str) -> str:
    """A processor's name where there is little room.

    processor("Intel(R) Xeon(R) Processor @ 2.50GHz")   ->  "Intel Xeon"
    """
    return re.sub(r"\((R|TM)\)| (CPU|Processor)\b| @.*", "", name)


def experiment(chosen: Experiment, *details: str) -> str:
    """Network, variant, and what is not as in the catalogue; then any other details.

    experiment(get("lenet5-plain"))                     ->  "LeNet-5 (plain)"
    experiment(get("lenet5-plain", learning_rate=0.1))  ->  "LeNet-5 (plain, learning rate 0.1)"
    """
    said = ", ".join([variant(chosen.variant), *changes(chosen), *details])
    return f"{architecture(chosen.model).title} ({said})"


def changes(chosen: Experiment) -> list[str]:
    """In what an experiment differs from the catalogue's of its name, apart from its length."""
    said, usual = [], CATALOGUE.get(chosen.name, chosen).recipe
    if chosen.recipe.learning_rate != usual.learning_rate:
        said.append(f"learning rate {chosen.recipe.learning_rate:g}")
    # What was asked for: a machine that lacks it has another, and its record says so.
    if chosen.recipe.precision != usual.precision:
        said.append(f"in {precision(chosen.recipe.precision)}")
    if chosen.train_share < 1:
        said.append(f"{share(chosen.train_share)} of the training images")
    return said


def share(part: float) -> str:
    """A share in per cent, as exact as it is: `0.125` is 12.5 %."""
    return f"{100 * part:g}\N{NO-BREAK SPACE}%"


def one(name: str) -> str:
    """A class's name in a sentence: `an airplane`, `a dog`, `tulips`."""
    if name.endswith("s"):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def amid(title: str) -> str:
    """A network's title as a sentence goes on with it: only the base model's is no name.

    amid("LeNet-5 (plain)")      ->  "LeNet-5 (plain)"
    amid("Base model (plain)")   ->  "the base model (plain)"
    """
    return f"the base model{rest}" if (rest := title.removeprefix("Base model")) != title else title
