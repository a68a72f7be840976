"""Logs of Inspect (.eval archives and JSON): one log a model and task, scorers inside."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from correlate.benchmarks import canonical
from correlate.errors import InputError
from correlate.sources.lm_eval import Json, Row, decode, number


def is_result(document: Json) -> bool:
    """Whether a parsed JSON document is an Inspect log or its header."""
    return isinstance(document.get("eval"), dict) and "status" in document


def header(file: Path) -> Json:
    """The header of a .eval archive (a zip): everything but the samples.

    Raises
    ------
    InputError
        With the reason alone, for the caller to say where.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if "header.json" not in names:
                raise InputError("an Inspect log without header.json: the run did not end")
            document = decode(_entry(file, archive.getinfo("header.json")))
    except (zipfile.BadZipFile, OSError, ValueError, RecursionError) as error:
        raise InputError(f"broken Inspect log ({' '.join(str(error).split())[:80]})") from None
    return document if isinstance(document, dict) else {}


ZSTANDARD = 93
"""Inspect compresses with Zstandard, which Python's zipfile knows from 3.14 on."""


def _entry(file: Path, info: zipfile.ZipInfo) -> bytes:
    """The bytes of one entry of the archive."""
    if info.compress_type != ZSTANDARD:
        with zipfile.ZipFile(file) as archive:
            return archive.read(info)
    with file.open("rb") as raw:
        raw.seek(info.header_offset)
        start = raw.read(30)  # the local header; its last two fields are lengths to skip
        raw.seek(int.from_bytes(start[26:28], "little") + int.from_bytes(start[28:30], "little"), 1)
        packed = pa.BufferReader(raw.read(info.compress_size))
    return bytes(pa.CompressedInputStream(packed, "zstd").read())


def rows(document: Json) -> Iterator[Row]:
    """One row a scorer and metric of a finished log; other logs give none and say why."""
    about = document["eval"]
    task = str(about.get("task") or "unnamed")
    hub = str(about.get("model") or "unnamed")
    short = task.rsplit("/", 1)[-1]
    hub = hub.split("/", 1)[-1] if hub.count("/") > 1 else hub  # 'hf/owner/name'
    revision = str(_table(about.get("model_args")).get("revision") or "")
    given: Row = {
        "model": hub + (f"@{revision}" if revision else ""),
        "hub": hub,
        "revision": revision,
        "task": task,
        "benchmark": canonical(short),
        "task_version": str(about.get("task_version", "")),
        "shots": str(_table(about.get("task_args")).get("fewshot", "")),
        "date": 0.0,
        "limited": _table(about.get("config")).get("limit") is not None,
    }
    results = document.get("results")
    if document.get("status") != "success" or not isinstance(results, dict):
        yield {**given, "raw": f"status {document.get('status')}"}
        return
    listed = results.get("scores")
    for score in listed if isinstance(listed, list) else []:
        yield from _scorer(score, given, results)


def _table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _scorer(score: Json, given: Row, results: Json) -> Iterator[Row]:
    metrics = score.get("metrics") if isinstance(score, dict) else None
    if not isinstance(metrics, dict):
        yield {**given, "raw": score}
        return
    values = {str(name): m.get("value") for name, m in metrics.items() if isinstance(m, dict)}
    stderr = number(values.pop("stderr", None))
    items = number(score.get("scored_samples")) or number(results.get("completed_samples"))
    for name, value in values.items():
        yield {
            **given,
            "metric": name,
            "filter": str(score.get("name") or ""),
            "n": items,
            "score": number(value),
            "stderr": math.nan if stderr is None else stderr,
            "raw": value,
        }
