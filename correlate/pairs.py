"""Which benchmarks a report compares: as asked, as filed with the study, or by bands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from correlate.benchmarks import resolve
from correlate.errors import InputError
from correlate.panel import Finding, Pair, Panel, is_rate

EASY_BAND = "grade-school"
HARD_BANDS = ("middle", "competition", "reasoning", "proof")
PLACEBO_BAND = "placebo"
FILE = "report.yaml"


@dataclass(frozen=True)
class Question:
    """A pair to test, on the models of ``stages``; on all of them where that is empty."""

    pair: Pair
    stages: tuple[str, ...] = ()

    def among(self, panel: Panel) -> Panel:
        """The panel cut to the stages, with a finding that says what was set aside."""
        if not self.stages:
            return panel
        keep = panel.scores["stage"].isin(self.stages)
        gone = tuple(sorted(set(panel.scores.loc[~keep, "model"])))
        cut = replace(panel, scores=panel.scores[keep].reset_index(drop=True))
        if not gone:
            return cut
        reason = (
            f"{self.pair.easy} against {self.pair.hard} is tested on {' and '.join(self.stages)} "
            f"models: {len(gone)} models of other stages are set aside"
        )
        return cut.note(Finding("stage", "note", reason, gone, "dropped"))


class Hard(BaseModel):
    """One hard benchmark of a ``report.yaml``, and the stages of model it is asked of."""

    model_config = ConfigDict(extra="forbid")
    benchmark: str
    stages: list[str] = []


class Asked(BaseModel):
    """A study's ``report.yaml``: the easy benchmark, the hard ones, a placebo if any."""

    model_config = ConfigDict(extra="forbid")
    easy: str
    hard: list[Hard]
    placebo: str | None = None


def parse(texts: list[str], panel: Panel) -> list[Question]:
    """Pairs from ``easy:hard`` or ``easy:hard:placebo``.

    Raises
    ------
    InputError
        If a text has another form or names a benchmark the panel does not have.
    """
    questions = []
    for text in texts:
        parts = text.split(":")
        if len(parts) not in (2, 3) or not all(parts):
            raise InputError(
                f"--pairs: {text}: not of the form easy:hard; write for example GSM8K:MATH"
            )
        easy, hard, *rest = (_known(name, panel, "--pairs") for name in parts)
        questions.append(Question(Pair(easy, hard, rest[0] if rest else _placebo(panel, easy))))
    return questions


def default(panel: Panel, folder: Path) -> list[Question]:
    """The pairs filed in ``folder/report.yaml``, or those the benchmarks' bands give.

    By bands: the first grade-school benchmark of a kind (rate, or bits per byte) against every
    harder benchmark of that kind, with a placebo of the easy one's kind; where no easy benchmark is
    of a kind, the first of the other kind stands in.
    """
    file = folder / FILE
    return _filed(file, panel) if file.is_file() else _by_bands(panel)


def _filed(file: Path, panel: Panel) -> list[Question]:
    try:
        asked = Asked.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        first = " ".join(str(error).split())[:200]
        raise InputError(
            f"{file}: {first}; give easy, hard (a list of benchmark and stages) and placebo"
        ) from None
    place = str(file)
    easy = _known(asked.easy, panel, place)
    placebo = _known(asked.placebo, panel, place) if asked.placebo else None
    return [
        Question(Pair(easy, _known(h.benchmark, panel, place), placebo), tuple(h.stages))
        for h in asked.hard
    ]


def _by_bands(panel: Panel) -> list[Question]:
    rows = _benchmarks(panel)
    every = list(rows.loc[rows["band"] == EASY_BAND, "benchmark"])
    questions = []
    for rate in (True, False):
        same = rows[rows["rate"] == rate]
        easy = list(same.loc[same["band"] == EASY_BAND, "benchmark"]) or every
        hard = [b for band in HARD_BANDS for b in same.loc[same["band"] == band, "benchmark"]]
        if easy:
            placebo = _placebo(panel, easy[0])
            questions += [Question(Pair(easy[0], h, placebo)) for h in hard]
    if not questions:
        bands = ", ".join(
            f"{b} ({k})" for b, k in zip(rows["benchmark"], rows["band"], strict=True)
        )
        raise InputError(
            f"{panel.title}: bands: no grade-school benchmark with a harder one of its kind among "
            f"{bands}; name pairs with --pairs easy:hard"
        )
    return questions


def _benchmarks(panel: Panel) -> pd.DataFrame:
    """One row a benchmark: its band, and whether its scores are rates."""
    groups = panel.scores.groupby("benchmark", sort=False)
    return pd.DataFrame(
        [
            {"benchmark": str(name), "band": rows["band"].iloc[0], "rate": is_rate(rows)}
            for name, rows in groups
        ]
    )


def _placebo(panel: Panel, easy: str) -> str | None:
    """The first placebo benchmark of the same kind as ``easy``."""
    rows = _benchmarks(panel)
    kind = rows.loc[rows["benchmark"] == easy, "rate"].iloc[0]
    names = rows.loc[(rows["band"] == PLACEBO_BAND) & (rows["rate"] == kind), "benchmark"]
    return str(names.iloc[0]) if len(names) else None


def _known(name: str, panel: Panel, place: str) -> str:
    """The panel's own spelling of ``name``."""
    own = resolve(name, panel.benchmarks)
    if own not in panel.benchmarks:
        known = ", ".join(panel.benchmarks)
        raise InputError(f"{place}: {name}: not in the panel; it has {known}")
    return own
