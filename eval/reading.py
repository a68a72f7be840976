"""Read the YAML files people edit; every fault becomes one line naming file, place and remedy."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from eval.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def read(path: Path, model: type[Model]) -> Model:
    """Parse ``path`` into ``model``.

    Raises
    ------
    InputError
        If the file cannot be read, is no YAML, or does not fit the model.
    """
    return check(path, mapping(path), model)


def mapping(path: Path) -> dict[str, Any]:
    """The top-level mapping of a YAML file."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}; give a file that can be read") from (
            error
        )
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start}: not UTF-8; save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: {_yaml_place(error)}; correct the YAML there") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: top level: a mapping is needed; start with 'name: ...'")
    return content


def check(path: Path, content: dict[str, Any], model: type[Model]) -> Model:
    """Fit ``content``, read from ``path``, to ``model``; the first fault is the one reported."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = error.errors()
        first = faults[0]
        place = _place(first["loc"]) or "top level"
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputError(f"{path}: {place}: {_reason(first, model)}{more}") from error


def pick(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a ``name`` that is not among ``known``."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names[:20])}"
    return InputError(f"{kind} '{name}': not found; {hint}")


def _place(loc: tuple[int | str, ...]) -> str:
    place = ""
    for part in loc:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else part
    return place


def _reason(fault: Any, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown key; remove it or correct its spelling"
    if fault["type"] == "missing":
        return "missing; add it"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = fault.get("input")
    shown = f" (got {given!r})" if isinstance(given, str | int | float | bool) else ""
    return message + shown


def _yaml_place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
