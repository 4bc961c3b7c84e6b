"""A search space in a file, YAML or JSON; what is wrong in it is named by its line."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError

from .space import InvalidSpace, Space


def read(path: Path | str) -> Space:
    """The space in a YAML or JSON file.

    Raises `InvalidSpace`, which names for every fault the line, the rule and what was received.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        tree = yaml.compose(text, yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSpace(f"{path} cannot be read: {error}") from None
    # Of a date such as 2020-13-45 it is a `ValueError`.
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidSpace(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise InvalidSpace(f"{path} must hold names and values, such as `name: mine`")
    try:
        return Space.model_validate(data)
    except ValidationError as error:
        raise InvalidSpace("\n".join(_faults(Path(path), tree, error))) from None


def _faults(path: Path, tree: yaml.Node, error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        line, names = _place(tree, fault["loc"])
        rule = fault["msg"].removeprefix("Value error, ")
        received = "" if isinstance(fault["input"], dict) else f". Received: {fault['input']!r}"
        yield f"{path}, line {line}: {': '.join([*names, rule])}{received}"


def _place(node: yaml.Node, location: tuple[int | str, ...]) -> tuple[int, list[str]]:
    """The line that a fault is in, and the names that lead there.

    A location also holds which form of a setting was tried, which is not in the file.
    """
    line, names = node.start_mark.line + 1, []
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if found:
                key, node = found[0]
                line = key.start_mark.line + 1
                names.append(str(step))
        # Of what is missing in a list there is a location, too.
        elif isinstance(node, yaml.SequenceNode) and step in range(len(node.value)):
            node = node.value[step]
            line = node.start_mark.line + 1
    if location and location[-1] not in names and isinstance(location[-1], str):
        names += [location[-1]] * (location[-1] not in ("value", "list", "range"))
    return line, names
