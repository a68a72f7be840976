"""The mapping YAML: which column of a table is what; shipped for known tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from correlate.errors import InputError
from correlate.panel import COLUMNS, NUMERIC

KNOWN = Path(__file__).with_name("known")

Unit = Literal["fraction", "percent", "bits_per_byte", "loss", "lm-eval"]
Stage = Literal["base", "instruct", "math"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Covariate(_Strict):
    """A column of the table and what to multiply it with to get the panel's unit."""

    column: str
    times: float = 1.0


class Scored(_Strict):
    """A score column of a wide table: which benchmark it is, in which unit."""

    benchmark: str
    unit: Unit
    band: str | None = None
    chance: float | None = Field(None, ge=0, lt=1)
    ceiling: float | None = Field(None, gt=0, le=1)
    n: int | None = Field(None, gt=0)
    metric: str = ""
    shots: str = ""
    filter: str = ""


class Mapping(_Strict):
    """What each column of a table is. Every column is named in exactly one place.

    ``columns`` takes the panel's columns (family, params, ...) to columns of the table;
    ``fixed`` sets panel columns to one value; ``benchmarks`` takes score columns of a wide table
    to benchmarks; a long table names its benchmark and score columns under ``columns`` and its
    ``unit``. ``ignore`` lists the columns left unread. ``recognise`` names the header of a table
    that is known by it; ``join`` names the column by which several files of a folder belong
    together; ``skip_rows`` lists model cells that are no models (totals, averages);
    ``ignore_rest`` leaves every column not named unread; ``registry`` says whether covariates
    the table lacks are looked up by the model's name.
    """

    about: str = ""
    recognise: tuple[str, ...] = ()
    join: str | None = None
    layout: Literal["wide", "long"] = "wide"
    unit: Unit = "fraction"
    columns: dict[str, str | Covariate]
    fixed: dict[str, str] = {}
    benchmarks: dict[str, Scored] = {}
    ignore: tuple[str, ...] = ()
    ignore_rest: bool = False
    skip_rows: tuple[str, ...] = ()
    registry: bool = True

    @model_validator(mode="after")
    def _whole(self) -> Mapping:
        for name in (*self.columns, *self.fixed):
            if name not in COLUMNS:
                raise ValueError(f"'{name}' is no column of the panel ({', '.join(COLUMNS)})")
        if "model" not in self.columns:
            raise ValueError("columns must say which column holds the model")
        if self.layout == "wide" and not self.benchmarks:
            raise ValueError("a wide table needs benchmarks: column -> {benchmark, unit}")
        if self.layout == "long" and not {"benchmark", "score"} <= set(self.columns):
            raise ValueError("a long table needs the columns benchmark and score")
        for name, given in self.columns.items():
            if isinstance(given, Covariate) and given.times != 1.0 and name not in NUMERIC:
                raise ValueError(f"columns: {name}: a text column cannot be multiplied")
        return self

    def covariate(self, name: str) -> Covariate:
        """Where the panel's column ``name`` stands in the table."""
        given = self.columns[name]
        return given if isinstance(given, Covariate) else Covariate(column=given)

    def used(self) -> list[str]:
        """Columns of the table that are read."""
        return [self.covariate(name).column for name in self.columns] + list(self.benchmarks)


def read_mapping(path: Path) -> Mapping:
    """The mapping in the YAML file at ``path``.

    Raises
    ------
    InputError
        If the file cannot be read, is no YAML, or says something a mapping cannot say.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); give a mapping YAML") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else "somewhere"
        what = getattr(error, "problem", None) or "cannot be parsed"
        raise InputError(f"{path}: {line}: malformed YAML ({what}); mend that line") from None
    if not isinstance(given, dict):
        raise InputError(
            f"{path}: line 1: a mapping is a YAML table with the key columns; "
            "draft one with: python -m correlate map FILE"
        )
    try:
        return Mapping(**given)
    except (ValidationError, TypeError) as error:
        raise InputError(f"{path}: {_first_problem(error)}") from None


def _first_problem(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return f"{error}; keys must be text"
    first = error.errors(include_url=False)[0]
    place = ".".join(str(p) for p in first["loc"]) or "mapping"
    what = " ".join(str(first["msg"]).removeprefix("Value error, ").split())
    return f"{place}: {what}; mend it, or draft anew with: python -m correlate map FILE"


@cache
def known_mappings() -> dict[str, Mapping]:
    """The mappings that ship, by name: tables known by their header."""
    return {path.stem: read_mapping(path) for path in sorted(KNOWN.glob("*.yaml"))}


def recognise(names: list[str]) -> str | None:
    """The shipped mapping whose ``recognise`` columns are all in ``names``; the fullest match."""
    have = set(names)
    fits = [
        (len(mapping.recognise), name)
        for name, mapping in known_mappings().items()
        if mapping.recognise and set(mapping.recognise) <= have
    ]
    return max(fits)[1] if fits else None
