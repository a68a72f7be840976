"""python -m correlate pair: the battery for one easy and one hard benchmark."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from correlate.panel import Pair
    from correlate.senses.result import Estimate, SenseResult


def command(
    panel: Annotated[Path, typer.Argument(help="study folder, table, or lm-eval folder")],
    easy: Annotated[str, typer.Option(help="easy benchmark")],
    hard: Annotated[str, typer.Option(help="hard benchmark")],
    placebo: Annotated[str | None, typer.Option(help="an easy benchmark that is no maths")] = None,
    mapping: Annotated[Path | None, typer.Option(help="column mapping (YAML)")] = None,
    seed: Annotated[int, typer.Option(help="one seed, one answer")] = 0,
    replicates: Annotated[int, typer.Option(min=100, help="family bootstraps")] = 10_000,
    interval: Annotated[
        str, typer.Option(help="student (covers with few families) or percentile")
    ] = "student",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Test whether EASY predicts HARD, in every sense of the word.

    Example: python -m correlate pair results/bundled --easy bundled_word_easy
    --hard bundled_proof --placebo bundled_copy --json
    """
    import numpy as np

    from correlate import battery
    from correlate.errors import InputError
    from correlate.panel import Pair
    from correlate.protocols import choose
    from correlate.quality import gate
    from correlate.sources import load

    if interval not in ("student", "percentile"):
        raise InputError(f"--interval {interval}: unknown; use student or percentile")
    settings = replace(
        battery.Settings().sized(replicates),
        interval="percentile" if interval == "percentile" else "student",
    )
    asked = Pair(easy, hard, placebo)
    chosen = choose(gate(load(panel, mapping)), asked)
    results = battery.run(chosen, asked, np.random.default_rng(seed), settings)
    if as_json:
        print(json.dumps(battery.as_json(asked, results), indent=2, allow_nan=False))
    else:
        _print(asked, results)


def _print(pair: Pair, results: dict[str, SenseResult]) -> None:
    first = results["rank"]
    print(f"{pair.easy} -> {pair.hard}: {first.n_models} rungs in {first.n_families} families")
    for name, result in results.items():
        print(f"{name:15} {result.verdict!s:13} {result.reason}")
        if result.calibration:
            print(f"{'':15} note: {result.calibration}")
        for e in result.estimates:
            print(f"{'':15} {_interval(e)}  {e.label}")
    for warning in dict.fromkeys(w for r in results.values() for w in r.warnings):
        print(f"note: {warning}")


def _interval(e: Estimate) -> str:
    if e.low is None or e.high is None:
        return f"{e.value:7.3f} {'' if e.p is None else f'p = {e.p:.3f}':18}"
    return f"{e.value:7.3f} [{e.low:7.3f}, {e.high:7.3f}]"
