"""eval import: results that another program has computed become a study."""

import json as jsons
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.progress import track

from eval import request, scores, store
from eval.errors import InputError
from eval.store import Key, Study

if TYPE_CHECKING:
    from eval.imports.results import Found

WRITERS = 8
"""Cells written at a time: each waits for the disk, not for the processor."""


class Format(StrEnum):
    """Whose results they are."""

    LM_EVAL = "lm-eval"


def command(
    form: Annotated[Format, typer.Argument(metavar="FORMAT", help="lm-eval (v0.3 or v0.4)")],
    path: Annotated[Path, typer.Argument(help="its --output_path, or one result file")],
    out: Annotated[Path, typer.Option("--out", help="study folder to write")],
    json: request.Json = False,
) -> None:
    """Turn results that are there already into a study; nothing is run again.

    Samples beside the results (--log_samples) become the cells' items. Of several runs of one
    model, task and number of shots the newest is taken, and the others are listed.

    Example: python -m eval import lm-eval path/to/output --out results/mine
    """
    from eval.imports import cells, results

    store.check_writable(out)
    study = Study(out)
    if (out / "study.yaml").is_file() and "imported" not in _content(out / "study.yaml"):
        raise InputError(f"{out}: study.yaml: a study of another making; give another --out")
    found, other = results.find(path)
    kept, older = results.newest(found)
    keyed = results.named(kept)
    for key, one in keyed:
        if one.samples is not None:
            cells.cell(key, one)  # refuses what does not fit, before anything is written
    about = {"study": study.name, "imported": {"format": str(form), "path": str(path)}}
    with study.writing():
        study.write_text("study.yaml", yaml.safe_dump(about, sort_keys=False, allow_unicode=True))
    console = Console(stderr=True)
    if not console.is_terminal:
        typer.echo(f"importing {len(keyed)} cells", err=True)
    with ThreadPoolExecutor(WRITERS) as pool:
        done = pool.map(lambda pair: _write(study, *pair), keyed)
        try:
            for _ in track(done, "importing", len(keyed), console=console, transient=True,
                           disable=not console.is_terminal):  # fmt: skip
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    rows = scores.write(study)
    unscored = [line for _, one in keyed for line in cells.unscored(one)]
    for line in (*other, *older, *unscored):
        typer.echo(f"left out: {line}", err=True)
    summary: dict[str, Any] = {
        "study": str(out),
        "cells": len(keyed),
        "with_items": sum(one.samples is not None for _, one in keyed),
        "scores": rows,
        "left_out": [*other, *older, *unscored],
        "compute_unknown": sorted({k.rung for k, one in keyed if one.rung.compute is None}),
    }
    if json:
        typer.echo(jsons.dumps(summary, indent=1))
        return
    typer.echo(
        f"{out}: {len(keyed)} cells ({summary['with_items']} with items), {rows} scores; "
        f"{out / 'scores.csv'}"
    )
    unknown = summary["compute_unknown"]
    if unknown:
        typer.echo(f"training compute unknown for {len(unknown)} rungs, {unknown[0]} the first",
                   err=True)  # fmt: skip


def _write(study: Study, key: Key, one: "Found") -> None:
    from eval.imports import cells

    lock = study.lock(key)
    if lock is None:
        raise InputError(f"{study.folder}: {key}: another process is writing this cell; wait")
    with lock:
        study.write_cell(key, *cells.cell(key, one))


def _content(file: Path) -> dict[str, object]:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
