"""eval suites: which suites there are, and what is in one."""

import json as jsons
from typing import Annotated

import typer

from eval import request
from eval import suite as suites


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="[SUITE]", help="show this one's benchmarks")
    ] = None,
    json: request.Json = False,
) -> None:
    """List the suites that ship, or the benchmarks of one.

    Example: python -m eval suites bundled
    """
    chosen = [suites.load(n) for n in ([name] if name else suites.shipped())]
    if json:
        listed = [suite.model_dump(mode="json") for suite in chosen]
        typer.echo(jsons.dumps(listed[0] if name else listed, indent=1))
        return
    for suite in chosen:
        typer.echo(f"{suite.name}: {len(suite.benchmarks)} benchmarks; {suite.about}")
        for b in suite.benchmarks if name else ():
            limit = f", first {b.limit}" if b.limit else ""
            typer.echo(f"  {b.name}  {b.band}  {b.metric}, {b.filter}{limit}  {b.why}")
