"""eval import: results that another program has computed become a study."""

import json as jsons
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.progress import track

from eval import request, scores, store
from eval.errors import InputError
from eval.store import Study


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
    for key, one in track(keyed, "importing", console=console, transient=True,
                          disable=not console.is_terminal):  # fmt: skip
        lock = study.lock(key)
        if lock is None:
            raise InputError(f"{out}: {key}: another process is writing this cell; wait for it")
        with lock:
            study.write_cell(key, *cells.cell(key, one))
    rows = scores.write(study)
    for line in (*other, *older):
        typer.echo(f"left out: {line}", err=True)
    summary: dict[str, Any] = {
        "study": str(out),
        "cells": len(keyed),
        "with_items": sum(one.samples is not None for _, one in keyed),
        "scores": rows,
        "left_out": [*other, *older],
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


def _content(file: Path) -> dict[str, object]:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
