"""Studies through a real Slurm: the scores of a local run, whatever happens to the jobs."""

import csv
import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval import suite as suites

Command = Callable[..., Any]
Wait = Callable[[Callable[[], object], float, str], None]


def rows(study: Path) -> list[dict[str, str]]:
    """scores.csv without the study's own name."""
    with (study / "scores.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "study"} for row in csv.DictReader(file)]


def logged(study: Path) -> Counter[str]:
    """How often each cell was written, by the logs of all jobs."""
    text = "".join(path.read_text() for path in sorted((study / "jobs").glob("*_log.out")))
    return Counter(re.findall(r"^done (\S+ / \S+)", text, re.MULTILINE))


def logs(study: Path) -> str:
    """What the jobs said, for when a test fails."""
    return "\n".join(f"{p.name}: {p.read_text()[-1500:]}" for p in (study / "jobs").glob("*log*"))


def write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def test_the_bundled_ladder_scores_as_here_and_the_report_is_written(
    slurm: object, tmp_path: Path, command: Command, wait: Wait, empty_queue: Callable[[], bool]
) -> None:
    part = {"ladder": "bundled", "families": ["llama-mixed"], "max_params": 5e4}
    names = ("bundled_word_easy", "bundled_word_hard", "bundled_proof_d1", "bundled_text")
    whole = suites.load("bundled").model_dump(mode="json", exclude_defaults=True)
    some = [b for b in whole["benchmarks"] if b["name"] in names]
    suite = write(tmp_path / "suite.yaml", {**whole, "benchmarks": some})
    ladder = write(tmp_path / "part.yaml", {"name": "part", "suite": str(suite), "include": [part]})
    here, there = tmp_path / "here", tmp_path / "there"
    ran = command("run", ladder, "--out", there, "--limit", 2, "--slurm", "time=10,mem=1500M",
                  "--report", "afterok", "--json")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert command("run", ladder, "--out", here, "--limit", 2, "--workers", 1).returncode == 0
    wait(empty_queue, 240, "the jobs to end")
    assert rows(there) == rows(here), logs(there)
    assert len(rows(there)) >= json.loads(ran.stdout)["queued_now"] == 2 * len(names)
    assert (there / "report.html").is_file(), logs(there)
    assert set(logged(there).values()) == {1}


def slow(tiny: Path, folder: Path) -> Path:
    """Three tiny models on nine benchmarks; a process stops after three cells while HOLD is there.

    So all three are at work when they are killed, however slow the machine is.
    """
    tasks = folder / "tasks"
    tasks.mkdir()
    (tasks / "slow.py").write_text(
        "import time\nfrom pathlib import Path\n\n"
        f"hold, answered = Path({str(folder / 'HOLD')!r}), []\n\n"
        "def results(doc, answers):\n"
        "    answered.append(doc)\n"
        "    while len(answered) > 30 and hold.exists():\n"
        "        time.sleep(0.1)\n"
        "    return {'acc': float(len(answers[0][0]) % 2)}\n"
    )
    task = yaml.safe_load((tiny / "tasks" / "tiny_sums.yaml").read_text())
    metric = {"metric": "acc", "aggregation": "mean", "higher_is_better": True}
    task |= {"task": "slow", "metric_list": [metric]}
    text = yaml.safe_dump({k: v for k, v in task.items() if k != "filter_list"})
    (tasks / "slow.yaml").write_text(text + "process_results: !function slow.results\n")
    suite = {"name": "slow", "tasks_path": str(tasks), "benchmarks": [
        {"name": f"slow{i}", "task": "slow", "band": "grade-school", "metric": "acc", "limit": 10}
        for i in range(9)
    ]}  # fmt: skip
    members = [
        {"name": name, "path": str(tiny / "models" / name), "params": 9000}
        for name in ("small", "other", "large")
    ]
    family = {"name": "f", "dtype": "float32", "rungs": members}
    ladder = {"name": "slow", "suite": str(write(folder / "suite.yaml", suite))}
    return write(folder / "ladder.yaml", {**ladder, "families": [family]})


def elapsed(job: str) -> int:
    """Seconds that a job has run."""
    said = subprocess.run(["squeue", "-h", "-j", job, "-o", "%M"], capture_output=True, text=True)
    seconds = 0
    for part in said.stdout.strip().split(":"):
        seconds = 60 * seconds + int(part)
    return seconds


def set_limit(job: str, minutes: int) -> None:
    """Change the time limit of a job."""
    command = ["scontrol", "update", f"JobId={job}", f"TimeLimit={minutes}"]
    subprocess.run(command, check=True)


@pytest.mark.slow
def test_killed_jobs_lose_nothing_and_double_nothing(
    slurm: Callable[[str], None], tiny: Path, tmp_path: Path, command: Command, wait: Wait,
    empty_queue: Callable[[], bool],
) -> None:  # fmt: skip
    """scancel, SIGKILL of a worker, the time limit, and the controller's crash, all in one run."""
    ladder = slow(tiny, tmp_path)
    hold = tmp_path / "HOLD"
    hold.touch()
    out = tmp_path / "study"
    # a task for each rung; jobs are told 55 seconds before their time is over
    profile = write(tmp_path / "profile.yaml", {
        "slurm": {"time": "30", "mem": "600M", "signal_delay_s": 55},
        "fill": 0.0005, "accelerator": "cpu-core",
    })  # fmt: skip
    run = ("run", ladder, "--out", out, "--profile", profile, "--json")
    started = command(*run)
    assert started.returncode == 0, started.stderr
    assert json.loads(started.stdout)["queued_now"] == 27

    def status() -> dict[str, Any]:
        return dict(json.loads(command("status", out, "--json").stdout))

    def working() -> dict[str, int]:
        """Array tasks that hold a cell, and the process that does."""
        cells = status()["running"]
        found = {}
        for cell in cells:
            number = re.search(r"process (\d+)", cell["what"])
            assert number
            found[cell["job"]] = int(number[1])
        return found

    wait(lambda: status()["counts"]["done"] == 9, 240, "three cells of each rung")
    wait(lambda: len(working()) == 3, 60, "three tasks at work")
    first, second, third = sorted(working())
    # some 40 seconds at least are left: the controller looks every 30
    set_limit(third, (elapsed(third) + 40) // 60 + 1)
    os.kill(working()[second], signal.SIGKILL)
    slurm("restart")
    wait(lambda: subprocess.run(["scancel", first]).returncode == 0, 30, "scancel")
    wait(lambda: f"Requeued job {third}" in logs(out), 120, "the time limit")
    set_limit(third, 30)
    hold.unlink()
    wait(empty_queue, 300, "the jobs to end")
    said = logs(out)
    # the cell whose worker was killed had its second chance with more memory
    assert "the worker process died (signal 9)" in said
    counts = status()["counts"]
    assert counts["failed"] == counts["running"] == counts["queued"] == 0, said
    # what scancel took is missing, and only that
    assert counts["missing"] == 6
    again = command("run", ladder, "--out", out, "--workers", 1, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["scored_now"] == counts["missing"]
    assert status()["counts"]["done"] == 27
    assert set(logged(out).values()) == {1}
    assert len(logged(out)) == 27 - 6
    names = [(row["model"], row["benchmark"]) for row in rows(out)]
    rungs = ("large", "other", "small")
    assert sorted(names) == [(rung, f"slow{i}") for rung in rungs for i in range(9)]
    scores = {(row["model"], row["score"]) for row in rows(out)}
    assert len(scores) == 3  # all benchmarks are the same task: interrupted or not, they agree
    assert not list((out / "cells").rglob(".*"))


def test_what_waits_is_not_submitted_twice_and_can_be_cancelled(
    slurm: object, tiny: Path, tmp_path: Path, command: Command, empty_queue: Callable[[], bool],
    wait: Wait,
) -> None:  # fmt: skip
    out = tmp_path / "study"
    profile = write(tmp_path / "p.yaml", {
        "slurm": {"time": "0-0:10", "mem": "600M", "begin": "now+1hour"},
        "fill": 1e-6, "accelerator": "cpu-core",
    })  # fmt: skip
    run = ("run", tiny / "ladder.yaml", "--out", out, "--profile", profile, "--json")
    first = json.loads(command(*run).stdout)
    assert first["queued_now"] == 9
    assert len(first["jobs"]) == 3  # of four tasks at most, MaxArraySize here
    second = json.loads(command(*run).stdout)
    assert (second["queued_now"], second["queued_before"], second["jobs"]) == (0, 9, [])
    status = json.loads(command("status", out, "--json").stdout)
    assert status["counts"]["queued"] == 9
    assert {cell["what"] for cell in status["queued"]} == {"pending"}
    assert len({cell["job"] for cell in status["queued"]}) == 9
    cancelled = json.loads(command("cancel", out, "--json").stdout)["cancelled"]
    assert set(first["jobs"]) < set(cancelled)
    wait(empty_queue, 30, "the queue to be empty")
    assert json.loads(command("status", out, "--json").stdout)["counts"]["missing"] == 9
    assert "no jobs in the queue" in command("cancel", out).stdout


def test_a_dead_job_is_known_from_slurm_and_a_live_one_left_alone(
    slurm: object, tmp_path: Path, wait: Wait
) -> None:
    from eval.slurm import queue

    sent = subprocess.run(
        ["sbatch", "--parsable", "--mem=100M", "-o", "/dev/null", "--wrap", "sleep 60"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    job = sent.stdout.strip()

    def running() -> bool | None:
        state = queue.state(job, "one-node")
        return state and state.running

    wait(running, 30, "the job to run")
    assert queue.state(job, "another cluster") is None
    subprocess.run(["scancel", job], check=True)
    wait(lambda: not running(), 30, "the job to end")
    assert queue.state("999999", "one-node") == queue.State("GONE")


def test_what_slurm_refuses_is_one_line_and_nothing_stays_queued(
    slurm: object, tiny: Path, tmp_path: Path, command: Command, empty_queue: Callable[[], bool]
) -> None:
    done = command("run", tiny / "ladder.yaml", "--out", tmp_path / "s", "--slurm",
                   "partition=nope,time=5")  # fmt: skip
    assert done.returncode == 2
    assert "Invalid partition" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert empty_queue()
