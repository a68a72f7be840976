"""scores.csv: derived from the cells, so that it can always be rebuilt."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from eval.ladder import Rung
from eval.store import Key, Study

COLUMNS = (
    "study", "family", "model", "revision", "stage", "params", "active_params", "tokens", "flops",
    "architecture", "release", "training_run", "benchmark", "band", "metric", "filter", "shots",
    "chance", "ceiling", "n", "successes", "score", "stderr", "task_version", "prompt_hash",
    "reported_by", "source", "identity",
)  # fmt: skip
"""As in results/schema.json; a test compares both."""

# unbounded metrics have neither chance nor ceiling
UNBOUNDED = ("bits_per_byte", "perplexity", "loss", "loglikelihood", "brier")


def write(study: Study) -> int:
    """Derive scores.csv from the cells on disk; returns the number of its rows.

    Rows of one cell: the benchmark's primary metric and filter first, the others after it.
    """
    with study.writing():
        found, count = text(study)
        study.write_text("scores.csv", found)
    return count


def text(study: Study) -> tuple[str, int]:
    """What scores.csv has to hold, and the number of its rows."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in rows(study):
        writer.writerow(row)
        count += 1
    return buffer.getvalue(), count


def rows(study: Study) -> Iterator[dict[str, Any]]:
    """The rows of scores.csv, cell by cell."""
    for key in study.on_disk():
        result = study.result(key)
        if result is not None:
            yield from _cell_rows(study, key, result)


def _cell_rows(study: Study, key: Key, result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    cell = result["cell"]
    rung = Rung.model_validate(cell["rung"])
    benchmark = cell["benchmark"]
    for entry in cell["scores"]:
        if entry["score"] is None:
            continue
        bounded = not any(word in entry["metric"] for word in UNBOUNDED)
        yield {
            "study": study.name,
            "family": rung.family,
            "model": key.rung,
            "revision": rung.revision,
            "stage": rung.stage,
            "params": _count(rung.params),
            "active_params": _count(rung.active_params),
            "tokens": _count(rung.tokens),
            "flops": rung.compute,
            "architecture": rung.architecture,
            "release": rung.release,
            "training_run": rung.training_run,
            "benchmark": key.benchmark,
            "band": benchmark["band"],
            "metric": entry["metric"],
            "filter": entry["filter"],
            "shots": result["n-shot"].get(benchmark["task"], benchmark["shots"]),
            "chance": benchmark["chance"] if bounded else None,
            "ceiling": benchmark["ceiling"] if bounded else None,
            "n": entry["n"],
            "successes": entry["successes"],
            "score": entry["score"],
            "stderr": entry["stderr"],
            "task_version": result["versions"].get(benchmark["task"]),
            "prompt_hash": cell["prompt_hash"],
            "reported_by": "self",
            "source": f"cells/{key.rung}/{key.benchmark}",
            "identity": f"{cell['identity']}/{entry['metric']},{entry['filter']}",
        }


def _count(value: float | None) -> float | int | None:
    """A count without the decimal point it was read with."""
    return int(value) if value is not None and value == int(value) else value
