"""Ladders from YAML, those that ship and those that people write.

A family gives defaults; each of its rungs may override them. A local folder's parameters are
counted where the file does not say.
"""

import json
import math
import struct
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from eval import reading
from eval.errors import InputError
from eval.expand import Include, checkpoints
from eval.ladder import Ladder, Rung

SHIPPED = Path(__file__).parent / "ladders"


class _Family(BaseModel):
    """A family as written: defaults for its rungs."""

    model_config = ConfigDict(extra="allow")

    name: str
    rungs: list[dict[str, Any]] = Field(min_length=1)


class _File(BaseModel):
    """A ladder file as written."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    about: str = ""
    suite: str | None = None
    truth: Path | None = None
    baselines: Path | None = None
    include: list[Include] = Field(default_factory=list)
    families: list[_Family] = Field(default_factory=list)


def shipped() -> list[str]:
    """Names of the ladders that come with the project."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load(name: str) -> Ladder:
    """The ladder called ``name``: one that ships, or the path of a YAML file.

    Raises
    ------
    InputError
        If there is no such ladder, or its file is malformed.
    """
    path = SHIPPED / f"{name}.yaml"
    if not path.is_file():
        path = Path(name)
        if not path.is_file():
            raise reading.pick("ladder", name, shipped())
    return read(path)


def read(path: Path) -> Ladder:
    """The ladder in a YAML file; relative folders are relative to the file."""
    return _read(path, ())


def _read(path: Path, above: tuple[Path, ...]) -> Ladder:
    """``above`` are the ladders that include this one."""
    if path.resolve() in above:
        raise InputError(f"{path}: include: ladders include each other; break the circle")
    file = reading.read(path, _File)
    rungs = [rung for i, wanted in enumerate(file.include)
             for rung in _included(path, i, wanted, above)]  # fmt: skip
    for i, family in enumerate(file.families):
        defaults = {"family": family.name, **(family.model_extra or {})}
        for j, given in enumerate(family.rungs):
            place = f"families[{i}].rungs[{j}]"
            rungs += _rungs(path, place, {**defaults, **given})
    if not rungs:
        raise InputError(f"{path}: families: no rungs; name families or include a ladder")
    _refuse_twins(path, rungs)
    return Ladder(
        name=file.name,
        about=file.about,
        suite=file.suite,
        truth=_beside(path, "truth", file.truth),
        baselines=_beside(path, "baselines", file.baselines),
        rungs=tuple(rungs),
    )


def _beside(path: Path, key: str, given: Path | None) -> Path | None:
    """A file that goes with the ladder, relative to the ladder's own."""
    if given is None:
        return None
    found = path.parent / given
    if not found.is_file():
        raise InputError(f"{path}: {key}: no file {found}; correct the path or remove the key")
    return found


def _included(path: Path, i: int, wanted: Include, above: tuple[Path, ...]) -> list[Rung]:
    other = path.parent / f"{wanted.ladder}.yaml"
    if not other.is_file():
        other = SHIPPED / f"{wanted.ladder}.yaml"
    if not other.is_file():
        other = path.parent / wanted.ladder
    if not other.is_file():
        unknown = reading.pick("ladder", wanted.ladder, shipped())
        raise InputError(f"{path}: include[{i}]: {unknown}")
    return wanted.keep(_read(other, (*above, path.resolve())).rungs)


def _rungs(path: Path, place: str, given: dict[str, Any]) -> list[Rung]:
    """The rungs that one entry stands for. ``{name}`` in ``hub`` is the rung's name."""
    if isinstance(given.get("hub"), str) and isinstance(given.get("name"), str):
        given = {**given, "hub": given["hub"].replace("{name}", given["name"])}
    try:
        expanded = checkpoints(given)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: {place}: {error}") from error
    return [_rung(path, place, one) for one in expanded]


def _rung(path: Path, place: str, given: dict[str, Any]) -> Rung:
    try:
        rung = reading.check(path, given, Rung)
    except InputError as error:
        fault = str(error).removeprefix(f"{path}: ").replace("top level: ", "")
        raise InputError(f"{path}: {place}: {fault}") from error
    if rung.path is None:
        return rung
    folder = (path.parent / rung.path).resolve()
    return rung.model_copy(update={"path": folder, "params": rung.params or stored(folder)})


def stored(folder: Path) -> float | None:
    """Parameters in a folder's safetensors files, from their headers; None where none has one."""
    total = 0
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as file:
            prefix = file.read(8)
            if len(prefix) < 8:
                return None
            try:
                header = json.loads(file.read(struct.unpack("<Q", prefix)[0]))
            except (ValueError, OverflowError, MemoryError):
                return None
        total += sum(math.prod(v["shape"]) for k, v in header.items() if k != "__metadata__")
    return float(total) if total else None


def _refuse_twins(path: Path, rungs: list[Rung]) -> None:
    """Two rungs of one name, or one model under two names, would be counted twice."""
    names: set[str] = set()
    places: dict[tuple[str, str, str], str] = {}
    for rung in rungs:
        if rung.name in names:
            raise InputError(f"{path}: {rung.name}: two rungs have this name; rename one")
        names.add(rung.name)
        key = (rung.place, rung.dtype, repr(sorted(rung.engine_args.items())))
        if key in places:
            raise InputError(
                f"{path}: {rung.name}: same model as {places[key]} ({rung.place}); remove one"
            )
        places[key] = rung.name
