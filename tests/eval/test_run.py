"""The command line from a ladder to scores.csv, on real (tiny) models."""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from eval import scores

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def scored(tiny: Path, tmp_path_factory: pytest.TempPathFactory, repo: Path) -> Path:
    """The tiny ladder, scored once by two worker processes."""
    out = tmp_path_factory.mktemp("scored") / "study"
    done = subprocess.run(
        [sys.executable, "-m", "eval", "run", str(tiny / "ladder.yaml"), "--out", str(out),
         "--workers", "2", "--json"],
        cwd=repo, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scored_now"] == 9
    return out


def rows(study: Path) -> list[dict[str, str]]:
    with (study / "scores.csv").open() as file:
        return list(csv.DictReader(file))


def without_place(study: Path) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k != "study"} for row in rows(study)]


def test_columns_are_those_of_the_schema(scored: Path, repo: Path) -> None:
    schema = json.loads((repo / "results" / "schema.json").read_text())
    assert list(scores.COLUMNS) == [field["name"] for field in schema["fields"]]


def test_scores_fit_the_schema(scored: Path, repo: Path) -> None:
    from frictionless import Resource, Schema

    schema = json.loads((repo / "results" / "schema.json").read_text())
    report = Resource(
        path="scores.csv", basepath=str(scored), schema=Schema.from_descriptor(schema)
    ).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])


def test_primary_metric_stands_first_and_every_score_has_an_error(scored: Path) -> None:
    found: dict[str, list[str]] = {}
    for row in rows(scored):
        assert float(row["stderr"]) >= 0
        if row["model"] == "small":
            found.setdefault(row["benchmark"], []).append(f"{row['metric']},{row['filter']}")
    assert found == {
        "sums": ["exact_match,flexible-extract", "exact_match,strict-match"],
        "picks": ["acc,none", "acc_norm,none"],
        "text": ["bits_per_byte,none", "word_perplexity,none"],
    }


@pytest.mark.slow
def test_numbers_equal_the_lm_eval_command(tiny: Path, tmp_path: Path, command: Command) -> None:
    """The same model and tasks through the real command: scores, and items one by one."""
    done = subprocess.run(
        [sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args",
         f"pretrained={tiny / 'models' / 'large'},dtype=float32", "--tasks",
         "tiny_sums,tiny_picks,tiny_text",
         "--include_path", str(tiny / "tasks"), "--device", "cpu", "--batch_size", "64",
         "--output_path", str(tmp_path / "theirs"), "--log_samples", "--limit", "12"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    out = tmp_path / "ours"
    ladder = tiny / "ladder.yaml"
    assert command("run", ladder, "--out", out, "--limit", 12, "--workers", 1).returncode == 0
    theirs = json.loads(next((tmp_path / "theirs").glob("**/results_*.json")).read_text())
    for name in ("sums", "picks", "text"):
        cell = out / "cells" / "large" / name
        ours = json.loads((cell / "result.json").read_text())
        mine, other = (r["results"][f"tiny_{name}"] for r in (ours, theirs))
        assert {k: v for k, v in mine.items() if k != "alias"} == pytest.approx(
            {k: v for k, v in other.items() if k != "alias"}, nan_ok=True
        )
        samples = next((tmp_path / "theirs").glob(f"**/samples_tiny_{name}_*.jsonl"))
        lines = [json.loads(line) for line in samples.read_text().splitlines()]
        items = pd.read_parquet(cell / "items.parquet")
        items = items.drop_duplicates(["doc", "filter"])
        assert len(items) == len(lines)
        for line, item in zip(lines, items.itertuples(), strict=True):
            assert (line["doc_id"], line["filter"]) == (item.doc, item.filter)
            assert (line["doc_hash"], line["prompt_hash"]) == (item.doc_hash, item.prompt_hash)
            if name == "sums":
                assert line["resps"][0][0] == item.response
                assert line["filtered_resps"][0] == item.answer


def test_one_process_gives_what_two_give_and_a_second_run_does_nothing(
    scored: Path, tiny: Path, tmp_path: Path, command: Command
) -> None:
    out = tmp_path / "study"
    first = command("run", tiny / "ladder.yaml", "--out", out, "--workers", 1, "--json")
    assert first.returncode == 0, first.stderr
    assert without_place(out) == without_place(scored)
    written = {p: p.stat().st_mtime_ns for p in out.glob("cells/*/*/*")}
    again = command("run", tiny / "ladder.yaml", "--out", out, "--json")
    assert json.loads(again.stdout)["scored_now"] == 0
    assert {p: p.stat().st_mtime_ns for p in out.glob("cells/*/*/*")} == written
    plan = json.loads(command("plan", tiny / "ladder.yaml", "--out", out, "--json").stdout)
    assert plan["counts"] == {"done": 9, "missing": 0, "failed": 0, "changed": 0}
    # the identity planned is the one read back
    for cell in plan["cells"]:
        path = out / "cells" / cell["rung"] / cell["benchmark"] / "result.json"
        assert json.loads(path.read_text())["cell"]["identity"] == cell["identity"]


def test_a_cell_says_what_its_engine_did_and_another_engine_says_nothing(
    scored: Path, tiny: Path, tmp_path: Path, command: Command
) -> None:
    """On a model with an attention window, which the longest prompts do not fit into."""
    from transformers import AutoTokenizer, MistralConfig, MistralForCausalLM

    for path in (scored / "cells").glob("*/*/result.json"):
        found = json.loads(path.read_text())["cell"]["engine"]
        assert found["tokens_asked"] > 0 < found["logits"]
        assert found["fallbacks"] == {}
    model = MistralForCausalLM(
        MistralConfig(
            vocab_size=115, hidden_size=16, intermediate_size=32, num_hidden_layers=2, head_dim=8,
            num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=256,
            sliding_window=38, bos_token_id=1, eos_token_id=1, initializer_range=0.3,
        )
    )  # fmt: skip
    model.save_pretrained(tmp_path / "windowed")
    AutoTokenizer.from_pretrained(tiny / "models" / "small").save_pretrained(tmp_path / "windowed")
    cells = {}
    for engine in ("shared-prefix", "hf"):
        run = ("run", "--models", tmp_path / "windowed", "--suite", tiny / "suite.yaml",
               "--engine", engine, "--workers", 1, "--out", tmp_path / engine)  # fmt: skip
        done = command(*run)
        assert done.returncode == 0, done.stderr
        for path in (tmp_path / engine / "cells").glob("*/*/result.json"):
            cells[engine, path.parent.name] = json.loads(path.read_text())["cell"]
        if engine == "shared-prefix":
            assert "requests as lm-eval's hf: sequences longer than the model's" in done.stderr
    assert all(cells["hf", name]["engine"] is None for name in ("sums", "picks", "text"))
    ours = {name: cells["shared-prefix", name]["engine"]["fallbacks"] for name in ("sums", "picks")}
    ((reason, count),) = ours["sums"].items()
    assert "attention window of 38 tokens" in reason
    assert count == 20  # three shots of 9 words, a question of 8, and room for 8 more
    assert ours["picks"] == {}
    assert cells["shared-prefix", "sums"]["scores"] == cells["hf", "sums"]["scores"]


def test_scores_are_rebuilt_from_cells_to_the_same_bytes(scored: Path, command: Command) -> None:
    before = (scored / "scores.csv").read_bytes()
    (scored / "scores.csv").unlink()
    assert command("scores", scored, "--rebuild").returncode == 0
    assert (scored / "scores.csv").read_bytes() == before


def test_a_bad_model_fails_its_cells_and_the_rest_goes_on(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny, folder)
    weights = folder / "models" / "small" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    out = tmp_path / "study"
    run = ("run", folder / "ladder.yaml", "--out", out, "--workers", 1, "--json")
    first = command(*run)
    assert first.returncode == 1
    assert json.loads(first.stdout)["failed_now"] == 3
    assert {row["model"] for row in rows(out)} == {"other", "large"}
    status = json.loads(command("status", out, "--json").stdout)
    assert {cell["rung"] for cell in status["failed"]} == {"small"}
    assert "loading the model" in status["failed"][0]["reason"]
    # left alone until asked
    assert json.loads(command(*run).stdout)["scored_now"] == 0
    weights.write_bytes(whole)  # other bytes, another identity: scored without being asked
    assert json.loads(command(*run).stdout)["scored_now"] == 3


def test_ctrl_c_leaves_whole_cells_and_the_same_command_goes_on(
    scored: Path, tiny: Path, tmp_path: Path, command: Command, repo: Path
) -> None:
    out = tmp_path / "study"
    arguments = [sys.executable, "-m", "eval", "run", str(tiny / "ladder.yaml"), "--out", str(out),
                 "--workers", "2"]  # fmt: skip
    process = subprocess.Popen(arguments, cwd=repo, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(out.glob("cells/*/*/result.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, 130), said  # 0: it had just finished
    for cell in out.glob("cells/*/*"):
        assert {p.name for p in cell.iterdir()} == {"result.json", "items.parquet"}
    assert command("run", tiny / "ladder.yaml", "--out", out, "--workers", 1).returncode == 0
    assert without_place(out) == without_place(scored)


def test_truth_is_copied_and_the_study_describes_itself(
    tiny: Path, tmp_path: Path, command: Command
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny, folder)
    ladder = yaml.safe_load((folder / "ladder.yaml").read_text())
    (folder / "truth.yaml").write_text("effect: 1\n")
    ladder |= {"truth": "truth.yaml", "families": ladder["families"][1:]}
    (folder / "ladder.yaml").write_text(yaml.safe_dump(ladder))
    out = tmp_path / "study"
    assert command("run", folder / "ladder.yaml", "--out", out, "--limit", 4).returncode == 0
    assert (out / "truth.yaml").read_text() == "effect: 1\n"
    about = yaml.safe_load((out / "study.yaml").read_text())
    assert [b["limit"] for b in about["suite"]["benchmarks"]] == [4, 4, 4]
    assert about["software"]["versions"]["lm_eval"]
    assert about["ladder"]["rungs"][0]["name"] == "other"


@pytest.mark.parametrize(("driver", "found"), [(True, 3), (False, 0)])
def test_torch_is_asked_for_accelerators_where_a_driver_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: bool, found: int
) -> None:
    import torch

    from eval import run as runs

    asked = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: asked.append("torch") or 3)
    monkeypatch.setattr(runs, "DRIVERS", ("/nowhere", str(tmp_path if driver else "/nowhere")))
    monkeypatch.setattr(sys, "platform", "linux")
    assert runs._accelerators() == found
    assert asked == (["torch"] if driver else [])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "bundle"], "ladder 'bundle': not found"),
        (["run", "{tiny}/ladder.yaml", "--suite", "nope"], "suite 'nope': not found"),
        (["run", "{tiny}/ladder.yaml", "--out", "{tiny}/suite.yaml/x"], "give a writable --out"),
        (["status", "{tiny}"], "study.yaml: not found"),
        (["run", "{tiny}/bad.yaml"], "bad.yaml: line 2"),
        (["run", "{tiny}/ladder.yaml", "--suite", "{tiny}/unknown.yaml"], "task 'tiny_sum': not"),
        (["run", "{tiny}/ladder.yaml", "--engine", "nope"], "engine 'nope': not found"),
    ],
)
def test_bad_input_is_one_line_status_two_and_nothing_written(
    tiny: Path, tmp_path: Path, command: Command, arguments: list[str], says: str
) -> None:
    (tiny / "bad.yaml").write_text("name: x\n  families: [")
    suite = (tiny / "suite.yaml").read_text().replace("task: tiny_sums", "task: tiny_sum")
    (tiny / "unknown.yaml").write_text(suite)
    done = command(*[a.format(tiny=tiny) for a in arguments])
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_command_itself_prints_one_line_and_exits_two(repo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eval", "run", "bundle"], cwd=repo, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ladder 'bundle': not found")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
