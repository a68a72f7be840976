"""Folders and files of result logs: walk, tell the formats apart, read in batches, say what not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from correlate.errors import InputError
from correlate.panel import Finding, Panel
from correlate.registry import join_covariates
from correlate.sources import inspect_logs, lighteval, lm_eval, samples
from correlate.sources.finish import finish
from correlate.sources.lm_eval import Json, Row
from correlate.sources.progress import counting

SUFFIXES = (".json", ".eval")
BATCH = 20_000
TEXTS = ("model", "hub", "revision", "task", "benchmark", "metric", "filter", "shots",
         "task_version", "prompt_hash", "source", "reporter_format")  # fmt: skip
NUMBERS = ("n", "score", "stderr", "params", "date")
SCHEMA = pa.schema(
    [(name, pa.dictionary(pa.int32(), pa.string())) for name in TEXTS]
    + [(name, pa.float64()) for name in NUMBERS]
    + [("limited", pa.bool_())]
)
READERS: dict[str, tuple[Callable[[Json], bool], Callable[[Json], Iterator[Row]]]] = {
    "lighteval": (lighteval.is_result, lighteval.rows),
    "lm-eval": (lm_eval.is_result, lm_eval.rows),
    "inspect": (inspect_logs.is_result, inspect_logs.rows),
}


def find(path: Path) -> list[Path]:
    """Files that may be result logs under the folder ``path``, in order of their paths."""
    found = []
    for folder, folders, files in os.walk(path):
        folders.sort()
        found += [os.path.join(folder, name) for name in files if name.endswith(SUFFIXES)]
    return [Path(name) for name in sorted(found)]


@dataclass
class Reading:
    """What has been read so far: full batches as Arrow tables, the open one as rows."""

    batches: list[pa.Table] = field(default_factory=list)
    open: list[Row] = field(default_factory=list)
    unread: dict[str, list[str]] = field(default_factory=dict)
    held: samples.Held = field(default_factory=samples.Held)

    def add(self, row: Row) -> None:
        """Keep one row, closing the batch when it is full."""
        self.open.append(row)
        if len(self.open) >= BATCH:
            self.close()

    def close(self) -> None:
        """Turn the open rows into a compact table."""
        if self.open:
            self.batches.append(pa.Table.from_pylist(self.open, schema=SCHEMA))
            self.open = []

    def leave(self, why: str, what: str) -> None:
        """Note that ``what`` was not read because of ``why``."""
        self.unread.setdefault(why, []).append(what)


def load(path: Path, files: list[Path]) -> Panel:
    """The panel in ``files``, found under ``path`` (a folder, or the one file itself).

    Memory grows with the scores, not with the files: each file is let go once its rows are out.

    Raises
    ------
    InputError
        If no file holds a result; where some cannot be read, the others load and a finding
        lists them.
    """
    reading = Reading()
    root = path if path.is_dir() else path.parent
    samples.beside.cache_clear()
    for file in counting(files, len(files), "reading result files"):
        _read(file, root, reading)
    reading.close()
    if not reading.batches:
        why = next(iter(reading.unread), "no result in it")
        where = reading.unread[why][0] if reading.unread else path.name
        raise InputError(
            f"{path}: {where}: {why}; give result files of lm-eval, lighteval or Inspect"
        )
    frame = pa.concat_tables(reading.batches).unify_dictionaries().to_pandas()
    frame[list(TEXTS)] = frame[list(TEXTS)].astype("str").fillna("")
    scores, more = _tidy(frame)
    scores, joined = join_covariates(scores)
    findings = [*_unread(reading), *_held(reading.held), *more, *joined]
    items = str(path) if reading.held.files else None
    return finish(scores.drop(columns=["hub", "task", "date"]), path.name, findings, items=items)


def _read(file: Path, root: Path, reading: Reading) -> None:
    """Rows of one file into ``reading``; trouble becomes a line there."""
    name = str(file.relative_to(root))
    try:
        document = parse(file)
    except InputError as error:
        reading.leave(str(error), name)
        return
    kind = next((k for k, (is_it, _) in READERS.items() if is_it(document)), None)
    if kind is None:
        reading.leave("not a result file of lm-eval, lighteval or Inspect", name)
        return
    rows = READERS[kind][1](document)
    if kind == "lm-eval":
        rows = samples.hold(file, rows, reading.held)
    for row in rows:
        if row.get("score") is None:
            reading.leave("a value that is no number", f"{name} [{row['task']}] {_short(row)}")
            continue
        row.pop("raw", None)
        reading.add({**row, "source": f"{name} [{row['task']}]", "reporter_format": kind})


def parse(file: Path) -> Json:
    """The JSON object in ``file`` (of an Inspect .eval archive, its header).

    Raises
    ------
    InputError
        With the reason alone, for the caller to say where.
    """
    if file.suffix == ".eval":
        return inspect_logs.header(file)
    try:
        document = lm_eval.decode(file.read_bytes())
    except json.JSONDecodeError as error:
        raise InputError(f"broken JSON at line {error.lineno} ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"broken JSON ({' '.join(str(error).split())[:80]})") from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})") from None
    return document if isinstance(document, dict) else {}


def _tidy(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Reruns reduced to the newest, items filled in, paths held against the files' own words."""
    findings = []
    key = ["model", "benchmark", "metric", "filter", "shots", "task_version"]
    if (frame["date"] > 0).any():
        newest = frame.sort_values("date", ascending=False, kind="stable")
        older = newest.index[newest.duplicated(key)]
        findings += _say("older-run", "a newer run of the same model, task and protocol is used",
                         frame.loc[older], "dropped")  # fmt: skip
        frame = frame.drop(index=older)
    findings += _say("limited-run", "run on a part of the task's items (limit)",
                     frame[frame["limited"]], "kept")  # fmt: skip
    findings += _say("path-lies", "the path states another number of shots than the run's own "
                     "configuration, which is used", frame[_path_lies(frame)], "kept")  # fmt: skip
    return frame.drop(columns=["limited", "reporter_format"]), findings


WORDS = {"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "eight": "8"}
_SHOTS = r"(?i)(?<![0-9a-z])(\d+|" + "|".join(WORDS) + r")[-_ ]?shots?(?![a-z])"


def _path_lies(frame: pd.DataFrame) -> pd.Series:
    """Rows whose path names a number of shots, and not the one the file gives."""
    sources = frame["source"].str.replace(r" \[.*", "", regex=True)
    each = pd.Series(sources.unique())
    said = each.str.extractall(_SHOTS)[0].str.lower().replace(WORDS)
    stated = said.groupby(level=0).agg(set)
    by_path = dict(zip(each[stated.index], stated, strict=True))
    return pd.Series(
        [
            bool(shots) and any(word != shots for word in by_path.get(path, ()))
            for path, shots in zip(sources, frame["shots"], strict=True)
        ],
        index=frame.index,
        dtype=bool,
    )


def _say(rule: str, reason: str, rows: pd.DataFrame, action: str) -> list[Finding]:
    if rows.empty:
        return []
    files = rows["source"].str.replace(r" \[.*", "", regex=True).unique()
    return [Finding(rule, "note", f"{reason} ({len(files)} files)", tuple(files), action)]


def _unread(reading: Reading) -> list[Finding]:
    """A finding a reason: errors for broken files and values, a note for files of another kind."""
    found = []
    for why, what in reading.unread.items():
        other = why.startswith("not a result")
        rule = "file-unread" if other else "value-unread" if "value" in why else "file-broken"
        found.append(Finding(rule, "note" if other else "error", why, tuple(what), "dropped"))
    return found


def _held(held: samples.Held) -> list[Finding]:
    """What holding samples against results has shown."""
    said: tuple[tuple[str, str, str, list[str], str], ...] = (
        ("samples-read", "note", "samples read beside the results", held.files, "kept"),
        ("samples-disagree", "warning", "the samples' mean is not the score: files of two runs?",
         held.apart, "kept"),
        ("samples-odd", "warning", "samples whose value is no number: not held against the score",
         held.odd, "kept"),
        ("samples-broken", "error", "samples that cannot be read; the result itself is kept",
         held.broken, "dropped"),
    )  # fmt: skip
    return [
        Finding(rule, severity, f"{reason} ({len(rows)})", tuple(rows), action)
        for rule, severity, reason, rows, action in said
        if rows
    ]


def _short(row: Row) -> str:
    text = " ".join(str(row.get("raw")).split())
    return f"{row.get('metric', '')} = {text[:40]}"
