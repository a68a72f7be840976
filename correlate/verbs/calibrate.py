"""python -m correlate calibrate: run the battery on simulated panels whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    panels: Annotated[int, typer.Option(min=1, help="simulated panels a configuration")] = 1000,
    out: Annotated[Path, typer.Option(help="folder for the tables")] = Path("results/calibration"),
    only: Annotated[str, typer.Option(help="only configurations whose name holds this")] = "",
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    seed: Annotated[int, typer.Option(help="one seed, one answer")] = 1,
) -> None:
    """How often does each sense reject where there is nothing, and cover where there is something?

    Writes one CSV a configuration as soon as it is done, and README.md with the table. A CSV that
    is there already is left alone; delete it to run it again.

    Example: python -m correlate calibrate --panels 1000 --workers 2
    """
    from correlate import calibration
    from correlate.errors import InputError
    from correlate.progress import track
    from correlate.writeup.calibration import readme

    chosen = [c for c in calibration.configs() if only in c.name]
    if not chosen:
        names = ", ".join(dict.fromkeys(c.name for c in calibration.configs()))
        raise InputError(f"--only {only}: no such configuration; there are {names}")
    out.mkdir(parents=True, exist_ok=True)
    todo = [c for c in chosen if not (out / c.file).exists()]
    tables = calibration.run(panels, seed, workers, todo)
    for config in track(todo, "calibrating", lambda c: f"{c.name}, {c.world.families} families"):
        table = next(tables)
        part = out / f".{config.file}"
        table.to_csv(part, index=False)
        part.replace(out / config.file)
    (out / "README.md").write_text(readme(out), encoding="utf-8")
    print(f"wrote {out / 'README.md'}")
