"""The calibration's README: rejection and coverage rates, one line a sense and world."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from correlate.calibration import configs
from correlate.caveats import DECIDES, failing, load

ABOUT = """\
Written by `python -m correlate calibrate`; {panels} simulated panels a line. The worlds stand in
`correlate/simulate.py` and `correlate/calibration.py`: families of 1 to 6 rungs with offsets of
their own, rung deviations, a trend in log compute, binomial item noise; with floors; with three
autocorrelated checkpoints a rung. *Null*: easy and hard share nothing but compute. The Monte Carlo
error of a 5 % rate over 1,000 panels is 0.7 points (one standard error)."""

REJECTS = """\
How often each sense rejects, in per cent

`rank` and the naive Pearson p-value reject because compute orders both benchmarks; that is why
neither is an answer. Every other column should read 5 where the world is null (*family offsets
shared only* is null for `within_family` and `gains` alone; *effect* is null for none)."""

COVERS = """\
How often a 95 % interval holds the true value, in per cent

`calibrated` and `extrapolates` are decided by a p-value and have no entry here."""


MISSES = """\
Where a test misses its band

The band is 3.5 to 6.5 % for rejections and 93 to 97 % for coverage where nothing is shared but
compute. A verdict on a panel like one of these carries a note that says so. A panel with floors and
checkpoints is judged by the one world that has both, of 20 families, whatever its own number."""


def readme(folder: Path) -> str:
    """README.md of a calibration folder."""
    table = load(folder)
    panels = ", ".join(str(n) for n in sorted(table["panels"].unique()))
    deciding = table[table["estimate"] == table["sense"].map(DECIDES)]
    naive = table[table["estimate"] == "pearson_naive"].assign(sense="naive Pearson p")
    both = pd.concat([deciding, naive])
    parts = ["# Calibration: the test of the tests", ABOUT.format(panels=panels), "## " + REJECTS]
    parts += [_wide(both, "rejects"), "## " + COVERS, _wide(deciding, "covers")]
    parts += [_list(MISSES, _lines(failing(folder)))]
    left = [f"{c.name}, {c.world.families} families" for c in configs()
            if not (folder / c.file).exists()]  # fmt: skip
    parts += [_list("Worlds not run yet", left)]
    parts += ["Every estimate, those that decide nothing too, stands in the CSV files."]
    return "\n\n".join(parts) + "\n"


def _lines(misses: pd.DataFrame) -> list[str]:
    return [
        f"{sense}: {said} in '{world}', {families} families"
        for world, families, sense, said in misses.itertuples(index=False)
    ]


def _list(title: str, lines: list[str]) -> str:
    """A section that says "none" rather than leave a gap."""
    return f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines or ["none"])


def _wide(rows: pd.DataFrame, column: str) -> str:
    order = [s for s in [*DECIDES, "naive Pearson p"] if s in set(rows["sense"])]
    wide = rows.pivot(index=["world", "families"], columns="sense", values=column)[order]
    shown = (100 * wide.dropna(axis=1, how="all")).round(1)
    return str(shown.reset_index().to_markdown(index=False, floatfmt=".1f", intfmt="d"))
