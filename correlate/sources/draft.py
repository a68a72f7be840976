"""Draft a mapping by looking at a table: what each column seems to be, and why."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from correlate.benchmarks import fact, key
from correlate.errors import InputError
from correlate.naming import is_total
from correlate.panel import COLUMNS, NUMERIC
from correlate.sources.mapping import recognise
from correlate.sources.numbers import EMPTY, numbers
from correlate.sources.tables import read_table

WORDS: dict[str, tuple[str, ...]] = {
    "model": ("model", "modelname", "name", "llm", "modelid", "fullname"),
    "family": ("family", "modelfamily", "series", "suite"),
    "params": ("params", "parameters", "modelsize", "size", "nparams", "paramcount"),
    "active_params": ("activeparams", "activated", "activeparameters"),
    "tokens": ("tokens", "trainingtokens", "pretrainingdatasize", "traintokens", "data"),
    "flops": ("flops", "compute", "trainingcompute", "trainingflops"),
    "stage": ("stage", "type", "modeltype"),
    "release": ("release", "date", "releasedate", "published"),
    "architecture": ("architecture", "arch"),
    "revision": ("revision", "checkpoint", "commit"),
    "benchmark": ("benchmark", "task", "dataset", "eval"),
    "metric": ("metric",),
    "score": ("score", "value", "accuracy", "result"),
    "stderr": ("stderr", "standarderror", "se"),
    "n": ("n", "items", "nitems", "samples"),
    "shots": ("shots", "fewshot", "numfewshot", "nshot"),
    "source": ("source", "url", "file"),
}
"""What columns of other people's tables are called, as ``benchmarks.key`` gives it."""
TIMES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_UNIT = re.compile(r"[(_\s]([kmbt])\)?$|\((1e\d+)\)", re.IGNORECASE)


@dataclass
class Draft:
    """A mapping being drafted: lines of YAML by section."""

    columns: list[str] = field(default_factory=list)
    benchmarks: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    totals: list[str] = field(default_factory=list)

    def leave(self, name: str, why: str = "") -> None:
        """List a column as one not to read."""
        self.ignore.append(f"  - {_quote(name)}" + (f"  # {_printable(why)}" if why else ""))


def draft(path: Path) -> str:
    """Mapping YAML for the table at ``path``, with what to check as comments.

    Raises
    ------
    InputError
        If no column looks like the model's name.
    """
    frame = read_table(path)
    made = Draft()
    names = [str(c) for c in frame.columns]
    meant = {name: _meaning(name) for name in names}
    if "model" not in meant.values():
        texts = [n for n in names if _values(frame[n], path, n) is None]
        if not texts:
            raise InputError(f"{path}: line 1: no column of names; which one holds the model?")
        meant[texts[0]] = "model"
    is_long = {"benchmark", "score"} <= set(meant.values())
    for name in names:
        _place(frame[name], path, name, meant[name], is_long, made)
    unit = ""
    if is_long:
        score = next(name for name in names if meant[name] == "score")
        unit = f"unit: {_unit(_values(frame[score], path, score))[0]}\n"
    known = recognise(names)
    note = f"# Known by its header ({known}): it loads without a mapping.\n" if known else ""
    return note + _yaml(path, made, is_long, unit)


def _meaning(name: str) -> str:
    """The panel's column that ``name`` seems to be; '' where none."""
    bare = key(re.sub(_UNIT, "", re.sub(r"\([^)]*\)", "", name)))
    if name in COLUMNS:
        return name
    return next((column for column, words in WORDS.items() if bare in words), "")


def _place(
    column: pd.Series, path: Path, name: str, meaning: str, is_long: bool, made: Draft
) -> None:
    """Write the line for one column into its section."""
    values = _values(column, path, name)
    if meaning and meaning not in made.taken and (is_long or meaning not in ("score", "benchmark")):
        made.taken.add(meaning)
        if meaning in NUMERIC and values is None:
            made.leave(name, f"CHECK: looks like {meaning}, but {_text_in(column)}")
        else:
            made.columns.append(_covariate(name, meaning, values))
        if meaning == "model":
            made.totals = [c for c in column.astype(str).str.strip().unique() if is_total(c)]
    elif values is None and _mostly_digits(column):
        made.leave(name, f"CHECK: {_text_in(column)}")
    elif meaning in made.taken:
        made.leave(name, f"CHECK: looks like {meaning}, as a column before it does")
    elif values is None or is_long or np.isnan(values).all():
        made.leave(name)
    elif fact(name) is None and key(name) in ("average", "avg", "mean", "total", "rank"):
        made.leave(name, "an average of other columns")
    else:
        made.benchmarks.append(_scored(name, values))


def _values(column: pd.Series, path: Path, name: str) -> np.ndarray | None:
    """The column as numbers as they stand (percent signs ignored); None where it holds text."""
    try:
        read = numbers(column, f"{path}: column '{name}'", column.index)
    except InputError:
        return None
    return np.where(read.percent, read.values * 100, read.values)


def _mostly_digits(column: pd.Series) -> bool:
    """Whether most cells begin as a number does, so that the column was meant as one."""
    cells = column.astype(str).where(column.notna(), "").str.strip()
    cells = cells[~cells.str.casefold().isin(EMPTY)]
    return bool(len(cells)) and bool(cells.str.match(r"[+-]?[.,]?\d").mean() > 0.5)


def _text_in(column: pd.Series) -> str:
    """Why the column cannot be read as numbers."""
    try:
        numbers(column, "", column.index)
    except InputError as refused:
        return str(refused).removeprefix(", ").removeprefix(": ").split("; ")[0]
    return "it holds numbers"


def _covariate(name: str, meaning: str, values: np.ndarray | None) -> str:
    if meaning not in ("params", "active_params", "tokens", "flops") or values is None:
        return f"  {meaning}: {_quote(name)}"
    found = _UNIT.search(name)
    largest = np.nanmax(values) if np.isfinite(values).any() else np.nan
    if found:
        times, why = (TIMES[found[1].lower()] if found[1] else float(found[2])), "unit in the name"
    elif meaning in ("params", "active_params") and largest < 1e4:
        times, why = 1e9, "CHECK: taken as billions, the largest being so small"
    elif meaning == "tokens" and largest < 1e3:
        times, why = 1e12, "CHECK: taken as trillions, the largest being so small"
    else:
        return f"  {meaning}: {_quote(name)}"
    return f"  {meaning}: {{column: {_quote(name)}, times: {times:.1e}}}  # {why}"


def _scored(name: str, values: np.ndarray) -> str:
    known = fact(name)
    unit, why = _unit(values)
    parts = [f"benchmark: {_quote(known.name if known else name)}", f"unit: {unit}"]
    if known is None:
        parts += ["band: reasoning"]
        why += "; CHECK band, and add chance and n where known"
    for about in ("chance", "n"):
        value = getattr(known, about, None)
        if value is not None:
            parts.append(f"{about}: {value:g}")
    return f"  {_quote(name)}: {{{', '.join(parts)}}}  # {why}"


def _unit(values: np.ndarray | None) -> tuple[str, str]:
    """The unit a column of scores seems to be in, and why."""
    if values is None or not np.isfinite(values).any():
        return "fraction", "CHECK: no number to judge the unit by"
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low >= 0 and high <= 1:
        return "fraction", f"from {low:g} to {high:g}"
    if low >= 0 and high <= 100:
        return "percent", f"from {low:g} to {high:g}"
    return "loss", f"CHECK: from {low:g} to {high:g}, no rate"


def _yaml(path: Path, made: Draft, is_long: bool, unit: str) -> str:
    lines = [
        f"# Mapping for {_printable(path.name)}, drafted by looking at it. CHECK marks guesses.",
        f"about: {_quote(path.stem)}",
        f"layout: {'long' if is_long else 'wide'}",
    ]
    text = "\n".join(lines) + "\n" + unit + "columns:\n" + "\n".join(made.columns) + "\n"
    if not is_long:
        text += "benchmarks:\n" + ("\n".join(made.benchmarks) or "  {}") + "\n"
    if made.totals:
        listed = ", ".join(_quote(name) for name in made.totals)
        text += f"skip_rows: [{listed}]  # no models, by their names\n"
    if made.ignore:
        text += "ignore:\n" + "\n".join(made.ignore) + "\n"
    return text


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _quote(text: str) -> str:
    """``text`` as a YAML scalar on one line."""
    plain = re.fullmatch(r"[A-Za-z][\w.+-]*( [\w.+-]+)*", text, re.ASCII)
    reserved = text.lower() in ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
    if plain and not reserved:
        return text
    quoted = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=math.inf)
    return str(quoted).rstrip("\n")
