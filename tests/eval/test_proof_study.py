"""From model text to scores.csv: the runner, a proof task, and the real Coq."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from lm_eval.api.model import LM

from eval import score
from eval.proofs import pool, toolchain
from eval.proofs.canaries import load

TASKS = Path(__file__).parents[2] / "eval" / "tasks" / "proof"
coq = pytest.mark.skipif(not shutil.which("coqc"), reason="no coqc here; `make proofs` installs it")


class Says(LM):
    """A model that answers each theorem as it is told."""

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__()
        self._answers = answers

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        names = [r.args[0].rsplit("Theorem ", 1)[1].split()[0] for r in requests]
        return ["\n" + self._answers[name] for name in names]

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        raise NotImplementedError


@pytest.fixture
def study(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, dict[str, str]]:
    """A folder with a ladder of one rung, a suite of one proof benchmark, and all cheats."""
    folder = tmp_path / "made"
    (folder / "minif2f-rocq" / "test").mkdir(parents=True)
    (folder / "minif2f-rocq" / "valid").mkdir()
    (folder / "minif2f-rocq" / "valid" / "v.v").write_text("Theorem v : True.\nProof. Admitted.")
    answers = {}
    for i, cheat in enumerate(c for c in load("coq") if not c.good):
        old, new = f"Theorem {cheat.problem.name}", f"Theorem item{i}"
        file = folder / "minif2f-rocq" / "test" / f"item{i}.v"
        file.write_text(cheat.problem.source.replace(old, new))
        answers[f"item{i}"] = cheat.candidate.replace(old, new)
    suite = {
        "name": "proofs",
        "tasks_path": str(TASKS),
        "benchmarks": [
            {"name": "minif2f_coq", "task": "minif2f_coq", "band": "proof", "metric": "pass@1",
             "filter": "checked"}
        ],
    }  # fmt: skip
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    rung = {"name": "cheat", "path": str(tiny / "models" / "small"), "params": 9000}
    ladder = {"name": "cheats", "suite": str(folder / "suite.yaml"),
              "families": [{"name": "one", "dtype": "float32", "rungs": [rung]}]}  # fmt: skip
    (folder / "ladder.yaml").write_text(yaml.safe_dump(ladder))
    monkeypatch.setenv("PROOF_DATA", str(folder))
    monkeypatch.setenv("PROOF_CACHE", "off")
    monkeypatch.setattr(score, "load", lambda *_: Says(answers))
    return folder, answers


@coq
def test_the_cheat_corpus_scores_zero_in_scores_csv(study, tmp_path: Path, command) -> None:
    folder, answers = study
    out = tmp_path / "out"
    done = command("run", folder / "ladder.yaml", "--out", out, "--workers", 1, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    with (out / "scores.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["metric"], first["score"], first["successes"]) == ("pass@1", "0.0", "0")
    assert int(first["n"]) == len(answers) >= 40


def test_a_missing_checker_leaves_the_score_missing(
    study, tmp_path: Path, command, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = study
    pool.ready.cache_clear()
    toolchain.find.cache_clear()
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: None)
    out = tmp_path / "out"
    try:
        done = command("run", folder / "ladder.yaml", "--out", out, "--workers", 1, "--json")
    finally:
        pool.ready.cache_clear()
        toolchain.find.cache_clear()
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "make proofs" in done.stderr
    assert not list(out.rglob("result.json"))
