"""Time the battery: bootstraps against a plain loop that gives the same numbers, and big panels.

python tests/benchmarks/battery_speed.py            # the two loops, side by side
python tests/benchmarks/battery_speed.py --full     # and the whole battery on big panels
"""

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from correlate import battery
from correlate.senses.sample import Sample, prepare
from correlate.simulate import World, aligned
from correlate.stats import family, ranks, resample

LOOPED = 100  # replicates the plain loop is timed on


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


def whole(families: int, rungs: tuple[int, int], hards: int, replicates: int) -> None:
    """The battery of one easy benchmark against ``hards`` hard ones."""
    settings = replace(battery.Settings(), replicates=replicates)
    samples = [draw(families, rungs, seed) for seed in range(min(hards, 4))]
    rng = np.random.default_rng(0)
    busy = time.process_time()
    seconds, _ = timed(
        lambda: [battery.run_sample(samples[i % len(samples)], rng, settings) for i in range(hards)]
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{samples[0].m} models, {families} families, {hards} hard benchmarks, {replicates} "
        f"replicates, {settings.refits} refits: {seconds:.1f} s "
        f"({time.process_time() - busy:.1f} s of processor), peak {peak:.2f} GB"
    )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    full = parser.parse_args().full
    bootstraps()
    if full:
        whole(71, (3, 4), 8, 10_000)
        whole(1111, (4, 5), 39, 10_000)


if __name__ == "__main__":
    main()
