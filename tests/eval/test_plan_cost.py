"""What a plan says a run will take: cases computed by hand, and no network when told so."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eval import accelerator, budget, cost
from eval.accelerator import Accelerator
from eval.ladder import Rung
from eval.suite import Benchmark, Size

ROUND = Accelerator(
    name="round", flops=2.5e12, memory=1e11, bandwidth=2e12, layer_seconds=1e-9, source="made up"
)


def rung(**more: Any) -> Rung:
    return Rung(
        **{"name": "r", "family": "f", "hub": "o/r", "params": 1e9, "dtype": "float16"} | more
    )


def benchmark(metric: str, **more: Any) -> Benchmark:
    size = Size(items=100, prompt_tokens=400, answer_tokens=50)
    return Benchmark(**{"name": "b", "task": "t", "metric": metric, "size": size} | more)


def test_a_likelihood_reads_prompt_and_answer() -> None:
    found = cost.predict(rung(), benchmark("acc"), ROUND)
    assert (found.items, found.read, found.written) == (100, 45_000, 0)
    assert found.flops == pytest.approx(9e13)  # 2 x 1e9 x 45,000
    # at 40 % of 2.5e12 a second: 90 s, and a millisecond an item
    assert found.hours * 3600 == pytest.approx(90.1)
    assert not found.guessed


def test_an_answer_is_written_step_by_step() -> None:
    found = cost.predict(rung(), benchmark("exact_match"), ROUND)
    assert (found.read, found.written) == (40_000, 5_000)
    # reading 2 GB at half of 2e12 takes 2 ms; 64 rows' 1.28e11 operations at 1e12 a second, 128 ms
    assert found.hours * 3600 == pytest.approx(80 + 5_000 / 64 * 0.128 + 0.1)


def test_limits_cut_and_active_parameters_count() -> None:
    found = cost.predict(rung(active_params=1e8), benchmark("acc", limit=10), ROUND)
    assert found.items == 10
    assert found.flops == pytest.approx(2 * 1e8 * 4_500)
    whole = cost.predict(rung(), benchmark("acc"), ROUND)
    assert found.memory > whole.memory / 2  # all parameters are held, active or not


def test_weights_make_up_the_memory_of_large_models() -> None:
    half = cost.predict(rung(params=7e10), benchmark("acc"), ROUND).memory
    full = cost.predict(rung(params=7e10, dtype="float32"), benchmark("acc"), ROUND).memory
    assert 1.4e11 < half < 1.7e11
    assert full == pytest.approx(2 * half, rel=0.01)


def test_what_is_not_known_is_called_a_guess() -> None:
    assert cost.predict(rung(), benchmark("acc", size=None), ROUND).guessed
    assert cost.predict(rung(params=None), benchmark("acc"), ROUND).guessed


def test_layers_are_about_those_of_llama_2() -> None:
    """7b, 13b, 70b have 32, 40 and 80."""
    for params, layers in ((6.74e9, 32), (1.3e10, 40), (6.9e10, 80)):
        assert cost.layers(params) == pytest.approx(layers, rel=0.25)


@given(
    st.floats(1e6, 1e12), st.integers(1, 10**5), st.integers(0, 10**4), st.integers(1, 10**4),
    st.sampled_from(["acc", "exact_match", "bits_per_byte"]),
)  # fmt: skip
def test_more_of_anything_never_costs_less(
    params: float, items: int, prompt: int, answer: int, metric: str
) -> None:
    def predict(scale: int, grow: int) -> cost.Cost:
        size = Size(items=items * grow, prompt_tokens=prompt * grow, answer_tokens=answer * grow)
        return cost.predict(
            rung(params=params * scale), benchmark(metric, size=size), accelerator.load("h100")
        )

    base = predict(1, 1)
    for other in (predict(2, 1), predict(1, 2)):
        for field in ("items", "read", "written", "flops", "hours", "memory", "disk"):
            assert getattr(other, field) >= getattr(base, field) * (1 - 1e-9)


def test_a_local_model_is_not_downloaded(tmp_path: Path) -> None:
    assert cost.loading(rung(hub=None, path=tmp_path)).download == 0
    assert cost.loading(rung()).download == pytest.approx(2e9)


def test_the_gpu_here_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA A100-SXM4-80GB, 81920'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    accelerator.here.cache_clear()
    found = accelerator.here()
    monkeypatch.undo()
    accelerator.here.cache_clear()
    assert (found.name, found.memory) == ("NVIDIA A100-SXM4-80GB", 81920 * 2**20)
    assert found.flops == accelerator.load("a100-80gb").flops


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Attempts to reach the network; each fails."""
    made: list[Any] = []

    def refuse(*arguments: Any, **options: Any) -> Any:
        made.append(arguments)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return made


GATED = ("--suite", "quick", "--json", "--accelerator", "h100")


def test_offline_reaches_for_nothing_and_names_gates(
    command: Callable[..., Any], calls: list[Any]
) -> None:
    done = command("plan", "gemma", *GATED, "--offline")
    assert done.returncode == 0, done.stderr
    assert not calls
    warned = json.loads(done.stdout)["warnings"]
    assert any("gated (Gemma)" in w and "google/gemma-2-2b" in w for w in warned)


def test_a_hub_out_of_reach_leaves_the_plan_standing(
    command: Callable[..., Any], calls: list[Any]
) -> None:
    done = command("plan", "gemma", *GATED)
    assert done.returncode == 0, done.stderr
    assert calls
    assert any("access not checked" in w for w in json.loads(done.stdout)["warnings"])


def test_sums_are_those_of_the_cells(command: Callable[..., Any], tiny: Path) -> None:
    done = command("plan", tiny / "ladder.yaml", "--json", "--offline", "--accelerator", "t4")
    found = json.loads(done.stdout)
    costs = [cell["cost"] for cell in found["cells"]]
    assert found["total"]["cells"] == len(costs) == 9
    assert found["total"]["tokens"] == sum(c["read"] + c["written"] for c in costs)
    assert found["total"]["hours"] > sum(c["hours"] for c in costs)  # models are loaded as well
    assert found["accelerator"]["name"] == "t4"
    assert any("sums" in w and "size" in w for w in found["warnings"])


def test_a_model_larger_than_the_machine_is_named(tmp_path: Path, command: Any) -> None:
    ladder = {
        "name": "huge", "suite": "quick",
        "families": [{"name": "f", "rungs": [
            {"name": "huge", "hub": "o/huge", "params": 4e11},
            {"name": "fine", "hub": "o/fine", "params": 1e9},
        ]}],
    }  # fmt: skip
    (tmp_path / "huge.yaml").write_text(yaml.safe_dump(ladder))
    done = command("plan", tmp_path / "huge.yaml", "--accelerator", "h200", "--offline", "--json")
    (warned,) = json.loads(done.stdout)["warnings"]
    assert "huge" in warned
    assert "fine" not in warned


def test_shares_hold_each_rung_once(command: Callable[..., Any], tiny: Path) -> None:
    from eval import request

    plan = request.plan(str(tiny / "ladder.yaml"), None, Path("x"), None, "shared-prefix")
    found = budget.shares(plan.to_run(), ROUND)
    assert [s.rung.name for s in found] == ["small", "large", "other"]
    assert sum(len(s.cells) for s in found) == 9
