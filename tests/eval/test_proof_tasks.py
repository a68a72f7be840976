"""From model text to a score, through lm-eval's evaluator and the real Coq."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lm_eval import evaluator
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

from eval.errors import InputError
from eval.proofs import lmeval, pool
from eval.proofs.canaries import load
from eval.proofs.checker import CheckerError
from eval.proofs.statements import problems

TASKS = Path(__file__).parents[2] / "eval" / "tasks" / "proof"
coq = pytest.mark.skipif(not shutil.which("coqc"), reason="no coqc here; `make proofs` installs it")


class Says(LM):
    """A model that answers each prompt, and each sample of it, as it is told."""

    def __init__(self, answer: Callable[[str, int], str]) -> None:
        super().__init__()
        self._answer = answer
        self._asked: dict[str, int] = {}

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        return [self._one(request.args[0]) for request in requests]

    def _one(self, prompt: str) -> str:
        self._asked[prompt] = self._asked.get(prompt, -1) + 1
        return self._answer(prompt, self._asked[prompt])

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        return [(-float(len(request.args[1])), False) for request in requests]

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = False) -> list[Any]:
        return [-float(len(request.args[0])) for request in requests]


def evaluate(task: str, model: LM) -> dict[str, Any]:
    manager = TaskManager(include_path=[str(TASKS)], include_defaults=False)
    return evaluator.simple_evaluate(
        model=model, tasks=[task], task_manager=manager, bootstrap_iters=0, log_samples=True
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of statements as the benchmarks lay them out, and no verdicts from before."""
    monkeypatch.setenv("PROOF_DATA", str(tmp_path))
    monkeypatch.setenv("PROOF_CACHE", str(tmp_path / "cache.sqlite"))
    for split in ("test", "valid"):
        (tmp_path / "minif2f-rocq" / split).mkdir(parents=True)
    (tmp_path / "putnambench-coq").mkdir()
    write(tmp_path, "valid", "v", "Theorem v : 1 = 1.\nProof. Admitted.")
    return tmp_path


def write(folder: Path, split: str, name: str, source: str) -> None:
    (folder / "minif2f-rocq" / split / f"{name}.v").write_text(source, encoding="utf-8")


def theorem(prompt: str) -> str:
    """The name of the theorem that a prompt asks for."""
    return prompt.rsplit("Theorem ", 1)[1].split()[0].rstrip(":")


@coq
def test_every_cheat_scores_zero_and_the_truth_one(folder: Path) -> None:
    """One problem for each canary: what is true is verified, and no cheat scores."""
    canaries = load("coq")
    texts, wanted = {}, {}
    for i, canary in enumerate(canaries):
        old, new = canary.problem.name, f"item{i}"
        write(
            folder, "test", new, canary.problem.source.replace(f"Theorem {old}", f"Theorem {new}")
        )
        texts[new] = canary.candidate.replace(f"Theorem {old}", f"Theorem {new}")
        wanted[new] = float(canary.good)
    found = evaluate("minif2f_coq", Says(lambda prompt, _: " " + texts[theorem(prompt)]))
    scores = {row["doc"]["name"]: row["pass@1"] for row in found["samples"]["minif2f_coq"]}
    assert scores == wanted
    results = found["results"]["minif2f_coq"]
    assert results["pass@1,checked"] == pytest.approx(sum(wanted.values()) / len(wanted))
    assert results["malformed,checked"] > 0


@coq
def test_sampled_proofs_give_unbiased_pass_at_k(folder: Path) -> None:
    write(folder, "test", "t", "Theorem t (n : nat) : n + 0 = n.\nProof. Admitted.")
    (folder / "minif2f-rocq" / "test" / "t.v").rename(folder / "putnambench-coq" / "t.v")
    model = Says(
        lambda _, i: "\nlia. Qed.\n\n(* and so on" if i % 4 == 0 else "\nreflexivity. Qed."
    )
    found = evaluate("putnambench_coq_samples", model)["results"]["putnambench_coq_samples"]
    # 4 of 16 right: 1 - C(12, k) / C(16, k)
    assert found["pass@1,checked"] == pytest.approx(4 / 16)
    assert found["pass@4,checked"] == pytest.approx(1 - math.comb(12, 4) / math.comb(16, 4))
    assert found["pass@16,checked"] == 1.0


# Proofs of problems of the real benchmarks; only the proofs are ours.
EASY = {
    "minif2f_coq": {
        "mathd_algebra_171": "intros h. rewrite h. lra. Qed.",
        "mathd_algebra_388": "intros. lra. Qed.",
        "mathd_algebra_400": "intros. lra. Qed.",
        "mathd_numbertheory_175": "vm_compute. reflexivity. Qed.",
        "mathd_numbertheory_85": "reflexivity. Qed.",
    },
    "putnambench_coq": {
        "putnam_2001_a1": "intros a b. pose proof (hop (op b a) b) as h. rewrite (hop b a) in h. "
        "exact h. Qed.",
        "putnam_2008_a1": "exists (fun x => f x 0). intros x y. pose proof (hf x y 0). "
        "pose proof (hf x 0 x). pose proof (hf x x x). lra. Qed.",
    },
}


@coq
@pytest.mark.parametrize("task", EASY)
def test_easy_proofs_of_real_problems_are_verified(
    task: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROOF_DATA", str(shared_data))
    monkeypatch.setenv("PROOF_CACHE", "off")
    found = evaluate(task, Says(lambda prompt, _: EASY[task].get(theorem(prompt), "")))
    rows = found["samples"][task]
    verified = {row["doc"]["name"] for row in rows if row["pass@1"] == 1.0}
    assert verified == set(EASY[task])
    assert len(rows) >= (390 if task == "putnambench_coq" else 240)
    assert found["results"][task]["pass@1,checked"] == pytest.approx(len(verified) / len(rows))


@coq
def test_shots_are_true_proofs() -> None:
    """What we show models as examples is judged as strictly as what they write."""
    from eval.proofs.checker import Problem

    shots = lmeval_shots()
    pairs = [(Problem(s["name"], s["prompt"] + " Admitted."), s["proof"]) for s in shots]
    verdicts = pool.ready("coq").check_all(pairs)
    assert [v.status for v in verdicts] == ["verified"] * len(shots)


def lmeval_shots() -> list[dict[str, Any]]:
    import yaml

    return yaml.safe_load((TASKS / "shots.yaml").read_text(encoding="utf-8"))["coq"]


def test_likelihood_of_a_statement_needs_no_checker(folder: Path) -> None:
    write(folder, "test", "t", "Theorem t : True.\nProof. Admitted.")
    found = evaluate("minif2f_coq_statement", Says(lambda *_: ""))
    # The model gives one nat a character, all of them one byte long.
    bits = found["results"]["minif2f_coq_statement"]["bits_per_byte,none"]
    assert bits == pytest.approx(1 / math.log(2))


def test_a_missing_checker_stops_before_anything_is_generated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eval.proofs import toolchain

    write(folder, "test", "t", "Theorem t : True.\nProof. Admitted.")
    pool.ready.cache_clear()
    toolchain.find.cache_clear()
    monkeypatch.setenv("PATH", str(folder))
    try:
        with pytest.raises(CheckerError, match="make proofs"):
            evaluate("minif2f_coq", Says(lambda *_: pytest.fail("generated")))
    finally:
        pool.ready.cache_clear()
        toolchain.find.cache_clear()


def verdicts(*statuses: str) -> list[list[dict[str, Any]]]:
    value = {"verified": 1.0, "checker_error": None}
    return [[{"status": status, "value": value.get(status, 0.0)} for status in statuses]]


def test_failures_count_and_are_reported() -> None:
    doc = {"name": "t", "k": [1]}
    found = lmeval.process_results(doc, verdicts("verified", "malformed", "timeout", "rejected"))
    assert found == {"pass@1": 0.25, "malformed": 0.25, "timeout": 0.25, "resource": 0.0}


def test_a_checker_error_leaves_the_score_missing() -> None:
    found = lmeval.process_results({"name": "t", "k": [1]}, verdicts("verified", "checker_error"))
    assert math.isnan(found["pass@1"])
    with pytest.raises(CheckerError, match="1 of 2 problems"):
        lmeval.over_problems([1.0, math.nan])


def test_more_k_than_samples_is_an_error() -> None:
    with pytest.raises(InputError, match="pass@4"):
        lmeval.process_results({"name": "t", "k": [1, 4]}, verdicts("verified"))


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("\nlia. Qed.\n(* next *)", "\nlia. Qed."),
        ("\nlia.", "\nlia."),
        ("lia. (* Qed. *) Qed. Qed.", "lia. (* Qed. *) Qed."),
        ("Sure:\n```coq\nlia. Qed.\n```\nDone.", "lia. Qed."),
        ("```coq\nauto. Qed.\n```\nor\n```\nlia. Qed.", "lia. Qed."),
        ("Lemma a : True. exact I. Qed. Theorem t : T. auto. Qed. Theorem u", None),
        ("(* never closed Qed.", "(* never closed Qed."),
    ],
)
def test_a_candidate_is_cut_out(response: str, expected: str | None) -> None:
    doc = {"name": "t", "checker": "coq"}
    if expected is None:
        expected = "Lemma a : True. exact I. Qed. Theorem t : T. auto. Qed."
    assert lmeval.candidate(response, doc) == expected


def test_statements_come_from_a_named_folder(folder: Path) -> None:
    write(folder, "test", "b", "Theorem b : True.")
    write(folder, "test", "a", "Theorem a : True.")
    assert [p.name for p in problems("minif2f_coq", "test")] == ["a", "b"]
    elsewhere = str(folder / "minif2f-rocq")
    assert len(problems("minif2f_coq", "validation", path=elsewhere)) == 1


def test_missing_data_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PROOF_DATA", raising=False)
    with pytest.raises(InputError, match="set PROOF_DATA"):
        problems("minif2f_coq", "test")
    monkeypatch.setenv("PROOF_DATA", str(tmp_path))
    with pytest.raises(InputError, match="LLM4Rocq/miniF2F-rocq"):
        problems("minif2f_coq", "test")
    (tmp_path / "minif2f-rocq").mkdir()
    with pytest.raises(InputError, match=r"no \*\.v files"):
        problems("minif2f_coq", "test")
