"""One cell from a loaded model to what is written: scores, items, and where they come from.

result.json is lm-eval's own, with an entry ``cell`` of ours. What is in it beside the scores:

- ``identity`` and ``identity_of``: what names the cell (eval/identity.py); ``prompt_hash`` and
  ``docs_hash`` of its items
- ``items`` of ``all_items`` were scored; ``tokens`` are those of their prompts and answers
- ``answers_resumed``: requests whose answers an earlier run, cut off in the cell, had left;
  ``prompts_cut``: requests cut on the left with --truncate
- ``engine``: what ours did, null for any other. It counts what was asked of the model in this run,
  so not the answers resumed. ``tokens_asked`` were in prompts, of which, with ``tokens_generated``,
  ``tokens_evaluated`` went through the model (shared ones once, padding among them), and ``logits``
  positions through its head. ``ties``: greedy answers that hang on a choice too close to call, in
  which lm-eval's hf may differ. ``fallbacks``: requests that were left to lm-eval's own code, by
  reason; of running text, windows. The other counts are without these
- ``provenance``: software, machine, the hub's commit, and in ``not_shared`` why the whole model was
  left to lm-eval's own code, where it was
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from eval import accelerator, catalog, cost, provenance, score
from eval.journal import Journal
from eval.plan import Cell
from eval.store import Study

KEEP_EVERY = 30.0  # seconds of expected work between two entries in the journal


@dataclass(frozen=True)
class Finished:
    """A scored cell: result.json, its items, a line for people, and how many of its items it took.

    ``items`` of ``all_items`` were scored: fewer than all where the cell stopped early.
    """

    result: dict[str, Any]
    table: pd.DataFrame
    text: str
    seconds: float
    items: int
    all_items: int


def score_cell(
    cell: Cell, lm: Any, task: dict[str, Any], study: Study, settings: score.Settings
) -> Finished:
    """Score a cell with its rung's model; answers that an earlier run left are taken up.

    Raises
    ------
    Exception
        Whatever the model or the task raises; answers kept until then stay on disk.
    """
    from eval.answers import Answers  # brings lm-eval along

    started = time.perf_counter()
    if hasattr(lm, "count_afresh"):
        lm.count_afresh()
    answers = Answers(
        lm,
        Journal(study.journal(cell.key), cell.identity),
        every=settings.keep_every or _every(cell, lm),
        truncate=settings.truncate,
        fixed=settings.batch_size is not None,
    )
    scored = score.score(lm, task, cell.benchmark, answers, cell.target)
    seconds = time.perf_counter() - started
    items = len(scored.items.drop_duplicates(["task", "doc"]))
    most = cell.benchmark.limit or float("inf")
    all_items = sum(int(min(most, n["original"])) for n in scored.results["n-samples"].values())
    engine = lm.counts() if hasattr(lm, "counts") else None
    own = {
        "identity": cell.identity,
        "identity_of": cell.parts,
        "status": "done",
        "rung": cell.rung.model_dump(mode="json"),
        "benchmark": cell.benchmark.model_dump(mode="json"),
        "scores": scored.scores,
        "items": items,
        "all_items": all_items,
        "prompt_hash": catalog.joint(scored.items["prompt_hash"]),
        "docs_hash": catalog.joint(scored.items["doc_hash"]),
        "seconds": round(seconds, 3),
        "tokens": int(scored.items.drop_duplicates(["task", "doc"])["n_tokens"].sum()),
        "answers_resumed": answers.resumed,
        "prompts_cut": answers.cut,
        "engine": engine,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "provenance": _provenance(lm),
    }
    first = scored.scores[0]
    error = f" ± {first['stderr']:.3f}" if first["stderr"] is not None else ""
    part = f", {items} of {all_items} items" if items < all_items else ""
    text = f"{first['metric']} {first['score']:.3f}{error}{part}{remarks(engine)}"
    result = {**scored.results, "cell": own}
    return Finished(result, scored.items, text, seconds, items, all_items)


def remarks(engine: dict[str, Any] | None) -> str:
    """What to tell people of the engine's counts: ties, and what was left to lm-eval's own code."""
    if engine is None:
        return ""
    ties = engine["ties"]
    said = [f"{ties} tie{'s' if ties > 1 else ''}"] if ties else []
    for reason, count in engine["fallbacks"].items():
        said.append(f"{count} request{'s' if count > 1 else ''} as lm-eval's hf: {reason}")
    return "".join(f", {text}" for text in said)


def _every(cell: Cell, lm: Any) -> int:
    """Requests in half a minute, as the plan reckons; a size it does not know the model tells."""
    rung = cell.rung
    if rung.params is None:
        rung = rung.model_copy(update={"params": score.parameters(lm)})
    expected = cost.predict(rung, cell.benchmark, accelerator.here())
    return max(1, int(KEEP_EVERY / (expected.hours * 3600 / expected.items)))


def _provenance(lm: Any) -> dict[str, Any]:
    """Software, machine, the hub's commit, and why prefixes were not shared where they were not."""
    config = getattr(lm, "config", None)
    return {
        **provenance.software(),
        **provenance.hardware(str(getattr(lm, "device", ""))),
        "batch_size": getattr(lm, "batch_size", None),
        "hub_commit": getattr(config, "_commit_hash", None),
        "not_shared": getattr(lm, "unshared", None),
    }
