"""What lm-eval writes, results and samples together, and samples that say something else."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from correlate.panel import Panel
from correlate.sources import load


def found(panel: Panel, rule: str) -> tuple[str, ...]:
    return tuple(row for f in panel.findings if f.rule == rule for row in f.rows)


@pytest.fixture
def output(lm_eval_output: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(lm_eval_output, tmp_path / "out"))


def samples(output: Path, task: str) -> Path:
    [file] = output.rglob(f"samples_{task}_*.jsonl")
    return file


def test_real_output_loads_with_its_samples(output: Path) -> None:
    [file] = output.rglob("results_*.json")
    theirs = json.loads(file.read_text())["results"]
    panel = load(output)
    rows = panel.scores.set_index(["benchmark", "filter"])
    strict = rows.loc[("bundled_word_easy", "strict-match")]
    assert strict["score"] == theirs["bundled_word_easy"]["exact_match,strict-match"]
    assert strict["stderr"] == theirs["bundled_word_easy"]["exact_match_stderr,strict-match"]
    assert (strict["n"], strict["params"]) == (8, 12176)
    assert rows.loc[("bundled_text", "none"), "metric"] == "bits_per_byte"
    assert panel.items == str(output)
    assert len(found(panel, "samples-read")) == 3
    assert found(panel, "samples-disagree") == found(panel, "samples-broken") == ()


def test_gaps_are_filled_from_the_samples(output: Path) -> None:
    [file] = output.rglob("results_*.json")
    document = json.loads(file.read_text())
    del document["n-samples"]
    document["results"]["bundled_reason_choice"]["acc_stderr,none"] = "N/A"
    file.write_text(json.dumps(document))
    values = [json.loads(line)["acc"] for line in samples(output, "bundled_reason_choice").open()]
    row = load(output).scores.set_index("benchmark").loc["bundled_reason_choice"]
    assert row["n"] == 8
    assert row["stderr"] == pytest.approx(np.std(values, ddof=1) / np.sqrt(8))


def test_samples_of_another_run_are_named_and_the_score_stays(output: Path) -> None:
    file = samples(output, "bundled_word_easy")
    lines = [json.loads(line) for line in file.open()]
    flipped = [line | {"exact_match": 1 - line["exact_match"]} for line in lines[:-1]]
    file.write_text("\n".join(map(json.dumps, flipped)))
    panel = load(output)
    assert all("bundled_word_easy" in row for row in found(panel, "samples-disagree"))
    assert found(panel, "samples-disagree")
    assert len(panel.scores) == 4


def test_broken_samples_are_named_and_the_result_stays(output: Path) -> None:
    file = samples(output, "bundled_word_easy")
    file.write_text(file.read_text()[:-40])
    panel = load(output)
    [row] = found(panel, "samples-broken")
    assert row.startswith(file.name)
    assert len(panel.scores) == 4
