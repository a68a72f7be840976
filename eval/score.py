"""One rung on its benchmarks: the one place that calls lm-eval's evaluator."""

import gc
import logging
import os
import random
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eval import engines, entries, precision
from eval import items as item_table
from eval.identity import SEEDS
from eval.ladder import Rung
from eval.suite import Benchmark

if TYPE_CHECKING:
    from eval.answers import Answers

BOOTSTRAP_DRAWS = 100_000  # the lm_eval command's own default


@dataclass(frozen=True)
class Settings:
    """How rungs are scored; only ``engine`` is part of a cell's identity.

    ``truncate``: prompts longer than a model's context are cut, not refused. ``keep_every``:
    requests between two entries in the journal of an unfinished cell.
    ``spread``: accelerators that one model is spread over.
    """

    engine: str = engines.DEFAULT
    device: str | None = None
    batch_size: int | None = None
    truncate: bool = False
    keep_every: int | None = None
    spread: int = 1


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
    engine = rung.engine or settings.engine
    given: dict[str, Any] = {
        "revision": rung.revision,
        "dtype": rung.dtype,
        "device": settings.device or _device(),
        # vllm makes its own batches
        "batch_size": settings.batch_size or ("auto" if engine == "vllm" else batch_size(rung)),
        **rung.engine_args,
    }
    if settings.spread > 1:
        key = "tensor_parallel_size" if engine == "vllm" else "parallelize"
        given.setdefault(key, settings.spread if engine == "vllm" else True)
    return engines.load(engine, str(rung.path or rung.hub), **given)


def settle(engine: str) -> None:
    """Before the first model: import its engine, and hide what is loaded by now from the collector.

    It stays to the end of the process; looking through it costs each ``free`` a sixth of a second.
    """
    if engine == engines.DEFAULT:
        import eval.engines.shared_prefix  # noqa: F401
    gc.collect()
    gc.freeze()


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


def score(
    lm: Any, loaded: dict[str, Any], benchmark: Benchmark, answers: "Answers | None" = None,
    target: float | None = None,
) -> Scored:  # fmt: skip
    """Score a loaded model on one benchmark, as the ``lm_eval`` command would.

    ``loaded`` is the benchmark's entry of :func:`eval.catalog.open_tasks`; ``answers`` stands
    between the evaluator and the model; ``target`` is a standard error that is precise enough.
    The seeds are set here because few-shot samplers advance: without it the second model sees
    other shots.

    Raises
    ------
    ValueError
        If the task yields no such metric and filter, or its score is not a finite number.
    """
    from eval.answers import Answers

    seed(loaded, benchmark)
    started = time.time()
    model = answers or Answers(lm)
    try:
        results = (
            evaluate(model, loaded, limit=benchmark.limit)
            if target is None
            else _until(model, loaded, benchmark, target)
        )
    finally:
        model.finite.close()
    samples = results.pop("samples")
    results["date"] = started
    results["config"] = _config(lm, benchmark)
    how = {name: _aggregations(task) for name, task in loaded["tasks"].items()}
    flat = {metric: fn.__name__ for fns in how.values() for metric, fn in fns.items()}
    table = item_table.table(samples, flat)
    table["n_tokens"] = entries.tokens(lm, samples)
    scores = list(entries.entries(results, samples, table, how, benchmark))
    return Scored(results, table, scores)


def evaluate(model: Any, loaded: dict[str, Any], **which: Any) -> dict[str, Any]:
    """lm-eval's results, samples among them; ``which`` documents by ``limit`` or ``samples``."""
    from lm_eval import evaluator

    return dict(
        evaluator.evaluate(
            lm=model,
            task_dict=loaded,
            bootstrap_iters=BOOTSTRAP_DRAWS,
            log_samples=True,
            **which,
        )
    )


def _until(
    model: Any, loaded: dict[str, Any], benchmark: Benchmark, target: float
) -> dict[str, Any]:
    """Evaluate on ever more items, in one order for all models, until the score is precise."""
    tasks = loaded["tasks"]
    most = benchmark.limit or sys.maxsize
    counts = {name: min(most, len(task.eval_docs)) for name, task in tasks.items()}
    size = min(precision.LEAST, sum(counts.values()))
    for task in tasks.values():
        task.build_all_requests(limit=benchmark.limit)  # chosen documents are picked from these
    while True:
        picked = precision.chosen(counts, size)
        results = evaluate(model, loaded, samples=picked)
        values = _values(results["samples"], benchmark)
        wanted = precision.look(sum(values), len(values), sum(counts.values()), target)
        if wanted <= len(values):
            return results
        size = wanted


def _values(samples: dict[str, Any], benchmark: Benchmark) -> list[float]:
    """The primary score of each item."""
    values = [
        float(s[benchmark.metric]) for rows in samples.values() for s in rows
        if s["filter"] == benchmark.filter and benchmark.metric in s
    ]  # fmt: skip
    if not values or min(values) < 0 or max(values) > 1:
        raise ValueError(
            f"{benchmark.name}: {benchmark.metric} of items does not lie between 0 and 1; run "
            "without --precision"
        )
    return values


def seed(loaded: dict[str, Any], benchmark: Benchmark) -> None:
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


def parameters(lm: Any) -> int | None:
    """How many parameters a loaded model has; None for one that a server has."""
    count = getattr(getattr(lm, "model", None), "num_parameters", None)
    return int(count()) if callable(count) else None


def _aggregations(task: Any) -> dict[str, Any]:
    return dict(task.aggregation())


def _config(lm: Any, benchmark: Benchmark) -> dict[str, Any]:
    """The part of lm-eval's own ``config`` that tools reading its results look for."""
    # not lm.get_model_info(): it asks the hub, and waits where there is no network
    model = getattr(lm, "model", None)
    return {
        "model": type(lm).__name__,
        "model_num_parameters": parameters(lm),
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
