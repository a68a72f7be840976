"""The calibration's README: rejection and coverage rates, one line a sense and world."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from correlate.calibration import DECIDES, configs

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


def load(folder: Path) -> pd.DataFrame:
    """Every configuration's table in ``folder``, one below the other."""
    found = sorted(folder.glob("*.csv"))
    if not found:
        return pd.DataFrame()
    # "null" is a world's name, not a missing value
    read = [pd.read_csv(f, keep_default_na=False, na_values=[""]) for f in found]
    table = pd.concat(read, ignore_index=True)
    return table.sort_values(["world", "families"], kind="stable")


def readme(folder: Path) -> str:
    """README.md of a calibration folder."""
    table = load(folder)
    panels = ", ".join(str(n) for n in sorted(table["panels"].unique()))
    deciding = table[table["estimate"] == table["sense"].map(DECIDES)]
    naive = table[table["estimate"] == "pearson_naive"].assign(sense="naive Pearson p")
    both = pd.concat([deciding, naive])
    parts = ["# Calibration: the test of the tests", ABOUT.format(panels=panels), "## " + REJECTS]
    parts += [_wide(both, "rejects"), "## " + COVERS, _wide(deciding, "covers")]
    parts += [_list("Outside 3.5 to 6.5 % where nothing is shared but compute", failing(folder))]
    left = [f"{c.name}, {c.world.families} families" for c in configs()
            if not (folder / c.file).exists()]  # fmt: skip
    parts += [_list("Worlds not run yet", left)]
    parts += ["Every estimate, those that decide nothing too, stands in the CSV files."]
    return "\n\n".join(parts) + "\n"


def failing(folder: Path) -> list[str]:
    """Senses but rank whose size lies outside 3.5-6.5 % in some world named null."""
    table = load(folder)
    if table.empty:
        return []
    rows = table[table["world"].str.startswith("null") & (table["interval"] == "student")]
    rows = rows[(rows["estimate"] == rows["sense"].map(DECIDES)) & (rows["sense"] != "rank")]
    off = rows[(rows["rejects"] < 0.035) | (rows["rejects"] > 0.065)]
    shown = zip(off["sense"], off["rejects"], off["world"], off["families"], strict=True)
    return [
        f"{sense}: rejects {100 * rate:.1f} % in '{world}', {families} families"
        for sense, rate, world, families in shown
    ]


def _list(title: str, lines: list[str]) -> str:
    """A section that says "none" rather than leave a gap."""
    return f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines or ["none"])


def _wide(rows: pd.DataFrame, column: str) -> str:
    order = [s for s in [*DECIDES, "naive Pearson p"] if s in set(rows["sense"])]
    wide = rows.pivot(index=["world", "families"], columns="sense", values=column)[order]
    shown = (100 * wide.dropna(axis=1, how="all")).round(1)
    return str(shown.reset_index().to_markdown(index=False, floatfmt=".1f", intfmt="d"))
