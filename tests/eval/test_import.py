"""lm-eval's output becomes a study: v0.4 as lm-eval writes it, v0.3 as its files look."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.errors import InputError
from eval.store import Key, Study

RUNG = "lfm2-mixed-xs"


def imported(path: Path, out: Path) -> dict:
    done = CliRunner().invoke(
        app, ["import", "lm-eval", str(path), "--out", str(out), "--json"], catch_exceptions=False
    )
    assert done.exit_code == 0
    return json.loads(done.stdout)


def table(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "scores.csv", dtype={"shots": str})


def v03(size: str, step: int, right: int, shots: int = 0, task: str = "arc_easy") -> dict:
    p = right / 100
    return {
        "results": {task: {"acc": p, "acc_stderr": math.sqrt(p * (1 - p) / 99)}},
        "versions": {task: 0},
        "config": {
            "model": "hf-causal", "num_fewshot": shots, "limit": None,
            "model_args": f"use_accelerate=True,pretrained=EleutherAI/pythia-{size},"
                          f"revision=step{step}",
        },
    }  # fmt: skip


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def test_real_results_and_samples(lm_eval_output: Path, tmp_path: Path) -> None:
    [file] = lm_eval_output.rglob("results_*.json")
    theirs = json.loads(file.read_text())["results"]
    said = imported(lm_eval_output, tmp_path / "s")
    assert (said["cells"], said["with_items"], said["left_out"]) == (3, 3, [])
    ours = table(tmp_path / "s").set_index(["benchmark", "metric", "filter"])
    for task, metrics in theirs.items():
        for label, value in metrics.items():
            metric, _, chosen = label.partition(",")
            if chosen and not metric.endswith("_stderr"):
                row = ours.loc[(task, metric, chosen)]
                assert row["score"] == value
                assert row["n"] == 8
    bits = ours.loc["bundled_text"].iloc[0]
    assert bits["stderr"] > 0  # lm-eval writes N/A there
    assert ours.loc["bundled_word_easy", "band"].unique().tolist() == ["grade-school"]
    assert ours["params"].unique().tolist() == [12176]
    items = Study(tmp_path / "s").items(Key(RUNG, "bundled_word_easy"))
    strict = items[items["filter"] == "strict-match"]
    assert strict["score"].mean() == theirs["bundled_word_easy"]["exact_match,strict-match"]
    assert strict["doc_hash"].str.fullmatch("[0-9a-f]{64}").all()


def test_the_study_opens_where_studies_open(lm_eval_output: Path, tmp_path: Path) -> None:
    imported(lm_eval_output, tmp_path / "s")
    runner = CliRunner()
    assert RUNG in runner.invoke(app, ["scores", str(tmp_path / "s")]).stdout
    assert "3 done" in runner.invoke(app, ["status", str(tmp_path / "s")]).stdout


def test_v03_gets_covariates_from_the_ladders_that_ship(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.json", v03("70m", 1000, 30))
    write(tmp_path / "in" / "b.json", v03("160m", 2000, 40))
    said = imported(tmp_path / "in", tmp_path / "s")
    assert said["compute_unknown"] == []
    rows = table(tmp_path / "s").set_index("model")
    first = rows.loc["pythia-70m-step1000"]
    assert first["tokens"] == 1000 * 2_097_152
    assert first["training_run"] == "pythia-70m"
    assert (first["filter"], first["shots"], first["score"]) == ("none", "0", 0.3)
    assert (first["band"], first["chance"]) == ("reasoning", 0.25)  # from a shipped suite


def test_nothing_is_made_up_for_an_unknown_task(tmp_path: Path) -> None:
    imported(write(tmp_path / "a.json", v03("70m", 1, 30, task="riddles")), tmp_path / "s")
    [row] = table(tmp_path / "s").to_dict("records")
    assert all(math.isnan(row[name]) for name in ("chance", "ceiling", "band"))


def test_several_shots_are_several_benchmarks(tmp_path: Path) -> None:
    write(tmp_path / "in" / "0.json", v03("70m", 1000, 30))
    write(tmp_path / "in" / "5.json", v03("70m", 1000, 35, shots=5))
    imported(tmp_path / "in", tmp_path / "s")
    assert set(table(tmp_path / "s")["benchmark"]) == {"arc_easy-0shot", "arc_easy-5shot"}


def test_an_older_run_is_left_out_and_said(tmp_path: Path) -> None:
    for date, right in ((1.0, 30), (2.0, 40)):
        write(tmp_path / "in" / f"{date}.json", v03("70m", 1, right) | {"date": date})
    said = imported(tmp_path / "in", tmp_path / "s")
    assert table(tmp_path / "s")["score"].tolist() == [0.4]
    assert len(said["left_out"]) == 1
    assert "1.0.json [arc_easy]: older than" in said["left_out"][0]


def test_what_is_no_result_is_left_out_and_said(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.json", v03("70m", 1, 30))
    write(tmp_path / "in" / "config.json", {"hidden_size": 4})
    assert "no result of lm-eval" in imported(tmp_path / "in", tmp_path / "s")["left_out"][0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no result file of lm-eval"),
        ({"a": "{"}, "a.json: broken JSON"),
        ({"a": v03("70m", 1, 30), "b": v03("70m", 1, 31)}, "neither newer"),
        ({"a": {**v03("70m", 1, 30), "config": {}}}, "names no model"),
        ({"a": {**v03("70m", 1, 30), "results": {"t": 3}}}, "no table of metrics"),
    ],
)
def test_what_cannot_be_told_is_refused_and_nothing_written(
    tmp_path: Path, files: dict, message: str
) -> None:
    (tmp_path / "in").mkdir()
    for name, document in files.items():
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / "in" / f"{name}.json").write_text(text)
    arguments = ["import", "lm-eval", str(tmp_path / "in"), "--out", str(tmp_path / "s")]
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "s").exists()


def test_samples_of_another_run_are_refused(lm_eval_output: Path, tmp_path: Path) -> None:
    for file in lm_eval_output.rglob("*word_easy*.jsonl"):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        turned = [json.dumps({**row, "exact_match": 1 - row["exact_match"]}) for row in rows]
        (tmp_path / file.name).write_text("\n".join(turned))
    for file in lm_eval_output.rglob("results_*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    arguments = ["import", "lm-eval", str(tmp_path), "--out", str(tmp_path / "s")]
    with pytest.raises(InputError, match="the samples' mean is"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "s").exists()


def test_a_study_of_another_making_is_left_alone(lm_eval_output: Path, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("study: mine\n")
    arguments = ["import", "lm-eval", str(lm_eval_output), "--out", str(tmp_path)]
    with pytest.raises(InputError, match="another making"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
