"""What goes wrong on real machines: each leaves a clear reason, whole cells, and a way on."""

import gc
import json
import math
import shutil
import subprocess
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval import score
from eval.answers import Answers

Command = Callable[..., Any]


@pytest.fixture
def house(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the tiny ladder that a test may spoil."""
    return Path(shutil.copytree(tiny, tmp_path / "house"))


def status(command: Command, out: Path) -> dict[str, str]:
    failed = json.loads(command("status", out, "--json").stdout)["failed"]
    return {f"{cell['rung']}/{cell['benchmark']}": cell["reason"] for cell in failed}


def spoil(folder: Path, what: str) -> None:
    """Damage a model folder."""
    weights = folder / "model.safetensors"
    if what == "truncated weights":
        weights.write_bytes(weights.read_bytes()[:5000])
    elif what == "no tokenizer":
        for path in folder.glob("tokenizer*"):
            path.unlink()
    elif what == "no weights":
        weights.unlink()
    else:
        from safetensors.torch import load_file, save_file

        tensors = load_file(weights)
        name = "lm_head.weight" if what == "one bad row" else "model.norm.weight"
        tensors[name].view(-1)[3] = math.nan
        save_file(tensors, weights, metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("truncated weights", "loading the model"),
        ("no weights", "loading the model"),
        ("no tokenizer", "loading the model"),
        ("bad everywhere", "the model gives no numbers"),
        ("one bad row", "the model gives no numbers"),
    ],
)
def test_a_damaged_model_fails_its_cells_with_the_reason(
    what: str, says: str, house: Path, command: Command
) -> None:
    spoil(house / "models" / "small", what)
    out = house / "study"
    done = command("run", house / "ladder.yaml", "--out", out, "--workers", 1, "--limit", 4)
    assert done.returncode == 1
    reasons = status(command, out)
    assert set(reasons) == {"small/sums", "small/picks", "small/text"}
    for reason in reasons.values():
        assert says in reason
        assert "\n" not in reason
    assert len(list(out.glob("cells/*/*/result.json"))) == 6  # the others went on
    assert not list(out.glob("cells/*/.*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"cannot mount a file system here: {error}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def remount(place: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(place)], check=True)


def test_a_full_disk_stops_the_run_and_more_space_lets_it_go_on(
    tiny: Path, small_disk: Path, command: Command
) -> None:
    out = small_disk / "study"
    run = ("run", tiny / "ladder.yaml", "--out", out, "--workers", 1, "--json")
    # room for some cells, not for all
    (small_disk / "ballast").write_bytes(b"x" * 280_000)
    done = command(*run)
    assert done.returncode == 2, done.stdout
    assert "No space left" in done.stderr
    assert "free some space" in done.stderr
    whole = list(out.glob("cells/*/*/result.json"))
    assert 0 < len(whole) < 9
    for path in whole:
        assert json.loads(path.read_text())["cell"]["status"] == "done"
        assert (path.parent / "items.parquet").stat().st_size
    assert not list(out.glob("cells/*/*/error.json"))  # it is no fault of a cell
    assert not list(out.glob("cells/*/.*.tmp"))
    (small_disk / "ballast").unlink()
    again = command(*run)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["scored_now"] == 9 - len(whole)


def test_a_read_only_folder_is_refused_before_anything_is_loaded(
    tiny: Path, small_disk: Path, command: Command
) -> None:
    remount(small_disk, "ro")
    done = command("run", tiny / "ladder.yaml", "--out", small_disk / "study")
    assert done.returncode == 2
    assert "Read-only file system" in done.stderr
    assert "--out" in done.stderr


def one_model(tiny: Path, engine: str = "hf", **more: Any) -> Any:
    from eval.ladder import Rung

    rung = Rung(name="small", family="f", path=tiny / "models" / "small", dtype="float32", **more)
    return score.load(rung, score.Settings(engine=engine, device="cpu"))


def choices(count: int) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [Instance("loglikelihood", {}, (f"{k} is", f" {k + 1}"), k) for k in range(count)]


def test_memory_that_runs_out_halves_the_batch_and_changes_nothing(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = one_model(tiny)
    expected = Answers(lm).loglikelihood(choices(12))
    assert lm.batch_size_per_gpu > 3
    call, sizes = lm._model_call, []

    def little_memory(inputs: Any, *more: Any, **options: Any) -> Any:
        sizes.append(len(inputs))
        if len(inputs) > 3:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return call(inputs, *more, **options)

    monkeypatch.setattr(lm, "_model_call", little_memory)
    found = Answers(lm).loglikelihood(choices(12))
    assert max(sizes) > 3 >= lm.batch_size_per_gpu
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]
    assert [v for v, _ in found] == pytest.approx([v for v, _ in expected], abs=1e-4)


def test_no_memory_for_a_single_request_is_an_error(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = one_model(tiny)

    def no_memory(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("CUDA out of memory.")

    monkeypatch.setattr(lm, "_model_call", no_memory)
    with pytest.raises(RuntimeError, match="out of memory"):
        Answers(lm).loglikelihood(choices(3))


def test_the_batch_follows_the_memory_that_is_free(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eval import fitting
    from eval.engines import memory

    lm = one_model(tiny)
    sizes = []
    for free in (1e5, 1e7, 1e12):
        monkeypatch.setattr(memory, "free_bytes", lambda device, free=free: free)
        fitting.set_batch(lm, longest=100)
        sizes.append(lm.batch_size_per_gpu)
    assert sizes[0] < sizes[1] <= sizes[2] == fitting.MOST_ROWS
    assert sizes[0] >= 1


def test_a_model_is_freed_before_the_next_is_loaded(
    tiny: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, models = score.load, []

    def watched(*arguments: Any) -> Any:
        gc.collect()
        assert not [ref for ref in models if ref() is not None]
        lm = load(*arguments)
        models.append(weakref.ref(lm.model))
        return lm

    monkeypatch.setattr(score, "load", watched)
    out = tmp_path / "study"
    done = command("run", tiny / "ladder.yaml", "--out", out, "--workers", 1, "--limit", 4)
    assert done.returncode == 0, done.stderr
    assert len(models) == 3


def test_a_damaged_journal_costs_its_damaged_part_alone(tmp_path: Path) -> None:
    from eval.journal import Journal

    journal = Journal(tmp_path / "cells" / ".j", "one")
    assert journal.read() == {}
    journal.add({"a": [-1.5, True]})
    journal.add({"b": "text\nof two lines"})
    assert journal.read() == {"a": [-1.5, True], "b": "text\nof two lines"}
    whole = journal.path.read_bytes()
    for cut in range(1, len(whole)):
        journal.path.write_bytes(whole[:-cut])
        found = journal.read()
        assert found.items() <= {"a": [-1.5, True], "b": "text\nof two lines"}.items()
        assert journal.read() == found
    journal.path.write_bytes(whole)
    assert Journal(journal.path, "two").read() == {}  # another identity's answers are no answers
    assert not journal.path.exists()


def test_arguments_for_speed_leave_the_identity_alone(tiny: Path) -> None:
    from eval import identity
    from eval.ladder import Rung
    from eval.suite import Benchmark

    def name(**arguments: Any) -> str:
        rung = Rung(name="r", family="f", hub="o/r", engine="vllm", engine_args=arguments)
        benchmark = Benchmark(name="b", task="t", metric="acc")
        return identity.name(identity.content(rung, benchmark, "d", "hf"))

    assert name() == name(tensor_parallel_size=4, gpu_memory_utilization=0.8)
    assert name() != name(quantization="awq")


def test_vllm_gets_what_the_ladder_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine itself needs an accelerator; what it is given does not."""
    from eval import engines
    from eval.ladder import Rung

    given: dict[str, Any] = {}
    monkeypatch.setattr(
        engines, "load", lambda engine, place, **more: given.update(more, engine=engine, at=place)
    )
    rung = Rung(
        name="r", family="f", hub="owner/model", revision="step1", dtype="bfloat16",
        engine="vllm", engine_args={"tensor_parallel_size": 2, "max_model_len": 4096},
    )  # fmt: skip
    score.load(rung, score.Settings(device="cuda"))
    assert given == {
        "engine": "vllm", "at": "owner/model", "revision": "step1", "dtype": "bfloat16",
        "device": "cuda", "batch_size": "auto", "tensor_parallel_size": 2, "max_model_len": 4096,
    }  # fmt: skip


def test_a_suite_file_may_redirect_data(tmp_path: Path) -> None:
    from eval import suite

    (tmp_path / "suite.yaml").write_text(
        yaml.safe_dump({
            "name": "s", "data": {"openai/gsm8k": "data"},
            "benchmarks": [{"name": "g", "task": "gsm8k_cot", "metric": "exact_match"}],
        })
    )  # fmt: skip
    assert suite.load(str(tmp_path / "suite.yaml")).data == {"openai/gsm8k": tmp_path / "data"}
