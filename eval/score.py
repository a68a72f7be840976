"""One rung on its benchmarks: the one place that calls lm-eval's evaluator."""

import gc
import logging
import math
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eval import engines
from eval import items as item_table
from eval.identity import SEEDS
from eval.ladder import Rung
from eval.suite import Benchmark

BOOTSTRAP_DRAWS = 100_000  # the lm_eval command's own default


@dataclass(frozen=True)
class Settings:
    """How rungs are scored; only ``engine`` is part of a cell's identity."""

    engine: str = engines.DEFAULT
    device: str | None = None
    batch_size: int | None = None


@dataclass(frozen=True)
class Scored:
    """What one cell gave: lm-eval's results without samples, items, and one entry a score."""

    results: dict[str, Any]
    items: pd.DataFrame
    scores: list[dict[str, Any]]


def quiet() -> None:
    """Silence the bars and logs of the libraries below; call before they are imported.

    For programs, not for libraries: it changes the whole process.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("LMEVAL_LOG_LEVEL", "ERROR")
    # worker processes may not start processes of their own
    os.environ.setdefault("LMEVAL_DISABLE_MULTIPROC", "1")
    _no_bars()
    own = ("eval.engines",)  # says for every cell what a cell's provenance says once
    for name in ("lm_eval", "transformers", "datasets", "huggingface_hub", "accelerate", *own):
        logging.getLogger(name).setLevel(logging.ERROR)


def _no_bars() -> None:
    """tqdm's own switch gives way to callers that pass ``disable``, as lm-eval's models do."""
    from tqdm.std import tqdm

    # the default lock is shared between processes, and leaks when one of ours is stopped
    tqdm.set_lock(threading.RLock())
    start = tqdm.__init__

    def silent(self: Any, *arguments: Any, **options: Any) -> None:
        start(self, *arguments, **{**options, "disable": True})

    tqdm.__init__ = silent


def load(rung: Rung, settings: Settings) -> Any:
    """The rung as an lm-eval model; ``engine_args`` of the ladder go to the engine as they are."""
    where: dict[str, Any] = {
        "device": settings.device or _device(),
        "batch_size": settings.batch_size or batch_size(rung),
    }
    if rung.path or rung.engine in (None, "shared-prefix", "hf"):
        where["dtype"] = rung.dtype
    return engines.load(
        rung.engine or settings.engine,
        str(rung.path or rung.hub),
        revision=rung.revision,
        **where,
        **rung.engine_args,
    )


def free() -> None:
    """Give memory back after the last reference to a model has gone."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def batch_size(rung: Rung) -> int:
    """Requests at a time: many for small models, few for large ones."""
    size = rung.params or 1e9
    return 64 if size < 5e7 else 16 if size < 2e9 else 4


def score(lm: Any, loaded: dict[str, Any], benchmark: Benchmark) -> Scored:
    """Score a loaded model on one benchmark, as the ``lm_eval`` command would.

    ``loaded`` is the benchmark's entry of :func:`eval.catalog.open_tasks`. The seeds are set
    here because few-shot samplers advance: without it the second model sees other shots.

    Raises
    ------
    ValueError
        If the task yields no such metric and filter, or its score is not a finite number.
    """
    from lm_eval import evaluator

    _seed(loaded, benchmark)
    started = time.time()
    results: dict[str, Any] = dict(
        evaluator.evaluate(
            lm=lm,
            task_dict=loaded,
            limit=benchmark.limit,
            bootstrap_iters=BOOTSTRAP_DRAWS,
            log_samples=True,
        )
    )
    samples = results.pop("samples")
    results["date"] = started
    results["config"] = _config(lm, benchmark)
    how = {name: _aggregations(task) for name, task in loaded["tasks"].items()}
    flat = {metric: fn.__name__ for fns in how.values() for metric, fn in fns.items()}
    table = item_table.table(samples, flat)
    table["n_tokens"] = _tokens(lm, samples)
    scores = list(_scores(results, samples, table, how, benchmark))
    return Scored(results, table, scores)


def _seed(loaded: dict[str, Any], benchmark: Benchmark) -> None:
    """Seeds and shots as lm-eval's simple_evaluate sets them."""
    import torch

    random.seed(SEEDS[0])
    np.random.seed(SEEDS[1])  # noqa: NPY002 - lm-eval and its tasks use the global generator
    torch.manual_seed(SEEDS[2])
    for task in loaded["tasks"].values():
        default = task.get_config("num_fewshot")
        if benchmark.shots is not None and default != benchmark.shots:
            if default == 0:
                raise ValueError(
                    f"{benchmark.name}: shots {benchmark.shots}: the task is fixed at 0 shots; "
                    "remove shots from the suite"
                )
            task.set_config(key="num_fewshot", value=benchmark.shots)
        elif default is None:
            task.set_config(key="num_fewshot", value=0)
        task.set_fewshot_seed(seed=SEEDS[3])


def _aggregations(task: Any) -> dict[str, Any]:
    return dict(task.aggregation())


def _scores(
    results: dict[str, Any], samples: dict[str, Any], table: pd.DataFrame,
    how: dict[str, dict[str, Any]], benchmark: Benchmark,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One entry for each metric and filter, the benchmark's own first."""
    from lm_eval.api.metrics import mean as lm_eval_mean

    metrics = {**results["results"], **results.get("groups", {})}[benchmark.task]
    found = {
        tuple(key.rsplit(",", 1)): value
        for key, value in metrics.items()
        if "," in key and "_stderr," not in key and isinstance(value, int | float)
    }
    primary = (benchmark.metric, benchmark.filter)
    if primary not in found:
        has = "; ".join(f"{m}, filter {f}" for m, f in found)
        raise ValueError(
            f"{benchmark.name}: no metric {primary[0]} with filter {primary[1]}; it has {has}"
        )
    for metric, filter_name in sorted(found, key=lambda key: key != primary):
        value = float(found[metric, filter_name])
        if (metric, filter_name) == primary and not math.isfinite(value):
            raise ValueError(f"{benchmark.name}: {metric} is {value}; the model gives no numbers")
        rows = table[(table["metric"] == metric) & (table["filter"] == filter_name)]
        error = metrics.get(f"{metric}_stderr,{filter_name}")
        if not isinstance(error, int | float):
            functions = {fns.get(metric, lm_eval_mean) for fns in how.values()}
            error = _own_stderr(rows, samples, metric, filter_name, functions)
        right = set(rows["score"].unique()) <= {0.0, 1.0} and len(rows) > 0
        yield {
            "metric": metric,
            "filter": filter_name,
            # a secondary metric may overflow, as perplexities do; it then has no score
            "score": value if math.isfinite(value) else None,
            "stderr": float(error) if math.isfinite(error) else None,
            "n": len(rows),
            "successes": int(rows["score"].sum()) if right else None,
        }


def _own_stderr(
    rows: pd.DataFrame, samples: dict[str, Any], metric: str, filter_name: str, functions: set[Any]
) -> float:
    """A standard error where lm-eval has none: linearised ratio, otherwise bootstrap."""
    if len(functions) != 1:
        return math.nan
    aggregate = functions.pop()
    if aggregate.__name__ in item_table.MEANS and rows["score"].notna().all():
        return item_table.stderr(rows, aggregate.__name__)
    values = [
        s[metric] for ss in samples.values() for s in ss
        if s["filter"] == filter_name and metric in s
    ]  # fmt: skip
    return item_table.bootstrap_stderr(values, aggregate, np.random.default_rng(SEEDS[1]))


def _tokens(lm: Any, samples: dict[str, Any]) -> list[int]:
    """Tokens the model read and wrote for each item, in the order of the item table."""
    texts: list[str] = []
    counts: list[tuple[int, int]] = []  # texts of the sample, metrics of the sample
    for sample in (s for ss in samples.values() for s in ss):
        mine = [t for a, r in zip(sample["arguments"], sample["resps"], strict=True)
                for t in _exchange(a, r)]  # fmt: skip
        texts += mine
        counts.append((len(mine), len(sample["metrics"])))
    tokenizer = getattr(lm, "tokenizer", None)
    if tokenizer is None:
        lengths = [0] * len(texts)
    else:
        lengths = [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
    out: list[int] = []
    at = 0
    for n, times in counts:
        out += [sum(lengths[at : at + n])] * times
        at += n
    return out


def _exchange(arguments: tuple[Any, ...], responses: list[Any]) -> list[str]:
    """Texts of one request: prompt with each generated answer, or with its continuation."""
    texts = [part for part in arguments if isinstance(part, str)]
    written = [r for r in responses if isinstance(r, str)]
    return ["".join(texts) + w for w in written] or ["".join(texts)]


def _config(lm: Any, benchmark: Benchmark) -> dict[str, Any]:
    """The part of lm-eval's own ``config`` that tools reading its results look for."""
    # not lm.get_model_info(): it asks the hub, and waits where there is no network
    model = getattr(lm, "model", None)
    return {
        "model": type(lm).__name__,
        "model_num_parameters": model.num_parameters() if model is not None else None,
        "model_dtype": str(getattr(model, "dtype", "")),
        "model_revision": getattr(lm, "revision", ""),
        "batch_size": getattr(lm, "batch_size", None),
        "device": str(getattr(lm, "device", "")),
        "limit": benchmark.limit,
        "bootstrap_iters": BOOTSTRAP_DRAWS,
        "gen_kwargs": None,
        "random_seed": SEEDS[0],
        "numpy_seed": SEEDS[1],
        "torch_seed": SEEDS[2],
        "fewshot_seed": SEEDS[3],
    }


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
