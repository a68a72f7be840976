"""SIGKILL at twenty random moments of a run: no cell lost, none twice, scores as undisturbed."""

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

KILLS = 20

# Forks children that have everything imported, as a run's start is mostly imports: by lines on
# stdin, "seconds argument ...", each is a run of eval that is killed after so many seconds; says
# whether it was still running and how long it took.
SERVER = """
import os, select, signal, sys, time
import lm_eval.evaluator, lm_eval.tasks, lm_eval.models.huggingface, datasets
import transformers.models.llama.modeling_llama, pandas, pyarrow.parquet
from eval import score
score.quiet()
from eval.cli import app
import eval.engines.shared_prefix, eval.verbs.run
print("ready", flush=True)
for line in sys.stdin:
    seconds, *arguments = line.split()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        try:
            app(arguments, standalone_mode=False)
        except SystemExit as error:
            os._exit(error.code or 0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(70)
        os._exit(0)
    ended, _, _ = select.select([os.pidfd_open(pid)], [], [], float(seconds))
    if not ended:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    print("killed" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}",
          time.monotonic() - started, flush=True)
"""


class Runs:
    """The process that forks runs."""

    def __init__(self, repo: Path, folder: Path) -> None:
        self.errors = (folder / "errors").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=repo, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors,
        )  # fmt: skip
        self.say()

    def say(self, line: str = "") -> str:
        assert self.process.stdin
        assert self.process.stdout
        if line:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def run(self, ladder: Path, out: Path, seconds: float) -> tuple[str, float]:
        """How a run that is killed after so many seconds ended, and when."""
        what, took = self.say(
            f"{seconds} run {ladder} --out {out} --workers 1 --keep-every 4"
        ).rsplit(" ", 1)
        if what not in ("killed", "exit 0"):
            self.errors.seek(0)
            raise AssertionError(f"{what}: {self.errors.read()[-2000:]}")
        return what, float(took)

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()


def whole_cells(study: Path) -> dict[Path, int]:
    """Finished cells and when each was written; a cell that is there is whole."""
    found = {}
    for folder in study.glob("cells/*/[!.]*"):
        assert {path.name for path in folder.iterdir()} == {"result.json", "items.parquet"}
        assert json.loads((folder / "result.json").read_text())["cell"]["status"] == "done"
        assert len(pd.read_parquet(folder / "items.parquet"))
        found[folder.relative_to(study)] = (folder / "result.json").stat().st_mtime_ns
    return found


def scores(study: Path) -> list[dict[str, str]]:
    with (study / "scores.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "study"} for row in csv.DictReader(file)]


def test_twenty_kills_lose_and_double_nothing(tiny: Path, tmp_path: Path, repo: Path) -> None:
    ladder, rng = tiny / "ladder.yaml", random.Random(20)
    runs = Runs(repo, tmp_path)
    try:
        calm = tmp_path / "calm"
        ended, length = runs.run(ladder, calm, 300)
        assert ended == "exit 0"
        kills = 0
        for round_ in range(KILLS + 1):
            study = tmp_path / f"study-{round_}"
            before: dict[Path, int] = {}
            ended = "killed"
            while ended == "killed":
                # the last run of all is left alone
                seconds = rng.uniform(0, length) if kills < KILLS else 300
                ended, _ = runs.run(ladder, study, seconds)
                kills += ended == "killed"
                after = whole_cells(study)
                assert before.items() <= after.items()  # nothing lost, nothing scored again
                before = after
            assert before.keys() == whole_cells(calm).keys()
            assert scores(study) == scores(calm)
            for path in before:
                items, undisturbed = (pd.read_parquet(s / path / "items.parquet")
                                      for s in (study, calm))  # fmt: skip
                pd.testing.assert_frame_equal(items, undisturbed)
            assert not [p for p in study.glob("**/.*") if p.name.endswith((".tmp", ".jsonl"))]
            if kills >= KILLS:
                break
        assert kills == KILLS
    finally:
        runs.close()


@pytest.mark.parametrize("target", ["sums", "picks", "text"])
def test_answers_are_taken_up_inside_a_cell(
    tiny: Path, tmp_path: Path, command, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after two lots, a cell asks the model for the rest alone, and scores the same."""
    from eval.answers import Answers

    asked: list[int] = []
    ask = Answers._ask

    def cut_off(self, kind, requests):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(requests))
        return ask(self, kind, requests)

    def count(self, kind, requests):
        asked.append(len(requests))
        return ask(self, kind, requests)

    tasks = [b for b in ("sums", "picks", "text") if b == target]
    import yaml

    suite = yaml.safe_load((tiny / "suite.yaml").read_text())
    suite["benchmarks"] = [b for b in suite["benchmarks"] if b["name"] in tasks]
    suite["tasks_path"] = str(tiny / "tasks")
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(suite))
    run = ("run", "--models", tiny / "models" / "small", "--suite", tmp_path / "suite.yaml",
           "--workers", 1, "--keep-every", 4)  # fmt: skip
    assert command(*run, "--out", tmp_path / "calm").returncode == 0
    monkeypatch.setattr(Answers, "_ask", cut_off)
    assert command(*run, "--out", tmp_path / "cut").returncode == 130
    assert asked == [4, 4]
    assert not (tmp_path / "cut" / "cells" / "small" / target).exists()
    monkeypatch.setattr(Answers, "_ask", count)
    asked.clear()
    assert command(*run, "--out", tmp_path / "cut").returncode == 0
    calm, cut = (json.loads((tmp_path / s / "cells/small" / target / "result.json").read_text())
                 for s in ("calm", "cut"))  # fmt: skip
    assert cut["cell"]["answers_resumed"] == 8
    total = {"sums": 20, "picks": 90, "text": 12}[target]
    assert sum(asked) == total - 8
    # the engine counts what it was asked in this run
    assert 0 < cut["cell"]["engine"]["tokens_asked"] < calm["cell"]["engine"]["tokens_asked"]
    assert cut["cell"]["scores"] == calm["cell"]["scores"]
    pd.testing.assert_frame_equal(
        *(pd.read_parquet(tmp_path / s / "cells/small" / target / "items.parquet")
          for s in ("calm", "cut"))
    )  # fmt: skip
