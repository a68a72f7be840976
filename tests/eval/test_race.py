"""Several runs on one study at once: they share its cells, and none is done twice."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

RUNGS, BENCHMARKS = 30, 3

# all of a run but the model: its answers are made up, and every call is logged
RUN = f"""
import os, sys, time
from pathlib import Path
import pandas as pd
from eval import catalog, job, run, score
from eval.cell import Finished
from eval.job import here
from eval.ladder import Ladder, Rung
from eval.plan import Cell, Plan, state
from eval.store import Key, Study
from eval.suite import Benchmark, Suite

study, pace = Study(Path(sys.argv[1]) / "study"), float(sys.argv[2])

def scored(cell, lm, task, study, settings):
    with open(Path(sys.argv[1]) / "log", "a") as log:
        log.write(f"{{lm.name}}/{{cell.benchmark.name}}\\n")
    time.sleep(pace)
    items = pd.DataFrame({{"task": "t", "doc": [0, 1], "score": [0.0, 1.0], "n_tokens": 3,
                          "prompt_hash": ["p", "q"], "doc_hash": ["a", "b"]}})
    score_of = {{"metric": "acc", "filter": "none", "score": 0.5, "stderr": 0.1, "n": 2,
                "successes": 1}}
    own = {{"identity": cell.identity, "rung": cell.rung.model_dump(mode="json"),
           "benchmark": cell.benchmark.model_dump(mode="json"), "scores": [score_of],
           "prompt_hash": "p"}}
    result = {{"n-shot": {{"t": 0}}, "versions": {{"t": 1}}, "cell": own}}
    return Finished(result, items, "acc 0.5", pace, 2, 2)

catalog.open_tasks = lambda suite, names: dict.fromkeys(names)
score.load = lambda rung, settings: rung
job.score_cell = scored
score.settle = lambda engine: None
score.free = lambda: None
suite = Suite(name="s", benchmarks=[
    Benchmark(name=f"b{{i}}", task="t", band="reasoning", metric="acc") for i in range({BENCHMARKS})
])
rungs = [Rung(name=f"r{{i}}", family="f", hub="a/b", params=1) for i in range({RUNGS})]
cells = tuple(
    Cell(rung, benchmark, {{}}, name := f"id-{{rung.name}}-{{benchmark.name}}",
         state(study, Key(rung.name, benchmark.name), name))
    for rung in rungs for benchmark in suite.benchmarks
)
plan = Plan(Ladder(name="l", rungs=rungs), suite, study, "hf", cells)
for event in run.run(plan, score.Settings(), here):
    if event.what in ("done", "failed"):
        print(event.what, f"{{event.key.rung}}/{{event.key.benchmark}}", event.text, flush=True)
run.finish(plan)
"""

ALL = sorted(f"r{i}/b{j}" for i in range(RUNGS) for j in range(BENCHMARKS))


def start(folder: Path, repo: Path, pace: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(folder), str(pace)]
    return subprocess.Popen(
        command, cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def check_study(study: Path) -> None:
    """Every cell is there, whole; scores.csv has each once; nothing else is left."""
    with (study / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(f"{row['model']}/{row['benchmark']}" for row in rows) == ALL
    assert {row["score"] for row in rows} == {"0.5"}
    for cell in ALL:
        names = sorted(path.name for path in (study / "cells" / cell).iterdir())
        assert names == ["items.parquet", "result.json"]
        result = json.loads((study / "cells" / cell / "result.json").read_text())
        assert result["cell"]["identity"] == "id-" + cell.replace("/", "-")
    assert not list(study.rglob(".*"))
    assert sorted(path.name for path in study.iterdir()) == ["cells", "scores.csv"]


def test_eight_processes_on_one_study_do_every_cell_once(tmp_path: Path, repo: Path) -> None:
    runs = [start(tmp_path, repo, pace=0.01) for _ in range(8)]
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0] * 8, "".join(error for _, error in said)
    lines = [line.split() for out, _ in said for line in out.splitlines()]
    assert sorted(line[1] for line in lines if line[0] == "done") == ALL
    assert len(lines) == len(ALL)
    assert sorted((tmp_path / "log").read_text().split()) == ALL
    assert sum(bool(out) for out, _ in said) > 1  # the work was shared
    check_study(tmp_path / "study")


def test_a_killed_run_costs_the_cell_it_was_on_and_no_other(tmp_path: Path, repo: Path) -> None:
    """Three runs share a study, two are killed on the way; the third and a fourth finish it."""
    runs = [start(tmp_path, repo, pace=0.05) for _ in range(3)]
    log = tmp_path / "log"
    for number, run in enumerate(runs[:2]):
        deadline = time.monotonic() + 60
        while not log.exists() or len(log.read_text().split()) < 20 * (number + 1):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(run.pid, signal.SIGKILL)
    last, error = runs[2].communicate(timeout=120)
    assert runs[2].returncode == 0, error
    again, error = start(tmp_path, repo, pace=0).communicate(timeout=120)
    for run in runs[:2]:
        run.communicate()
    check_study(tmp_path / "study")
    # a cell is scored again only where its first run was killed before it was written
    scored = Counter(log.read_text().split())
    assert sorted(scored) == ALL
    assert sum(scored.values()) <= len(ALL) + 2
    assert len(last.splitlines()) + len(again.splitlines()) <= len(ALL)
