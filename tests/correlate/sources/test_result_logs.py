"""Result files of lm-eval v0.3 and v0.4 and of lighteval, as folders and as single files."""

import json
import math
from pathlib import Path

import pytest

from correlate.errors import InputError
from correlate.panel import Panel
from correlate.sources import load
from correlate.sources.lm_eval import model_arguments

TOKENS_PER_STEP = 2_097_152


def dump(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def v03(size: str, step: int, correct: int, n: int = 651, shots: int = 0) -> dict:
    p = correct / n
    score = {"acc": p, "acc_stderr": math.sqrt(p * (1 - p) / (n - 1))}
    return {
        "results": {"logiqa": score, "arc_easy": {"acc": 0.3, "acc_stderr": 0.01}},
        "versions": {"logiqa": 0, "arc_easy": 0},
        "config": {
            "model": "hf-causal",
            "model_args": f"use_accelerate=True,pretrained=EleutherAI/pythia-v1.1-{size},"
            f"revision=step{step}",
            "num_fewshot": shots,
            "limit": None,
        },
    }


def v04(score: float, date: float = 1.0, n: int = 100) -> dict:
    return {
        "results": {
            "gsm8k": {
                "alias": "gsm8k",
                "exact_match,strict-match": score,
                "exact_match_stderr,strict-match": 0.02,
                "exact_match,flexible-extract": score + 0.1,
                "exact_match_stderr,flexible-extract": "N/A",
            }
        },
        "n-shot": {"gsm8k": 5},
        "n-samples": {"gsm8k": {"original": 1319, "effective": n}},
        "versions": {"gsm8k": 3},
        "task_hashes": {"gsm8k": "abc"},
        "config": {"model": "hf", "model_args": {"pretrained": "org/m-1b", "revision": "main"},
                   "limit": n},
        "date": date,
    }  # fmt: skip


def rules(panel: Panel) -> dict[str, tuple[str, ...]]:
    return {f.rule: f.rows for f in panel.findings}


def test_v03_checkpoints_get_size_tokens_compute_and_run(tmp_path: Path) -> None:
    dump(tmp_path / "a" / "70m_step1000.json", v03("70m", 1000, 151))
    dump(tmp_path / "b" / "12b_step512.json", v03("12b", 512, 170))
    rows = load(tmp_path).scores
    first = rows[(rows["revision"] == "step1000") & (rows["benchmark"] == "LogiQA")].iloc[0]
    assert first["params"] == 70_426_624
    assert first["tokens"] == 1000 * TOKENS_PER_STEP
    assert first["flops"] == 6 * 70_426_624 * 1000 * TOKENS_PER_STEP
    assert (first["family"], first["training_run"]) == ("Pythia", "pythia-70m")
    assert (first["n"], first["successes"]) == (651, 151)
    assert rows["training_run"].nunique() == 2
    assert set(rows["model"]) == {
        "EleutherAI/pythia-v1.1-70m@step1000",
        "EleutherAI/pythia-v1.1-12b@step512",
    }


def test_the_run_is_believed_where_its_path_lies(tmp_path: Path) -> None:
    dump(tmp_path / "five-shot" / "70m-5shot_step3.json", v03("70m", 3, 151, shots=0))
    dump(tmp_path / "zero-shot" / "70m_step1.json", v03("70m", 1, 151, shots=0))
    panel = load(tmp_path)
    assert set(panel.scores["shots"]) == {"0"}
    assert rules(panel)["path-lies"] == ("five-shot/70m-5shot_step3.json",)


def test_v04_metrics_filters_shots_and_items(tmp_path: Path) -> None:
    rows = load(dump(tmp_path / "results_1.json", v04(0.5))).scores
    assert rows["model"].unique().tolist() == ["org/m-1b"]
    strict = rows[rows["filter"] == "strict-match"].iloc[0]
    assert (strict["benchmark"], strict["metric"], strict["shots"]) == ("GSM8K", "exact_match", "5")
    assert (strict["n"], strict["successes"], strict["stderr"]) == (100, 50, 0.02)
    assert (strict["task_version"], strict["prompt_hash"]) == ("3", "abc")
    loose = rows[rows["filter"] == "flexible-extract"].iloc[0]
    assert math.isnan(loose["stderr"])


def test_a_limited_run_and_an_older_run_are_named(tmp_path: Path) -> None:
    dump(tmp_path / "results_1.json", v04(0.5, date=1.0))
    dump(tmp_path / "results_2.json", v04(0.6, date=2.0))
    panel = load(tmp_path)
    assert panel.scores["score"].tolist() == pytest.approx([0.6, 0.7])
    found = rules(panel)
    assert found["older-run"] == ("results_1.json",)
    assert found["limited-run"] == ("results_2.json",)


def test_broken_and_foreign_files_are_listed_and_the_rest_loads(tmp_path: Path) -> None:
    dump(tmp_path / "good.json", v04(0.5))
    dump(tmp_path / "config.json", {"hidden_size": 64})
    (tmp_path / "cut.json").write_text(json.dumps(v04(0.5))[:200])
    odd = v04(0.5)
    odd["results"]["other"] = {"acc,none": "failed"}
    dump(tmp_path / "odd.json", odd)
    panel = load(tmp_path)
    kinds = {f.rule: f.severity for f in panel.findings}
    assert kinds["file-broken"] == kinds["value-unread"] == "error"
    assert kinds["file-unread"] == "note"
    assert rules(panel)["file-broken"] == ("cut.json",)
    assert "other" in rules(panel)["value-unread"][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "broken JSON at line 1"),
        ('{"results": {}, "config": {}}', "no result in it"),
        ("[1, 2]", "not a result file"),
        ("[" * 100_000, "broken JSON"),
        ('{"results": {"a": {"acc": ' + "9" * 5000 + "}}}", "broken JSON"),
    ],
)
def test_a_single_bad_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_model_arguments_keep_commas_inside_values() -> None:
    given = "pretrained=a/b,revision=step1,device_map={'x': 0, 'y': 1},dtype=float16"
    assert model_arguments(given) == {
        "pretrained": "a/b",
        "revision": "step1",
        "device_map": "{'x': 0, 'y': 1}",
        "dtype": "float16",
    }


def test_percentages_of_lm_eval_become_fractions(tmp_path: Path) -> None:
    document = v04(0.5)
    document["results"] = {"squadv2": {"exact,none": 24.0, "exact_stderr,none": 2.0}}
    rows = load(dump(tmp_path / "r.json", document)).scores
    assert rows[["score", "stderr"]].to_numpy().tolist() == [[0.24, 0.02]]


def test_lighteval_results(tmp_path: Path) -> None:
    document = {
        "config_general": {"model_name": "org/m-1b", "max_samples": None, "start_time": 3.5},
        "results": {
            "leaderboard|gsm8k|5": {"em": 0.25, "em_stderr": 0.01},
            "lighteval|arc:easy|0": {"acc": 0.5, "acc_stderr": 0.01},
            "all": {"em": 0.25},
        },
        "versions": {"leaderboard|gsm8k|5": 0},
        "config_tasks": {"leaderboard|gsm8k": {"effective_num_docs": 1319}},
    }
    dump(tmp_path / "results" / "org" / "m-1b" / "results_2026.json", document)
    rows = load(tmp_path).scores
    assert rows["benchmark"].tolist() == ["GSM8K", "ARC-easy"]
    assert rows["shots"].tolist() == ["5", "0"]
    assert rows["n"].tolist() == [1319, 2376]
    assert set(rows["model"]) == {"org/m-1b"}


def test_the_pythia_folder_loads_whole(shared_data: Path) -> None:
    panel = load(shared_data / "pythia")
    rows = panel.scores
    assert rows["model"].nunique() == 8 * 27
    assert set(rows["family"]) == {"Pythia"}
    assert rows["training_run"].nunique() == 8
    assert rows["params"].notna().all()
    steps = rows["revision"].str.removeprefix("step").astype(int)
    assert (rows["tokens"] == steps * TOKENS_PER_STEP).all()
    assert rows["flops"].to_numpy() == pytest.approx(
        (6 * rows["params"] * rows["tokens"]).to_numpy()
    )
    assert set(rows["shots"]) == {"0", "5"}
    arc = rows[rows["benchmark"] == "ARC-C"]
    assert (arc["n"] == 1172).all()
    assert len(rules(panel)["path-lies"]) == 4  # '1b-bf16-5shot' under zero-shot, run with 0
