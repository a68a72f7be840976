"""What is handed to Slurm: options, profiles, packing under its limits, and all of it at scale."""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval import accelerator, budget, ladder_file, plan, profile, score, standing
from eval import suite as suites
from eval.errors import InputError
from eval.ladder import Rung
from eval.plan import Cell
from eval.slurm import queue, submit
from eval.slurm.options import minutes, options, parse
from eval.slurm.pack import parcels
from eval.slurm.submit import Cluster
from eval.slurm.task import Finish
from eval.store import Key, Study
from eval.suite import Benchmark, Size

A100 = accelerator.load("a100-80gb")


def test_options_may_have_commas_in_their_values() -> None:
    text = "partition=gpu,gres=gpu:a100:2,time=4:00:00,exclude=n1,n2,begin=now+1hour"
    given = options(parse(text), "--slurm")
    assert given.parameters == {"partition": "gpu", "gres": "gpu:a100:2", "exclude": "n1,n2"}
    assert (given.minutes, given.gpus, given.more) == (240, 2, {"begin": "now+1hour"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("10:30", 11), ("4:00:00", 240), ("0:00:01", 1), ("2-0", 2880), ("1-2:30", 1590),
     ("1-00:00:30", 1441)],
)  # fmt: skip
def test_time_limits_as_sbatch_reads_them(text: str, expected: int) -> None:
    assert minutes(text, "here") == expected


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"time": 14400}, "in quotes"),
        ({"time": "soon"}, "in quotes"),
        ({"time": "0"}, "no time at all"),
        ({"array": "0-3"}, "set by this program"),
        ({"cpus-per-task": "four"}, "whole number"),
    ],
)
def test_options_that_cannot_be(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        options(given, "p.yaml: slurm")
    with pytest.raises(InputError, match="key=value"):
        parse("gpu")


@pytest.mark.parametrize(
    ("given", "gpus"),
    [("gres=gpu:4", 4), ("gres=gpu", 1), ("gres=gpu:h100:8", 8), ("gpus=h100:2", 2),
     ("gpus-per-node=3", 3), ("mem=4G", 0), ("gres=shard:2,gpu:2", 2)],
)  # fmt: skip
def test_accelerators_of_a_task(given: str, gpus: int) -> None:
    found = options(parse(given), "--slurm")
    assert found.gpus == gpus
    if gpus:
        assert found.with_gpus(6).gpus == 6
    assert found.without_gpus().gpus == 0


def test_more_memory_is_twice_what_was_named_or_all_of_a_node() -> None:
    assert options({"mem": "32G"}, "").with_more_memory().parameters["mem"] == "64G"
    assert options({"mem_per_cpu": "500"}, "").with_more_memory().parameters["mem_per_cpu"] == (
        "1000"
    )
    assert options({}, "").with_more_memory().parameters["mem"] == "0"


def test_shipped_profiles_load_and_own_ones_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    shipped = {path.stem for path in profile.SHIPPED.glob("*.yaml")}
    assert shipped == {"slurm", "laptop"}
    cluster = profile.load("slurm")
    assert cluster.slurm is not None
    assert options(cluster.slurm, "").gpus == 1
    assert profile.load("laptop").workers == 2
    own = tmp_path / "easy-predicts-hard"
    own.mkdir()
    (own / "laptop.yaml").write_text("workers: 7\n")
    assert profile.load("laptop").workers == 7
    (own / "odd.yaml").write_text("slrum: {}\n")
    with pytest.raises(InputError, match="slrum: unknown key"):
        profile.load("odd")
    with pytest.raises(InputError, match=r"profile 'lab': not found"):
        profile.load("lab")


def cell(rung: str, benchmark: str, params: float, items: int = 1000) -> Cell:
    """A cell to pack; only its costs matter."""
    size = Size(items=items, prompt_tokens=800, answer_tokens=200)
    return Cell(
        Rung(name=rung, family="f", hub="a/b", params=params, dtype="bfloat16"),
        Benchmark(name=benchmark, task="t", metric="exact_match", size=size),
        {"identity": 1}, "id", "missing",
    )  # fmt: skip


def test_small_rungs_share_jobs_and_big_ones_stand_alone_with_the_accelerators_they_need() -> None:
    params = {"a": 7e7, "b": 1.6e8, "c": 4e8, "big": 7e10, "huge": 1.8e11}
    cells = [cell(rung, f"b{i}", n) for rung, n in params.items() for i in range(4)]
    found = parcels(cells, A100, hours=2, gpus=1)
    assert Counter(c.key for p in found for c in p.cells) == Counter(c.key for c in cells)
    alone = {p.jobs[0].cells[0].rung.name: p.gpus for p in found if p.gpus > 1}
    # 140 and 360 GB of weights, a tenth more to run, on accelerators of 80: powers of two
    assert alone == {"big": 4, "huge": 8}
    for p in found:
        assert p.gpus == 1 or len({c.rung.name for c in p.cells}) == 1
    small = [p for p in found if p.gpus == 1]
    assert len(small) == 1  # three small rungs in one job
    assert all(p.hours <= 2 or len(p.cells) == 1 for p in found)


def test_no_parcel_is_predicted_to_take_longer_than_its_share() -> None:
    cells = [cell(f"r{i}", f"b{j}", 1e8 * (i + 1), items=500 * (j + 1))
             for i in range(40) for j in range(6)]  # fmt: skip
    found = parcels(cells, A100, hours=0.5, gpus=1)
    assert sorted(str(c.key) for p in found for c in p.cells) == sorted(str(c.key) for c in cells)
    for parcel in found:
        jobs = budget.shares(parcel.cells, A100)
        assert sum(share.hours for share in jobs) == pytest.approx(parcel.hours)
        assert parcel.hours <= 0.5 or len(parcel.cells) == 1
    total = sum(parcel.hours for parcel in found)
    assert len(found) <= 2 * total / 0.5 + 1  # first fit leaves no two bins half empty


def a_cluster(study: Study, **changes: Any) -> Cluster:
    given = options({"time": "240", "gres": "gpu:1", "mem": "32G"}, "")
    fixed = Cluster(suites.load("quick"), study, score.Settings(), given, given.without_gpus(),
                    A100, 0.5)  # fmt: skip
    return replace(fixed, **changes)


def test_arrays_keep_to_the_limits_and_the_rest_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "largest_array", lambda: 7)
    cluster = a_cluster(Study(tmp_path), options=options({"time": "10", "gres": "gpu:1"}, ""))
    cells = [cell(f"r{i}", "b", 1e9, items=3000) for i in range(60)]
    everything, none = submit.arrange(cluster, cells, frozenset(), room=1000)
    tasks = sum(len(array.parcels) for array in everything)
    assert none == []
    assert tasks > 21
    arrays, waiting = submit.arrange(cluster, cells, frozenset(), room=20)
    assert sum(len(array.parcels) for array in arrays) == 20
    assert max(len(array.parcels) for array in arrays) == 7
    here = [c.key for array in arrays for c in array.cells]
    assert sorted(map(str, here + [c.key for c in waiting])) == sorted(str(c.key) for c in cells)


def test_the_last_job_hands_in_what_waits_and_starved_cells_once_with_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(tmp_path)
    cells = [cell(f"r{i}", "b", 1e8) for i in range(4)]
    starved, broken, tried, waiting = cells
    for one, memory in ((starved, True), (broken, False), (tried, True)):
        study.write_error(one.key, {"reason": "r", "identity": "id", "out_of_memory": memory})
    rounds: list[tuple[list[Cell], frozenset[Key]]] = []

    def noted(cluster: Cluster, cells: Any, hungry: frozenset[Key]) -> list[Any]:
        rounds.append((list(cells), hungry))
        return []

    monkeypatch.setattr(submit, "round_of", noted)
    cluster = a_cluster(study)
    Finish(cluster, (starved, broken, tried), (waiting,), frozenset({tried.key}))()
    ((again, hungry),) = rounds
    assert [(c.key, c.state) for c in again] == [
        (waiting.key, "missing"), (starved.key, "failed")
    ]  # fmt: skip
    assert hungry == {tried.key, starved.key}
    monkeypatch.setattr(queue, "config", dict)
    arrays, _ = submit.arrange(cluster, again, hungry, room=10)
    asked = {array.cells[0].key: array.options for array in arrays}
    assert asked[waiting.key].parameters["mem"] == "32G"
    assert asked[starved.key].parameters["mem"] == "64G"
    assert (asked[waiting.key].gpus, asked[starved.key].gpus) == (1, 2)


def test_dry_run_prints_the_scripts_and_writes_nothing(
    tiny: Path, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_ask", lambda *words: None)  # no Slurm here
    done = command("run", tiny / "ladder.yaml", "--out", tmp_path / "s", "--dry-run", "--slurm",
                   "partition=gpu,gres=gpu:1,time=4:00:00,mail-type=END")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
    first, last = done.stdout.split("#!/bin/bash")[1:]
    for line in ("--partition=gpu", "--gres=gpu:1", "--time=240", "--mail-type=END", "--requeue",
                 "--signal=USR2@90"):  # fmt: skip
        assert f"#SBATCH {line}\n" in first
    assert "-m submitit.core._submit" in first
    assert "#SBATCH --dependency=afterany:ARRAY1\n" in last
    assert "gres" not in last
    refused = command("run", tiny / "ladder.yaml", "--dry-run")
    assert refused.returncode == 2


MODELS, CHECKPOINTS = 16, 154


@pytest.fixture
def large(tmp_path: Path) -> plan.Plan:
    """16 models x 154 checkpoints x 12 benchmarks, planned: 29,568 cells."""
    families = [
        {"name": f"m{i}", "rungs": [{
            "name": f"m{i}", "hub": f"owner/m{i}", "params": 1.4e7 * 1.6**i, "dtype": "float16",
            "checkpoints": "step{0,1,2,4,...,512,1000,2000,...,143000}",
            "tokens_per_step": 2097152,
        }]}
        for i in range(MODELS)
    ]  # fmt: skip
    path = tmp_path / "ladder.yaml"
    path.write_text(yaml.safe_dump({"name": "large", "suite": "bundled", "families": families}))
    ladder = ladder_file.load(str(path))
    assert len(ladder.rungs) == MODELS * CHECKPOINTS
    whole = suites.load("bundled")
    suite = whole.model_copy(update={"benchmarks": whole.benchmarks[:12]})
    return plan.make(ladder, suite, Study(tmp_path / "study"), "hf")


def seconds_of(function: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process, so that a busy machine does not fail the test."""
    started = time.process_time()
    result = function()
    return time.process_time() - started, result


def test_thirty_thousand_cells_are_packed_and_surveyed_in_seconds(
    large: plan.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eval.slurm import record
    from eval.verbs.run import describe

    cells = large.to_run()
    assert len(cells) == MODELS * CHECKPOINTS * 12 == 29_568
    monkeypatch.setattr(queue, "config", dict)
    study = large.study
    cluster = a_cluster(study)
    took, (arrays, waiting) = seconds_of(
        lambda: submit.arrange(cluster, cells, frozenset(), room=10_000)
    )
    assert took < 10
    assert waiting == []
    assert sum(len(array.cells) for array in arrays) == 29_568
    assert max(len(array.parcels) for array in arrays) <= 1001
    assert all(p.hours <= 2 or len(p.cells) == 1 for array in arrays for p in array.parcels)

    study.folder.mkdir()
    took, _ = seconds_of(lambda: study.write_text("study.yaml", describe(large, cluster.settings)))
    assert took < 10
    for i, one in enumerate(cells):
        if i % 10 == 0:
            continue
        folder = study.cell(one.key)
        folder.mkdir(parents=True)
        (folder / ("error.json" if i % 100 == 1 else "result.json")).write_text('{"reason": "r"}')
    record.folder(study).mkdir()
    for number, array in enumerate(arrays):
        keys = [[c.key for c in parcel.cells] for parcel in array.parcels]
        record.write(study, str(number + 1), "c", True, keys)
    states = {f"1_{i}": queue.State("PENDING") for i in range(len(arrays[0].parcels))}
    monkeypatch.setattr(queue, "states", lambda jobs: states)
    took, found = seconds_of(lambda: standing.look(study))
    assert took < 10
    counts = found.counts()
    assert sum(counts.values()) == 29_568
    assert counts["done"] == 29_568 - 2957 - 296
    assert 0 < counts["queued"] <= 2957 + 296
    assert all(re.fullmatch(r"\d+_\d+", found_cell.job) for found_cell in found.cells)
