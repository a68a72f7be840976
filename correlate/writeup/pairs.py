"""Which benchmarks a report compares: as asked, as filed with the study, or by bands."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from correlate.errors import InputError
from correlate.panel import Pair, Panel, is_rate

EASY_BAND = "grade-school"
HARD_BANDS = ("middle", "competition", "reasoning", "knowledge", "code", "proof")
PLACEBO_BAND = "placebo"
FILE = "report.yaml"


class Asked(BaseModel):
    """A study's ``report.yaml``: the easy benchmark, the hard ones, a placebo if any."""

    model_config = ConfigDict(extra="forbid")
    easy: str
    hard: list[str]
    placebo: str | None = None


def parse(texts: list[str], panel: Panel) -> tuple[Pair, ...]:
    """Pairs from ``easy:hard`` or ``easy:hard:placebo``.

    Raises
    ------
    InputError
        If a text has another form or names a benchmark the panel does not have.
    """
    pairs = []
    for text in texts:
        parts = text.split(":")
        if len(parts) not in (2, 3) or not all(parts):
            raise InputError(
                f"--pairs: {text}: not of the form easy:hard; write for example GSM8K:MATH"
            )
        placebo = parts[2] if len(parts) == 3 else _placebo(panel, parts[0])
        pairs.append(Pair(parts[0], parts[1], placebo))
    return _known(tuple(pairs), panel, "--pairs")


def default(panel: Panel, folder: Path) -> tuple[Pair, ...]:
    """The pairs filed in ``folder/report.yaml``, or those the benchmarks' bands give.

    By bands: the first grade-school benchmark of a kind (rate, or bits per byte) against every
    harder benchmark of the same kind, with the placebo of that kind.
    """
    file = folder / FILE
    return _filed(file, panel) if file.is_file() else _by_bands(panel)


def _filed(file: Path, panel: Panel) -> tuple[Pair, ...]:
    try:
        asked = Asked.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        first = str(error).splitlines()
        raise InputError(
            f"{file}: {' '.join(first[:3])}; give easy, hard (a list) and placebo"
        ) from None
    pairs = tuple(Pair(asked.easy, hard, asked.placebo) for hard in asked.hard)
    return _known(pairs, panel, str(file))


def _by_bands(panel: Panel) -> tuple[Pair, ...]:
    rows = panel.scores.drop_duplicates("benchmark")
    pairs: list[Pair] = []
    for kind in (True, False):
        same = [r for _, r in rows.iterrows() if _kind(panel, str(r["benchmark"])) is kind]
        easy = [str(r["benchmark"]) for r in same if r["band"] == EASY_BAND]
        hard = [str(r["benchmark"]) for band in HARD_BANDS for r in same if r["band"] == band]
        if easy:
            pairs += [Pair(easy[0], h, _placebo(panel, easy[0])) for h in hard]
    if not pairs:
        bands = ", ".join(f"{r['benchmark']} ({r['band']})" for _, r in rows.iterrows())
        raise InputError(
            f"{panel.title}: bands: no grade-school benchmark with a harder one of its kind among "
            f"{bands}; name pairs with --pairs easy:hard"
        )
    return tuple(pairs)


def _placebo(panel: Panel, easy: str) -> str | None:
    """The first placebo benchmark of the same kind as ``easy``."""
    rows = panel.scores.drop_duplicates("benchmark")
    names = [str(b) for b in rows.loc[rows["band"] == PLACEBO_BAND, "benchmark"]]
    if easy not in panel.benchmarks:
        return None
    return next((n for n in names if _kind(panel, n) == _kind(panel, easy)), None)


def _kind(panel: Panel, benchmark: str) -> bool:
    return is_rate(panel.scores[panel.scores["benchmark"] == benchmark])


def _known(pairs: tuple[Pair, ...], panel: Panel, place: str) -> tuple[Pair, ...]:
    known = panel.benchmarks
    for pair in pairs:
        for name in (pair.easy, pair.hard, pair.placebo):
            if name is not None and name not in known:
                raise InputError(f"{place}: {name}: not in the panel; it has {', '.join(known)}")
    return pairs
