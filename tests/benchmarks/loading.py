"""How long large inputs take to load, and how much memory: python tests/benchmarks/loading.py.

Makes its inputs in a temporary folder: a folder of lm-eval result files, and an item table in
Parquet. Prints seconds, peak memory, and both relative to reading the same bytes with nothing
done to them, so that figures from different machines can be compared.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from correlate.quality import gate
from correlate.sources import load


def result_files(folder: Path, count: int) -> None:
    """``count`` lm-eval v0.4 result files of five tasks each."""
    rng = np.random.default_rng(0)
    tasks = ("gsm8k", "arc_challenge", "hellaswag", "logiqa", "piqa")
    for i in range(count):
        scores = rng.integers(140, 400, 5) / 400
        document = {
            "results": {
                t: {"alias": t, "acc,none": s, "acc_stderr,none": (s * (1 - s) / 399) ** 0.5}
                for t, s in zip(tasks, scores.tolist(), strict=True)
            },
            "configs": {t: {"doc_to_text": "x" * 400, "fewshot_config": {"n": 5}} for t in tasks},
            "versions": dict.fromkeys(tasks, 1),
            "n-shot": dict.fromkeys(tasks, 5),
            "n-samples": {t: {"original": 400, "effective": 400} for t in tasks},
            "config": {"model_args": f"pretrained=org{i % 97}/m{i}-{1 + i % 70}b", "limit": None},
            "date": float(i),
        }  # fmt: skip
        path = folder / f"{i // 1000:03d}" / f"results_{i}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document))


def item_table(path: Path, models: int, items: int) -> None:
    """``models`` x ``items`` answers, one row each, sorted by model."""
    rng = np.random.default_rng(0)
    schema = pa.schema([("model", pa.string()), ("item", pa.int32()), ("score", pa.int8())])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, models, 50):
            some = range(first, min(first + 50, models))
            table = pa.table(
                {
                    "model": np.repeat([f"m{i}-7b" for i in some], items),
                    "item": np.tile(np.arange(items, dtype=np.int32), len(some)),
                    "score": (rng.random(len(some) * items) < 0.4).astype(np.int8),
                },
                schema=schema,
            )
            writer.write_table(table)


def measure(what: str, path: Path, files: list[Path]) -> None:
    """Load and gate ``path``; print time and memory beside a bare reading of its files."""
    start = time.perf_counter()
    size = sum(len(f.read_bytes()) for f in files)
    bare = time.perf_counter() - start
    before = _peak()
    start = time.perf_counter()
    panel = load(path)
    loaded = time.perf_counter() - start
    gated = gate(panel)
    total = time.perf_counter() - start
    print(
        f"{what}: {size / 1e6:.0f} MB in {len(files)} files -> {len(gated.scores)} scores; "
        f"load {loaded:.1f} s, gate {total - loaded:.1f} s, {loaded / max(bare, 1e-9):.0f} x a "
        f"bare reading; peak memory {_peak():.0f} MB ({before:.0f} MB before)"
    )


def _peak() -> float:
    """Peak resident memory of this process in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Make inputs of the sizes asked for and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=5_000)
    parser.add_argument("--items", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch, "items.parquet")
        if asked.models:
            item_table(table, asked.models, asked.items)
            measure(f"{asked.models} x {asked.items} items", table, [table])
        if asked.files:
            folder = Path(scratch, "logs")
            folder.mkdir()
            result_files(folder, asked.files)
            measure(f"{asked.files} result files", folder, sorted(folder.rglob("*.json")))


if __name__ == "__main__":
    main()
