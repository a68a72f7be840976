"""`python -m correlate report`, from a table or the shipped scores to files."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from correlate.cli import app
from correlate.errors import InputError
from correlate.sources import load
from correlate.verbs.report import compose
from correlate.writeup.answer import verdict_lines
from correlate.writeup.page import render


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, words)])


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A study folder: 12 families of 4 rungs, hard follows easy beyond compute."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(1)
    rows = []
    for f in range(12):
        for size in range(4):
            skill = -1 + 0.7 * size + rng.normal(0, 0.5)
            rung = {"family": f"f{f}", "model": f"f{f}-{size}", "stage": "base"}
            rung |= {"params": 1e8 * 3**size, "tokens": 1e10, "flops": 6e18 * 3**size, "n": 400}
            logits = {"GSM8K": skill, "MATH": skill - 1.5, "HellaSwag": rng.normal(0, 1)}
            for benchmark, z in logits.items():
                p = 1 / (1 + np.exp(-z - rng.normal(0, 0.1)))
                rows.append({**rung, "benchmark": benchmark, "metric": "acc", "score": round(p, 4)})
    pd.DataFrame(rows).to_csv(folder / "scores.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def report(study):
    return run(study, "--replicates", 199), study


def test_it_prints_the_verdicts_and_what_it_wrote(report):
    done, study = report
    assert done.exit_code == 0, done.output
    assert "GSM8K → MATH: 48 models, 12 families" in done.stdout
    order = next(line for line in done.stdout.splitlines() if line.startswith("  order"))
    assert "supported" in order
    assert f"wrote {study / 'report.html'}" in done.stdout


def test_everything_lies_where_it_says(report):
    _, study = report
    page = (study / "report.html").read_text()
    assert "GSM8K → MATH" in page
    for name in ("tests.csv", "tests.md", "tests.tex", "tests.html", "scores.csv"):
        assert (study / "tables" / name).stat().st_size > 0
    for ending in ("png", "svg", "pdf", "csv"):
        assert (study / "figures" / f"scatter-gsm8k-math.{ending}").stat().st_size > 0
    assert not list(study.rglob("*.part"))


def test_one_seed_one_page_another_seed_another(report, tmp_path):
    _, study = report
    pages = {}
    for seed in (0, 0, 5):
        writeup = compose(load(study), study, [], seed, 199)
        pages.setdefault(seed, set()).add(render(writeup))
    assert [len(pages[seed]) for seed in (0, 5)] == [1, 1]
    assert pages[0] != pages[5]
    assert pages[0] == {(study / "report.html").read_text(encoding="utf-8")}


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("GSM8K:Nought", "--pairs: Nought: not in the panel; it has GSM8K"),
        ("GSM8K", "not of the form easy:hard"),
    ],
)
def test_bad_input_writes_nothing(study, tmp_path, pair, says):
    done = run(study, "--out", tmp_path / "out", "--pairs", pair)
    assert isinstance(done.exception, InputError)
    assert says in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_claims_as_json(study):
    done = CliRunner().invoke(app, ["claims", str(study), "--json", "--replicates", "199"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert len(found["thresholds"]) == 12
    by = {c["card"]: c for c in found["cards"]}
    assert len(by) == 9
    hard = by["easy-predicts-hard"]
    assert {row["hard"] for row in hard["evidence"]} == {"MATH"}
    assert hard["n_families"] == 12
    assert by["easy-predicts-proof"]["verdict"] == "insufficient"


def test_bad_input_is_one_line_and_status_2(repo, tmp_path):
    command = [sys.executable, "-m", "correlate", "report", str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such file or folder" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_published_scores_refuse_what_they_cannot_tell(repo):
    published = repo / "results" / "published"
    writeup = compose(load(published), published, ["GSM8K:miniF2F-test"], 0, 199)
    lines = verdict_lines(writeup.evidence)[1:]
    assert len(lines) == 7
    assert all("insufficient" in line for line in lines)
