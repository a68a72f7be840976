"""What a report rests on: for each pair the rows chosen, the arrays cut and the tests' answers."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from correlate.pairs import Question
from correlate.panel import Aligned, Finding, Pair, Panel, align
from correlate.senses.result import SenseResult

Battery = Callable[[Panel, Pair, np.random.Generator], dict[str, SenseResult]]
Chooser = Callable[[Panel, Pair], Panel]


@dataclass(frozen=True)
class Evidence:
    """One pair put through the battery.

    ``rows`` has one row a (model, benchmark), the protocol chosen for this pair; ``choices`` is
    what the choice of protocols had to say beyond the gate.
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
