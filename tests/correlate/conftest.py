"""A small panel with hand-made verdicts: what the write-up is tested on without the battery."""

import numpy as np
import pandas as pd
import pytest

from correlate.claims import cards
from correlate.evidence import gather
from correlate.pairs import Question
from correlate.panel import COLUMNS, Finding, Pair, Panel
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.writeup.page import WriteUp

SENSES = (
    "rank", "calibrated", "beyond_compute", "within_family", "gains", "extrapolates", "specific",
)  # fmt: skip
HARD = {"contest": ("competition", 0.0), "quiz": ("reasoning", 0.25), "lemma": ("proof", 0.0)}


def scores() -> pd.DataFrame:
    """Ten families of four sizes on five benchmarks, one family without compute."""
    rng = np.random.default_rng(7)
    rows = []
    for f in range(10):
        for size in range(4):
            skill = 0.12 * size + 0.03 * f
            rung = {
                "family": f"fam-{f}",
                "model": f"fam-{f}-{size}",
                "stage": "base",
                "params": 1e8 * 4**size,
                "tokens": 1e11,
                "flops": np.nan if f == 9 else 6e19 * 4**size,
                "metric": "exact_match",
                "n": 200,
                "reported_by": "self",
                "source": f"sheet.csv#L{f}",
            }
            wanted = {"sums": ("grade-school", 0.0), "tale": ("placebo", 0.5), **HARD}
            for benchmark, (band, chance) in wanted.items():
                score = min(1.0, max(0.0, chance + 0.8 * skill + rng.normal(0, 0.02)))
                rows.append(
                    {**rung, "benchmark": benchmark, "band": band, "chance": chance}
                    | {"ceiling": 1.0, "score": score}
                )
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def verdict_for(sense: str, hard: str) -> Verdict:
    """Formal proof cannot be told; elsewhere the senses differ."""
    if hard == "lemma" or sense == "specific":
        return Verdict.INSUFFICIENT
    if sense == "calibrated":
        return Verdict.MIXED
    if sense == "beyond_compute":
        return Verdict.SUPPORTED if hard == "contest" else Verdict.REFUTED
    return Verdict.REFUTED if sense in ("within_family", "gains") else Verdict.SUPPORTED


def made_battery(panel: Panel, pair: Pair, rng: np.random.Generator) -> dict[str, SenseResult]:
    """Verdicts by rule and numbers by hand, in the form the battery gives them."""
    out = {}
    for i, sense in enumerate(SENSES):
        verdict = verdict_for(sense, pair.hard)
        told = verdict is not Verdict.INSUFFICIENT
        value = 0.9 - 0.1 * i
        headline = Estimate(sense, f"{sense} estimate", value, value - 0.2, value + 0.05, p=0.01)
        out[sense] = SenseResult(
            sense,
            verdict,
            "interval excludes zero" if told else "4 families; 8 are needed",
            40,
            10 if told else 4,
            headline if told else None,
            (headline,) if told else (),
            ("two models share a source",) if sense == "rank" else (),
        )
    return out


@pytest.fixture(scope="session")
def made_panel() -> Panel:
    finding = Finding(
        "tokens-thousandfold", "warning", "tokens are 1000 times those of its family",
        ("fam-1-0 | sums",), "corrected", "1e14", "1e11",
    )  # fmt: skip
    return Panel(scores(), "A made panel", (finding,))


@pytest.fixture(scope="session")
def made_writeup(made_panel: Panel) -> WriteUp:
    pairs = [Pair("sums", hard, "tale") for hard in HARD]
    found = [gather(made_panel, Question(p), 0, lambda p, _: p, made_battery) for p in pairs]
    judged = cards(made_panel, found, 0, 199)
    return WriteUp(made_panel, found, judged, 0, 500, "0123456789ab")
