"""Where a panel's shape is one in which a sense failed its own calibration, and what to say then.

The record is results/calibration: simulated panels of known truth, by number of families, with
floors and with checkpoints. A sense whose size or coverage misses its band in the cell nearest to
a panel carries a note wherever its verdict is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from correlate.senses.sample import Sample
from correlate.senses.settings import Settings
from correlate.stats import links

RECORD = Path(__file__).resolve().parents[1] / "results" / "calibration"
SIZE = (0.035, 0.065)
"""Rejection rates that pass for 5 %, of a thousand panels."""
COVERAGE = (0.93, 0.97)
FLOORED = 0.25
"""Share of hard scores that do not clear chance from which a panel counts as floored."""

DECIDES = {
    "rank": "spearman",
    "calibrated": "saved_over_compute_new_family",
    "beyond_compute": "partial_given_compute_smooth",
    "within_family": "within_family_given_compute_smooth",
    "gains": "gains_standardised_given_compute_smooth",
    "extrapolates": "saved_over_compute",
    "specific": "easy_less_placebo",
}
"""The estimate each sense's verdict rests on."""


@dataclass(frozen=True)
class Shape:
    """What the calibration's worlds differ by."""

    families: int
    floors: bool
    checkpoints: bool

    @property
    def worlds(self) -> tuple[str, ...]:
        """Names of the null worlds of this kind, the closest first."""
        parts = [
            n for n, has in (("floors", self.floors), ("checkpoints", self.checkpoints)) if has
        ]
        own = f"null, {' and '.join(parts)}" if parts else "null"
        return tuple(dict.fromkeys((own, *(f"null, {p}" for p in parts))))


def shape(sample: Sample, settings: Settings, families: int) -> Shape:
    """The shape of a panel on which a sense used ``families`` families."""
    clear = links.above_floor(sample.hard, settings.assumed_items).mean()
    runs = len(np.unique(sample.run))
    return Shape(families, bool(1 - clear >= FLOORED), runs < sample.m)


def load(folder: Path) -> pd.DataFrame:
    """Every configuration's table in ``folder``, one below the other."""
    found = sorted(folder.glob("*.csv"))
    if not found:
        return pd.DataFrame()
    # "null" is a world's name, not a missing value
    read = [pd.read_csv(f, keep_default_na=False, na_values=[""]) for f in found]
    table = pd.concat(read, ignore_index=True)
    return table.sort_values(["world", "families"], kind="stable")


def failing(folder: Path) -> pd.DataFrame:
    """Null worlds in which a sense misses its band: world, families, sense, and ``said``."""
    columns = ["world", "families", "sense", "said"]
    table = load(folder)
    if table.empty:
        return pd.DataFrame(columns=columns)
    rows = table[table["world"].str.startswith("null") & (table["interval"] == "student")]
    rows = rows[rows["estimate"] == rows["sense"].map(DECIDES)].reset_index(drop=True)
    wrong = (rows["sense"] != "rank") & ~rows["rejects"].between(*SIZE)
    wide = rows["covers"].notna() & ~rows["covers"].between(*COVERAGE)
    said = (100 * rows["rejects"]).map("rejects {:.1f} %".format).where(wrong, "")
    also = (100 * rows["covers"]).map("its interval covers {:.1f} %".format).where(wide, "")
    joined = [", ".join(filter(None, pair)) for pair in zip(said, also, strict=True)]
    return rows.assign(said=joined)[wrong | wide][columns].reset_index(drop=True)


@cache
def _misses(folder: Path) -> dict[tuple[str, str], dict[int, str]]:
    """By sense and world, what is said at each number of families; empty where it holds."""
    table = load(folder)
    if table.empty:
        return {}
    off = failing(folder).set_index(["sense", "world", "families"])["said"]
    known = table.loc[table["interval"] == "student", ["sense", "world", "families"]]
    found: dict[tuple[str, str], dict[int, str]] = {}
    for sense, world, families in known.drop_duplicates().itertuples(index=False):
        said = str(off.get((sense, world, families), ""))
        found.setdefault((sense, world), {})[int(families)] = said
    return found


def caveat(sense: str, asked: Shape, folder: Path | None = None) -> str:
    """The note a verdict of ``sense`` carries on a panel of this shape; empty where none is due.

    The cell is the null world of the same kind with the nearest number of families, on the log
    scale; where none has both floors and checkpoints, either counts.
    """
    for world in asked.worlds:
        cells = _misses(folder or RECORD).get((sense, world))
        if not cells:
            continue
        nearest = min(cells, key=lambda n: abs(np.log(n / max(asked.families, 1))))
        if cells[nearest]:
            return (
                f"calibration: on simulated panels like this one ('{world}', {nearest} families) "
                f"this test {cells[nearest]}, not the nominal rate"
            )
        return ""
    return ""
