"""eval ladders: which ladders there are, and what is in one."""

import json as jsons
from typing import Annotated

import typer

from eval import ladder_file as ladders
from eval import request


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="[LADDER]", help="show this one's rungs")
    ] = None,
    json: request.Json = False,
) -> None:
    """List the ladders that ship, or the rungs of one.

    Example: python -m eval ladders bundled
    """
    chosen = [ladders.load(n) for n in ([name] if name else ladders.shipped())]
    if json:
        listed = [ladder.model_dump(mode="json", exclude_defaults=True) for ladder in chosen]
        typer.echo(jsons.dumps(listed[0] if name else listed, indent=1))
        return
    for ladder in chosen:
        typer.echo(
            f"{ladder.name}: {len(ladder.families)} families, {len(ladder.rungs)} rungs; "
            f"suite {ladder.suite or 'none'}; {ladder.about}"
        )
        for rung in ladder.rungs if name else ():
            typer.echo(
                f"  {rung.name}  {rung.family}  {_count(rung.params)} parameters  "
                f"{_count(rung.tokens)} tokens  {rung.stage}"
            )


def _count(value: float | None) -> str:
    if value is None:
        return "?"
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f}"
