"""What a report rests on: for each pair the rows chosen, the arrays cut and the tests' answers."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from correlate import battery as every
from correlate.pairs import Question
from correlate.panel import Aligned, Finding, Pair, Panel, align, named
from correlate.senses.result import SenseResult

Battery = Callable[[Panel, Pair, np.random.Generator], dict[str, SenseResult]]
Chooser = Callable[[Panel, Pair], Panel]


@dataclass(frozen=True)
class Evidence:
    """One pair put through the battery.

    ``rows`` has one row a (model, benchmark), the protocol chosen for this pair; of several pairs
    asked together (``gather_each``) the first one's rows hold every benchmark, the others' those of
    their own pair. ``choices`` is what the choice of protocols had to say beyond the gate.
    """

    pair: Pair
    rows: pd.DataFrame
    aligned: Aligned
    results: dict[str, SenseResult]
    choices: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """The pair in words."""
        return f"{self.pair.easy} → {self.pair.hard}"


def stream(seed: int, pair: Pair) -> np.random.Generator:
    """The generator of one pair: the same whatever other pairs a report has."""
    text = "\0".join((pair.easy, pair.hard, pair.placebo or ""))
    return np.random.default_rng([seed, zlib.crc32(text.encode())])


def gather(
    panel: Panel, question: Question, seed: int, choose: Chooser, battery: Battery
) -> Evidence:
    """Cut to the question's stages, choose protocols, align and test."""
    pair = question.pair
    chosen = choose(question.among(panel), pair)
    return Evidence(
        pair=pair,
        rows=chosen.scores,
        aligned=align(chosen, pair),
        results=battery(chosen, pair, stream(seed, pair)),
        choices=chosen.findings[len(panel.findings) :],
    )


def gather_each(
    panel: Panel,
    questions: list[Question],
    seed: int,
    choose: Chooser,
    settings: every.Settings,
    workers: int | None = None,
) -> Iterator[Evidence]:
    """Every question in turn, ``workers`` at a time in processes of their own (one a core).

    A pair's generator hangs on the seed and its names alone, so the bytes are the same whatever
    the number of workers.
    """
    ask = partial(_asked, seed=seed, choose=choose, settings=settings)
    workers = min(workers or cores(), len(questions))
    whole = [i == 0 for i in range(len(questions))]
    if workers < 2:
        for question, first in zip(questions, whole, strict=True):
            yield ask(question, first, panel=panel)
        return
    with ProcessPoolExecutor(workers, initializer=_hold, initargs=(panel,)) as pool:
        yield from pool.map(ask, questions, whole)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_held: Panel | None = None  # a worker's panel: handed over once, not with every question


def _hold(panel: Panel) -> None:
    global _held
    _held = panel


def _asked(
    question: Question,
    whole: bool,
    seed: int,
    choose: Chooser,
    settings: every.Settings,
    panel: Panel | None = None,
) -> Evidence:
    shown = panel if panel is not None else _held
    assert shown is not None
    found = gather(shown, question, seed, choose, partial(every.run, settings=settings))
    return found if whole else replace(found, rows=_of_pair(found.rows, found.pair, shown))


def _of_pair(rows: pd.DataFrame, pair: Pair, panel: Panel) -> pd.DataFrame:
    """Rows of the pair's own benchmarks: a wide panel is not carried along with every pair."""
    own = named(panel, pair)
    return rows[rows["benchmark"].isin([own.easy, own.hard, own.placebo])]
