"""From model text to scores.csv: the runner, a proof task, and the real Coq."""

import csv
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from lm_eval.api.model import LM

from eval import score
from eval.proofs import lmeval, pool, toolchain
from eval.proofs.canaries import load
from eval.proofs.checker import Limits

TASKS = Path(__file__).parents[2] / "eval" / "tasks"
coq = pytest.mark.skipif(not shutil.which("coqc"), reason="no coqc here; `make proofs` installs it")
CHEATS = [c for c in load("coq") if not c.good]
HOSTILE = [
    "repeat (assert (0 = 0) by reflexivity). Qed.",
    "assert (k : Nat.pow 10 12 = 0). vm_compute. Qed.",
    "pose (a0 := (n, n)). "
    + " ".join(f"pose (a{i + 1} := (a{i}, a{i}))." for i in range(40))
    + " cbv in a40. Qed.",
]


class Says(LM):
    """A model that answers each theorem as it is told; to the bundled ones it tries every cheat."""

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__()
        self._answers = answers

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        cheats = itertools.cycle(
            c.candidate for lang in ("kernel", "coq") for c in load(lang) if not c.good
        )
        names = [r.args[0].rsplit("Theorem ", 1)[1].split()[0] for r in requests]
        return [self._answers[name] if name in self._answers else next(cheats) for name in names]

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        raise NotImplementedError


@pytest.fixture
def folder(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a ladder of one rung, a suite of two proof benchmarks, and no problems yet."""
    folder = tmp_path / "made"
    for split in ("test", "valid"):
        (folder / "minif2f-rocq" / split).mkdir(parents=True)
    (folder / "minif2f-rocq" / "valid" / "v.v").write_text("Theorem v : True.\nProof. Admitted.")
    suite = {
        "name": "proofs",
        "tasks_path": str(TASKS),
        "benchmarks": [
            {"name": "minif2f_coq", "task": "minif2f_coq", "band": "proof", "metric": "pass@1",
             "filter": "checked"},
            {"name": "kernel", "task": "bundled_proof_d1", "band": "proof", "metric": "proved"},
        ],
    }  # fmt: skip
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    rung = {"name": "cheat", "path": str(tiny / "models" / "small"), "params": 9000}
    ladder = {"name": "cheats", "suite": str(folder / "suite.yaml"),
              "families": [{"name": "one", "dtype": "float32", "rungs": [rung]}]}  # fmt: skip
    (folder / "ladder.yaml").write_text(yaml.safe_dump(ladder))
    monkeypatch.setenv("PROOF_DATA", str(folder))
    monkeypatch.setenv("PROOF_CACHE", "off")
    return folder


def problem(folder: Path, name: str, source: str, old: str) -> str:
    """Write a problem under a new name; what renames a text's theorem likewise."""
    text = source.replace(f"Theorem {old}", f"Theorem {name}")
    (folder / "minif2f-rocq" / "test" / f"{name}.v").write_text(text)
    return name


def scores(
    folder: Path, answers: dict[str, str], command: Any, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, dict[tuple[str, str], dict[str, str]]]:
    """Exit status of `run`, and the rows of its scores.csv by benchmark and metric."""
    monkeypatch.setattr(score, "load", lambda *_: Says(answers))
    out = folder / "out"
    done = command("run", folder / "ladder.yaml", "--out", out, "--workers", 1, "--json")
    with (out / "scores.csv").open(newline="") as file:
        return done.returncode, {(r["benchmark"], r["metric"]): r for r in csv.DictReader(file)}


@coq
def test_the_cheat_corpora_score_zero_in_scores_csv(folder, command, monkeypatch) -> None:
    answers = {}
    for i, cheat in enumerate(CHEATS):
        old, new = cheat.problem.name, f"item{i}"
        problem(folder, new, cheat.problem.source, old)
        answers[new] = "\n" + cheat.candidate.replace(f"Theorem {old}", f"Theorem {new}")
    status, rows = scores(folder, answers, command, monkeypatch)
    assert status == 0
    for name, metric, least in (("minif2f_coq", "pass@1", 100), ("kernel", "proved", 200)):
        row = rows[name, metric]
        assert (row["score"], row["successes"]) == ("0.0", "0")
        assert int(row["n"]) >= least
    assert int(rows["minif2f_coq", "pass@1"]["n"]) == len(CHEATS)
    assert 0 < float(rows["minif2f_coq", "malformed"]["score"]) < 0.2


@coq
def test_hostile_answers_are_stopped_and_the_run_goes_on(folder, command, monkeypatch) -> None:
    monkeypatch.setattr(lmeval, "Limits", lambda: Limits(cpu_s=4, memory_mb=1024))
    source = "Theorem old (n : nat) : n + 0 = n.\nProof. Admitted."
    names = [problem(folder, f"item{i}", source, "old") for i in range(len(HOSTILE) + 1)]
    answers = dict(zip(names, [*HOSTILE, "lia. Qed."], strict=True))
    status, rows = scores(folder, answers, command, monkeypatch)
    assert (status, rows["minif2f_coq", "pass@1"]["score"]) == (0, "0.25")
    stopped = [float(rows["minif2f_coq", metric]["score"]) for metric in ("timeout", "resource")]
    assert sum(stopped) == 0.75


def test_a_missing_checker_leaves_its_score_missing_and_no_other(
    folder, command, monkeypatch
) -> None:
    problem(folder, "item", "Theorem item : True.\nProof. Admitted.", "item")
    pool.ready.cache_clear()
    toolchain.find.cache_clear()
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: None)
    try:
        status, rows = scores(folder, {}, command, monkeypatch)
    finally:
        pool.ready.cache_clear()
        toolchain.find.cache_clear()
    assert (status, set(rows)) == (1, {("kernel", "proved")})
    (error,) = (folder / "out").rglob("error.json")
    assert "make proofs" in json.loads(error.read_text())["reason"]
