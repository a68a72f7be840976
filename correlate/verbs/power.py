"""python -m correlate power: how surely a study of this size would find an effect."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer


def command(
    families: Annotated[int, typer.Option(min=2, help="model families")] = 20,
    rungs: Annotated[int, typer.Option(min=1, help="rungs a family")] = 4,
    items: Annotated[int, typer.Option(min=10, help="items a benchmark")] = 500,
    effect: Annotated[
        float, typer.Option(min=-1, max=1, help="correlation of easy and hard beyond compute")
    ] = 0.3,
    panels: Annotated[int, typer.Option(min=10, help="simulated panels")] = 300,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    seed: Annotated[int, typer.Option(help="one seed, one answer")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """How surely would a study of this size find the effect, in every sense of "predicts"?

    Panels are drawn from worlds like the published tables (correlate/simulate.py). The smallest
    effect and the families needed are correlations as observed, item noise included: Spearman's
    for rank, given compute for the next three, a difference of two for specific; what is saved on
    rungs held out has none. The last line is the no-break card, for a kink that takes the effect's
    share of the slope.

    Example: python -m correlate power --families 20 --rungs 4 --items 500 --effect 0.3
    """
    from correlate.power import Design, power

    design = Design(families, rungs, items, effect)
    table = power(design, panels, seed, workers)
    if as_json:
        rows = json.loads(table.to_json(orient="records"))
        print(json.dumps({**asdict(design), "panels": panels, "senses": rows}, indent=2))
        return
    print(f"{families} families x {rungs} rungs, {items} items, effect {effect:g}, {panels} panels")
    print(table.to_string(index=False, na_rep="-"))
