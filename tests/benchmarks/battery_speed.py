"""Time the battery: bootstraps against a plain loop that gives the same numbers, and big panels.

python tests/benchmarks/battery_speed.py              # the two loops, side by side
python tests/benchmarks/battery_speed.py --published  # the full battery on results/published
python tests/benchmarks/battery_speed.py --large      # a simulated panel of 5,000 x 40

Seconds are wall clock; on a machine that does other work they say nothing, the ratio of the two
loops says most of what it should.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit

from correlate import battery, evidence, pairs
from correlate.panel import COLUMNS, Pair, Panel
from correlate.protocols import choose
from correlate.quality import gate
from correlate.senses.sample import Sample, prepare
from correlate.simulate import World, aligned
from correlate.sources import load
from correlate.stats import family, ranks, resample

LOOPED = 100  # replicates the plain loop is timed on
PUBLISHED = Path(__file__).parents[2] / "results" / "published"
HARD = ("MATH", "MMLU-Pro", "GPQA", "BBH", "HumanEval", "AIME24", "MATH-500", "miniF2F-test")


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of wall clock, and what came out."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def draw(families: int, rungs: tuple[int, int], seed: int = 0) -> Sample:
    """A simulated sample."""
    world = World(families=families, rungs=rungs, family_effect=0.5, rung_effect=0.5)
    return prepare(aligned(world, np.random.default_rng(seed)), battery.Settings())


def plain(sample: Sample, weights: np.ndarray) -> tuple[list[float], list[float]]:
    """The loop a careful analyst would write: pandas to resample, statsmodels to regress."""
    frame = pd.DataFrame(
        {"x": sample.x, "y": sample.y, "c": sample.log_compute, "family": sample.family}
    )
    by_family = dict(list(frame.groupby("family")))
    rank, partial = [], []
    for row in weights.astype(int):
        drawn = pd.concat([by_family[f] for f in np.repeat(np.arange(len(row)), row)])
        rank.append(stats.spearmanr(drawn["x"], drawn["y"])[0])
        design = sm.add_constant(drawn["c"])
        left = [sm.OLS(drawn[v], design).fit().resid for v in ("x", "y")]
        partial.append(np.corrcoef(*left)[0, 1])
    return rank, partial


def bootstraps() -> None:
    """Rank and partial correlations, 10,000 replicates against a loop of 100."""
    sample = draw(71, (3, 4))
    weights = resample.multiplicities(sample.families, 10_000, np.random.default_rng(1))
    controls = np.column_stack([np.ones(sample.m), sample.log_compute])

    def ours() -> tuple[np.ndarray, np.ndarray]:
        rank = ranks.weighted_spearman(sample.x, sample.y, sample.family, weights)
        found = family.partialled(
            sample.x, sample.y, controls, sample.family, weights, "correlation"
        )
        return rank, np.tanh(found.replicates)

    slow, looped = timed(lambda: plain(sample, weights[:LOOPED]))
    fast, products = timed(ours)
    for name, a, b in zip(("rank", "partial"), looped, products, strict=True):
        worst = np.abs(np.array(a) - b[:LOOPED]).max()
        print(f"{name}: largest difference to the loop over {LOOPED} replicates {worst:.1e}")
    each, one = slow / LOOPED, fast / 10_000
    print(
        f"{sample.m} models, {sample.families} families; a replicate: loop {1e3 * each:.2f} ms, "
        f"products {1e3 * one:.4f} ms: {each / one:.0f} times faster"
    )


def published() -> None:
    """GSM8K against eight harder benchmarks, every model that has both scores."""
    panel = gate(load(PUBLISHED))
    asked = [pairs.Question(Pair("GSM8K", hard, "MMLU")) for hard in HARD]
    battery_over(panel, asked, battery.Settings())


def large(models: int = 5000, benchmarks: int = 40) -> None:
    """One easy benchmark against all others on a simulated panel."""
    panel = simulated(models, benchmarks)
    asked = [pairs.Question(Pair("b0", f"b{k}", "b1")) for k in range(2, benchmarks)]
    battery_over(panel, asked, battery.Settings())


def simulated(models: int, benchmarks: int) -> Panel:
    """Families of about five rungs that share ability, in long form."""
    rng = np.random.default_rng(0)
    family = np.sort(rng.integers(models // 5, size=models))
    log_c = rng.uniform(-6, 6, size=models)
    skill = 0.5 * log_c + rng.normal(size=family.max() + 1)[family] + rng.normal(size=models)
    rungs = pd.DataFrame(
        {"model": [f"m{i}" for i in range(models)], "family": [f"f{g}" for g in family],
         "flops": np.exp(log_c) * 1e21, "band": "reasoning", "metric": "acc", "n": 500.0,
         "source": "simulated", "reported_by": "self"}
    )  # fmt: skip
    parts = []
    for k in range(benchmarks):
        p = expit(skill * rng.uniform(0.3, 1) - 2 * rng.random() + rng.normal(size=models) / 2)
        parts.append(rungs.assign(benchmark=f"b{k}", score=rng.binomial(500, p) / 500))
    return Panel(pd.concat(parts, ignore_index=True).reindex(columns=list(COLUMNS)), "simulated")


def battery_over(panel: Panel, asked: list[pairs.Question], settings: battery.Settings) -> None:
    """Every sense of every pair, protocols chosen and arrays cut on the way."""
    before = os.times()
    seconds, found = timed(lambda: list(evidence.gather_each(panel, asked, 0, choose, settings)))
    after = os.times()
    busy = sum(after[:4]) - sum(before[:4])
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    most = max(used, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    told = ", ".join(f"{e.pair.hard} {e.aligned.m}" for e in found[:8])
    print(
        f"{panel.scores['model'].nunique()} models, {len(asked)} pairs (rungs: {told}), "
        f"{settings.replicates} replicates, {settings.refits} refits, {evidence.cores()} cores: "
        f"{seconds:.1f} s ({busy:.1f} s of processor), largest process {most / 1e6:.2f} GB"
    )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", action="store_true")
    parser.add_argument("--large", action="store_true")
    asked = parser.parse_args()
    if asked.published:
        published()
    if asked.large:
        large()
    if not (asked.published or asked.large):
        bootstraps()


if __name__ == "__main__":
    main()
