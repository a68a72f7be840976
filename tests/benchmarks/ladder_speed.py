"""A ladder of tiny rungs: one ``eval run`` against a loop of ``lm_eval`` commands, a rung each.

Both sides score every cell of the same rungs and tasks; nothing is extrapolated. ``eval run`` takes
a process a core, as is its default; the loop runs one command after the other, which is what a loop
does. Torch has one thread a process on both sides: with two, models this small are slower.

    python tests/benchmarks/ladder_speed.py                     40 smallest rungs, 4 tasks, 10 items
    python tests/benchmarks/ladder_speed.py --suite --every 6   the bundled suite as it ships

Prints seconds of both and their ratio; ends with status 1 if a score differs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import yaml

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

TASKS = ("bundled_word_easy", "bundled_reason_choice", "bundled_proof_d1", "bundled_text")


def timed(command: list[str], log: Path) -> float:
    """Seconds a command takes; its output goes to a file."""
    started = time.monotonic()
    environment = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
    }
    with log.open("a") as file:
        subprocess.run(command, cwd=REPO, env=environment, check=True, stdout=file, stderr=file)
    return time.monotonic() - started


def write_study(folder: Path, asked: argparse.Namespace) -> list[tuple[str, Path]]:
    """ladder.yaml with the bundled rungs asked for, suite.yaml with the tasks; names and places."""
    from eval import ladder_file

    found = list(ladder_file.load("bundled").rungs)[:: asked.every]
    if not asked.suite:
        found = sorted(found, key=lambda rung: rung.params or 0)[: asked.rungs]
    chosen = [(rung.name, Path(str(rung.path))) for rung in found]
    family = {
        "name": "any", "dtype": "float32",
        "rungs": [{"name": name, "path": str(path)} for name, path in chosen],
    }  # fmt: skip
    (folder / "ladder.yaml").write_text(yaml.safe_dump({"name": "speed", "families": [family]}))
    suite = yaml.safe_load((REPO / "eval" / "suites" / "bundled.yaml").read_text())
    kept = [
        b | {} if asked.suite else b | {"limit": asked.limit}
        for b in suite["benchmarks"]
        if asked.suite or b["name"] in TASKS
    ]
    suite |= {"benchmarks": kept, "tasks_path": str(REPO / "eval" / "tasks")}
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    return chosen


def differing(folder: Path, rungs: list[tuple[str, Path]], tasks: Sequence[str]) -> list[str]:
    """Cells whose metrics are not those of the loop."""
    out = []
    for name, _ in rungs:
        path = next((folder / "loop" / name).glob("**/results_*.json"))
        theirs = json.loads(path.read_text())["results"]
        for task in tasks:
            cell = folder / "study" / "cells" / name / task / "result.json"
            ours = json.loads(cell.read_text())["results"][task]
            for metric, value in theirs[task].items():
                if isinstance(value, float) and abs(ours[metric] - value) > 1e-4 * abs(value):
                    out.append(f"{name} {task} {metric}: {ours[metric]} and {value}")
    return out


def main() -> None:
    """Time both sides and compare their scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rungs", type=int, default=40)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--suite", action="store_true", help="all tasks of the bundled suite")
    parser.add_argument("--every", type=int, default=1, help="every so many rungs of the ladder")
    parser.add_argument("--batch", type=int, default=64, help="lm_eval's batch size")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ladder-speed-"))
    rungs = write_study(folder, asked)
    suite = yaml.safe_load((folder / "suite.yaml").read_text())["benchmarks"]
    tasks = [benchmark["task"] for benchmark in suite]
    (limit,) = {benchmark["limit"] for benchmark in suite}
    ours = timed(
        [sys.executable, "-m", "eval", "run", str(folder / "ladder.yaml"), "--suite",
         str(folder / "suite.yaml"), "--out", str(folder / "study")],
        folder / "ours.log",
    )  # fmt: skip
    theirs = 0.0
    for done, (name, path) in enumerate(rungs, 1):
        theirs += timed(
            [sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args",
             f"pretrained={path},dtype=float32", "--tasks", ",".join(tasks), "--include_path",
             str(REPO / "eval" / "tasks"), "--device", "cpu", "--batch_size", str(asked.batch),
             "--limit", str(limit), "--output_path", str(folder / "loop" / name)],
            folder / "loop.log",
        )  # fmt: skip
        print(f"lm_eval: {done} of {len(rungs)} rungs, {theirs:.0f} s", flush=True)
    wrong = differing(folder, rungs, tasks)
    print(f"{len(rungs)} rungs x {len(tasks)} tasks, {limit} items each")
    print(f"eval run        {ours:8.1f} s")
    print(f"lm_eval loop    {theirs:8.1f} s")
    print(f"ratio           {theirs / ours:8.1f}")
    print(f"metrics that differ: {len(wrong)}", *wrong, sep="\n  ")
    if wrong:
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
