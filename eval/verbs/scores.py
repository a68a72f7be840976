"""eval scores: the scores of a study, as a table; rebuild scores.csv from the cells."""

import json as jsons
from typing import Annotated

import typer

from eval import request, scores


def command(
    study: request.StudyFolder,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="derive scores.csv from the cells again")
    ] = False,
    json: request.Json = False,
) -> None:
    """Print the scores of a study, a rung a row and a benchmark a column.

    Example: python -m eval scores results/bundled --rebuild
    """
    found = request.study(study)
    if rebuild:
        count = scores.write(found)
        typer.echo(f"{study / 'scores.csv'}: {count} rows", err=True)
    rows = list(scores.rows(found))
    if json:
        typer.echo(jsons.dumps(rows, indent=1))
        return
    primary: dict[str, dict[str, str]] = {}
    for row in rows:
        cell = primary.setdefault(row["model"], {})
        cell.setdefault(row["benchmark"], _shown(row["score"], row["stderr"]))
    names = list(dict.fromkeys(row["benchmark"] for row in rows))
    _table(["rung", *names], [[m, *(c.get(b, "") for b in names)] for m, c in primary.items()])


def _shown(score: float, stderr: float | None) -> str:
    return f"{score:.3f}" if stderr is None else f"{score:.3f} ± {stderr:.3f}"


def _table(header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        typer.echo("  ".join(f"{text:{w}}" for text, w in zip(row, widths, strict=True)).rstrip())
