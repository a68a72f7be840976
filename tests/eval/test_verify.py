"""What 'verify' must see, and what 'export' writes: to the line what lm-eval writes itself."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import items, replay

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def original(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scored study of one rung and its models and tasks, to be copied."""
    from typer.testing import CliRunner

    from eval.cli import app

    folder = tmp_path_factory.mktemp("verified") / "house"
    shutil.copytree(tiny, folder)
    model, suite, out = folder / "models" / "small", folder / "suite.yaml", folder / "study"
    arguments = ["run", "--models", model, "--suite", suite, "--out", out, "--workers", 1]
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def study(original: Path, tmp_path: Path) -> Path:
    """A copy of the study that a test may spoil; models and tasks stay where they are."""
    return Path(shutil.copytree(original / "study", tmp_path / "study"))


def faults(command: Command, study: Path, *more: str) -> dict[str, str]:
    done = command("verify", study, "--json", *more)
    found = json.loads(done.stdout)
    assert done.returncode == bool(found["faults"])
    assert found["cells"] == 3
    texts: dict[str, str] = {}
    for fault in found["faults"]:
        texts[fault["place"]] = texts.get(fault["place"], "") + fault["text"] + "; "
    return texts


def result_of(study: Path, name: str) -> tuple[Path, dict[str, Any]]:
    path = study / "cells" / "small" / name / "result.json"
    return path, json.loads(path.read_text())


def test_a_study_left_alone_has_no_faults(study: Path, command: Command) -> None:
    assert faults(command, study) == {}
    assert faults(command, study, "--replay") == {}
    said = command("verify", study).stdout
    assert "3 cells, 6 scores computed again" in said


def test_other_items_are_seen_even_under_their_own_hash(study: Path, command: Command) -> None:
    cell = study / "cells" / "small" / "picks"
    table = pd.read_parquet(cell / "items.parquet")
    table.loc[0, "score"] = 1 - table.loc[0, "score"]
    table.to_parquet(cell / "items.parquet", index=False)
    assert "not the file that was written" in faults(command, study)["small / picks"]
    from eval.store import hash_of

    path, result = result_of(study, "picks")
    path.write_text(json.dumps(result | {"items_sha256": hash_of(cell / "items.parquet")}))
    assert "are said" in faults(command, study)["small / picks"]


def test_a_score_that_its_items_do_not_give_is_seen(study: Path, command: Command) -> None:
    path, result = result_of(study, "text")
    result["cell"]["scores"][0]["score"] *= 0.99
    path.write_text(json.dumps(result))
    found = faults(command, study)
    assert "bits_per_byte, none" in found["small / text"]
    assert "scores.csv" in found  # which now says otherwise


def test_responses_that_give_another_score_are_seen_by_replay(
    study: Path, command: Command
) -> None:
    """Items and hashes agree with each other, but not with what the model said."""
    from eval.store import hash_of

    cell = study / "cells" / "small" / "picks"
    table = pd.read_parquet(cell / "items.parquet")
    wrong = table[(table["metric"] == "acc") & (table["score"] == 0)].iloc[0]
    answers = [[[0.0 if n == int(wrong["target"]) else -9.0, False]] for n in range(3)]
    table.loc[table["doc"] == wrong["doc"], "response"] = items.packed(answers)
    table.to_parquet(cell / "items.parquet", index=False)
    path, result = result_of(study, "picks")
    path.write_text(json.dumps(result | {"items_sha256": hash_of(cell / "items.parquet")}))
    assert faults(command, study) == {}
    assert "its responses give" in faults(command, study, "--replay")["small / picks"]


def test_hashes_identities_and_places_are_checked(study: Path, command: Command) -> None:
    path, result = result_of(study, "sums")
    result["cell"]["identity_of"]["dtype"] = "bfloat16"
    path.write_text(json.dumps(result))
    path, result = result_of(study, "picks")
    result["cell"]["prompt_hash"] = "0" * 20
    path.write_text(json.dumps(result))
    (study / "cells" / "small" / "text" / "items.parquet").unlink()
    found = faults(command, study)
    assert "is not that of what it hashes" in found["small / sums"]
    assert "prompt_hash" in found["small / picks"]
    assert "missing" in found["small / text"]
    path.write_text("{")  # and the others are still looked at
    assert "result.json" in faults_of_unreadable(command, study)


def faults_of_unreadable(command: Command, study: Path) -> str:
    found = json.loads(command("verify", study, "--json").stdout)
    return " ".join(fault["text"] for fault in found["faults"])


def test_a_cell_in_another_place_is_seen(study: Path, command: Command) -> None:
    cells = study / "cells" / "small"
    shutil.rmtree(cells / "text")
    shutil.copytree(cells / "picks", cells / "text")
    assert "another cell's" in faults(command, study)["small / text"]


def test_models_and_tasks_that_changed_since_are_seen(
    original: Path, tmp_path: Path, command: Command
) -> None:
    house = Path(shutil.copytree(original, tmp_path / "house"))
    described = (house / "study" / "study.yaml").read_text()
    (house / "study" / "study.yaml").write_text(described.replace(str(original), str(house)))
    for name in ("sums", "picks", "text"):
        path, _ = result_of(house / "study", name)
        path.write_text(path.read_text().replace(str(original), str(house)))
    task = house / "tasks" / "tiny_sums.yaml"
    task.write_text(task.read_text().replace("Q : {{", "Query : {{"))
    found = faults(command, house / "study", "--replay")
    assert set(found) == {"small / sums"}
    assert "not defined as it was" in found["small / sums"]
    weights = house / "models" / "small" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert "the weights are not those" in faults(command, house / "study")["small / picks"]


@given(st.lists(st.lists(st.text(), min_size=1, max_size=3), min_size=1, max_size=3))
def test_responses_come_back_as_they_were(responses: list[list[str]]) -> None:
    assert replay.unpacked(items.packed(responses)) == responses


@given(st.floats(allow_nan=False), st.booleans())
def test_log_likelihoods_come_back_as_they_were(value: float, greedy: bool) -> None:
    assert replay.unpacked(items.packed([[(value, greedy)]])) == [[[value, greedy]]]


def test_exported_files_are_those_lm_eval_writes(
    original: Path, study: Path, tmp_path: Path, command: Command
) -> None:
    from lm_eval import evaluator
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from lm_eval.utils import make_table

    done = command("export", study, "--out", tmp_path / "ours")
    assert done.returncode == 0, done.stderr
    tracker = EvaluationTracker(output_path=str(tmp_path / "theirs"))
    model = HFLM(str(original / "models" / "small"), dtype="float32", device="cpu", batch_size=64)
    results = evaluator.simple_evaluate(
        model, tasks=["tiny_picks", "tiny_text"], log_samples=True,
        task_manager=TaskManager(include_path=str(original / "tasks"), include_defaults=False),
        evaluation_tracker=tracker,
    )  # fmt: skip
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for task in samples:
        tracker.save_results_samples(task_name=task, samples=samples[task])
        ours, theirs = (next((tmp_path / who).glob(f"**/samples_{task}_*.jsonl"))
                        for who in ("ours", "theirs"))  # fmt: skip
        lines = [[json.loads(line) for line in path.read_text().splitlines()]
                 for path in (ours, theirs)]  # fmt: skip
        assert len(lines[0]) == len(lines[1])
        for mine, other in zip(*lines, strict=True):
            mine["resps"], other["resps"] = (rounded(s["resps"]) for s in (mine, other))
            mine["filtered_resps"], other["filtered_resps"] = (
                rounded(s["filtered_resps"]) for s in (mine, other)
            )
            for sample in (mine, other):  # log-likelihoods of two engines, to the last digits
                for metric in sample["metrics"]:
                    if isinstance(sample[metric], list):
                        sample[metric] = [round(float(x), 3) for x in sample[metric]]
            assert mine == other
    ours = json.loads(next((tmp_path / "ours").glob("**/results_*.json")).read_text())
    theirs = json.loads(next((tmp_path / "theirs").glob("**/results_*.json")).read_text())
    assert ours["task_hashes"].items() >= theirs["task_hashes"].items()
    for task in samples:
        assert ours["results"][task] == pytest.approx(theirs["results"][task], nan_ok=True)
        for part in ("n-shot", "versions", "n-samples", "higher_is_better"):
            assert ours[part][task] == theirs[part][task]
    assert "tiny_sums" in make_table(ours)
    one = json.loads((study / "cells" / "small" / "picks" / "result.json").read_text())
    assert "tiny_picks" in make_table(one)


def rounded(value: Any) -> Any:
    """Numbers, of which lm-eval writes text, to three places."""
    if isinstance(value, list):
        return [rounded(v) for v in value]
    try:
        return round(float(value), 3)
    except (TypeError, ValueError):
        return value


def test_exports_are_read_as_lm_eval_folders(study: Path, tmp_path: Path, command: Command) -> None:
    from correlate import sources

    assert command("export", study, "--out", tmp_path / "ours").returncode == 0
    panel = sources.load(tmp_path / "ours")
    assert set(panel.scores["benchmark"]) >= {"tiny_sums", "tiny_picks", "tiny_text"}
