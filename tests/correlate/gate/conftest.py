"""Clean panels to plant traps in: families of several sizes, benchmarks with noise and floors."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from correlate.gate import RULES
from correlate.panel import Finding, Panel
from correlate.quality import gate
from correlate.sources.finish import finish

BENCHMARKS = {
    # name: chance, items, intercept on the logit scale
    "sums": (0.0, 1319, -1.0),
    "contest": (0.0, 1324, -3.0),
    "proofs": (0.0, 244, -3.5),
    "physics": (0.25, 448, -3.0),
    "facts": (0.25, 14042, -0.5),
    "tales": (0.25, 10042, 1.0),
    "logic": (0.25, 651, -4.0),
    "choice": (0.5, 1267, 0.0),
    "code": (0.0, 164, -3.0),
    "group_a": (0.0, 500, -1.0),
    "group_b": (0.0, 500, -1.5),
    "group_c": (0.0, 500, -2.0),
}


def draw(seed: int, families: int = 14) -> pd.DataFrame:
    """Binomial scores whose ability grows with log compute, families apart from each other."""
    rng = np.random.default_rng(seed)
    rows = []
    for f in range(families):
        offset, tokens = rng.normal(0, 0.7), 10 ** rng.uniform(11, 13)
        sizes = rng.choice([0.4, 1, 1.5, 3, 7, 13, 34, 70], rng.integers(1, 6), replace=False)
        for size in np.sort(sizes):
            params = size * 1e9 * rng.uniform(0.95, 1.05)
            flops = 6 * params * tokens * rng.uniform(0.9, 1.1)
            ability = 0.6 * (np.log(6 * params * tokens) - 51) + offset + rng.normal(0, 0.3)
            for name, (chance, n, at) in BENCHMARKS.items():
                own = ability + at + rng.normal(0, 0.3)
                k = rng.binomial(n, chance + (1 - chance) / (1 + np.exp(-own)))
                rows.append(
                    {
                        "family": f"Fam{f}",
                        "model": f"org{f}/fam{f}-{size:g}b",
                        "stage": "base",
                        "params": params,
                        "tokens": tokens,
                        "flops": flops,
                        "benchmark": name,
                        "band": "reasoning",
                        "metric": "acc",
                        "shots": "5",
                        "chance": chance,
                        "n": n,
                        "score": k / n,
                        "source": f"run{f}.json",
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture
def clean() -> Callable[[int], pd.DataFrame]:
    """A function: seed -> clean scores."""
    return draw


@pytest.fixture
def panel() -> Callable[[pd.DataFrame], Panel]:
    """A function: scores -> panel, as a source would make it."""
    return lambda scores: finish(scores, "made up")


@pytest.fixture
def hits() -> Callable[[Panel, str], list[Finding]]:
    """A function: panel and rule -> what the rule finds in it."""

    def found(panel: Panel, rule: str) -> list[Finding]:
        assert rule in {r.name for r in RULES}
        return [f for f in gate(panel).findings if f.rule == rule]

    return found


@pytest.fixture
def largest_family() -> Callable[[pd.DataFrame], list[str]]:
    """A function: scores -> models of the family that has most, in order of size."""

    def models(table: pd.DataFrame) -> list[str]:
        sizes = table.groupby("family")["model"].nunique()
        return list(table.loc[table["family"] == sizes.idxmax(), "model"].unique())

    return models
