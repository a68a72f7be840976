"""One benchmark over all rungs that have it, as arrays: what the scaling cards work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from correlate.evidence import Evidence
from correlate.panel import Aligned, Column, Floats, Ints, Pair, Panel, align
from correlate.senses.settings import Settings
from correlate.stats.links import on_scale


@dataclass(frozen=True)
class Task:
    """A benchmark's arrays, all (m,); ``y`` is on the scale of analysis, higher is better."""

    column: Column
    models: tuple[str, ...]
    architecture: tuple[str, ...]
    family: Ints
    run: Ints
    y: Floats
    log_compute: Floats
    params: Floats
    tokens: Floats
    metric: str = ""

    @property
    def name(self) -> str:
        """The benchmark."""
        return self.column.benchmark

    def where(self, keep: np.ndarray) -> Task:
        """The rungs where ``keep`` (m,) holds."""
        at = np.flatnonzero(keep)
        c = self.column
        cut = Column(
            c.benchmark, c.band, c.score[at], c.n[at], c.stderr[at], c.chance, c.ceiling,
            c.is_rate, c.higher_is_better,
        )  # fmt: skip
        return Task(
            cut, tuple(self.models[i] for i in at), tuple(self.architecture[i] for i in at),
            self.family[at], self.run[at], self.y[at], self.log_compute[at], self.params[at],
            self.tokens[at], self.metric,
        )  # fmt: skip

    def with_compute(self) -> Task:
        """The rungs of known training compute."""
        return self.where(np.isfinite(self.log_compute))


def tasks(evidence: list[Evidence]) -> list[Task]:
    """Every benchmark once, from the rows of the pair it stands in, else of the first pair."""
    rows: dict[str, pd.DataFrame] = {}
    for e in evidence:
        for name in (e.pair.hard, e.pair.easy):
            rows.setdefault(name, e.rows[e.rows["benchmark"] == name])
    if evidence:
        for key, own in evidence[0].rows.groupby("benchmark", sort=False):
            rows.setdefault(str(key), own)
    return [_task(name, own) for name, own in rows.items() if len(own)]


def _task(name: str, rows: pd.DataFrame) -> Task:
    a: Aligned = align(Panel(rows, name), Pair(name, name))
    settings = Settings()
    y, _ = on_scale(a.easy, settings.correct_chance, settings.assumed_items)
    architecture = rows.set_index("model")["architecture"].reindex(list(a.models)).fillna("")
    return Task(
        a.easy, a.models, tuple(architecture.astype(str)), a.family, a.run, y, a.log_compute,
        np.exp(a.log_params), np.exp(a.log_tokens),
        str(rows["metric"].iloc[0]),
    )  # fmt: skip
