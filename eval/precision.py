"""Stop a cell once its score is precise enough: which items come first, and when to stop.

Items come in one random order, the same for every rung, so that scores of two rungs share their
first items and comparisons stay paired. After each look at k items with sum s, the cell stops when
sqrt(q (1 - q) / (k + 4)) <= target, with q = (s + 2) / (k + 4).

That is the error of Agresti and Coull (1998, The American Statistician 52, 119-126) with two
successes and two failures added. With the plain error an early run of equal answers would look
perfectly precise and stop at once, and scores near 0 and 1 would be pushed outwards. For scores
between 0 and 1 that are not all 0 or 1 it is an upper bound, since then the variance is at most
q (1 - q). Looks are few: the first after 100 items, each next one where the error would do if q
stayed as it is. A test computes the bias that is left, exactly, for every success rate.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

RULE = 1  # of order and stopping; part of the identity of a cell that stops

LEAST = 100  # items before the first look, and between two looks at least a quarter of them
STEP = 25

# lm-eval's own metrics whose aggregation is the mean when a task file does not say
MEANS = ("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match")


def parts(target: float) -> dict[str, Any]:
    """What the identity of a cell scored to a precision has beside that of a full one."""
    return {"target": target, "rule": RULE}


def obstacle(metric: str, configs: Sequence[dict[str, Any]]) -> str | None:
    """Why a benchmark cannot stop early, in words; None where it can.

    ``configs`` are the task's files: its own, and those of the tasks below it if it is a group.
    """
    for config in configs:
        for entry in config.get("aggregate_metric_list") or []:
            if entry.get("weight_by_size") is False:
                return f"{config.get('group', 'its group')} weights its tasks equally"
            if entry.get("aggregation", "mean") != "mean":
                return f"{metric} of the group is no mean over items"
        for entry in config.get("metric_list") or []:
            if entry["metric"] != metric:
                continue
            how = entry.get("aggregation", "mean" if metric in MEANS else "its own way")
            if how != "mean":
                return f"{metric} is computed over all items together ({how}), not their mean"
    return None


def order(task: str, count: int) -> list[int]:
    """The order in which the ``count`` documents of a task are scored; the same everywhere."""
    seed = int.from_bytes(hashlib.sha256(task.encode()).digest()[:8], "big")
    return [int(i) for i in np.random.default_rng(seed).permutation(count)]


def error(total: float, count: int) -> float:
    """The standard error that decides, of ``count`` scores in [0, 1] that add up to ``total``."""
    q = (total + 2) / (count + 4)
    return math.sqrt(q * (1 - q) / (count + 4))


def look(total: float, count: int, most: int, target: float) -> int:
    """How many items to have scored at the next look; ``count`` itself to stop."""
    if count >= most or error(total, count) <= target:
        return count
    q = (total + 2) / (count + 4)
    wanted = math.ceil(q * (1 - q) / target**2) - 4
    return min(most, max(wanted, count + STEP))


def chosen(counts: dict[str, int], size: int) -> dict[str, list[int]]:
    """Documents of each task, in order of id, that make up the first ``size`` of all.

    Tasks of a group are taken in proportion to their documents ``counts``.
    """
    share = min(1.0, size / sum(counts.values()))
    return {
        task: sorted(order(task, count)[: math.ceil(share * count)])
        for task, count in counts.items()
    }
