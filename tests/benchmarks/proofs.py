"""Proofs a second, batched against one coqc a candidate, on one core each and in one run.

    PYTHONPATH=. flock /tmp/bench.lock python tests/benchmarks/proofs.py   # 500 mixed candidates
    PYTHONPATH=. python tests/benchmarks/proofs.py 60                      # fewer

Statements load the reals, the integers or nothing; a third of the candidates prove theirs. The
baseline is the least one can do: one `coqc` over statement and proof in a file, no sandbox and no
second look. Both must give the same verdicts; the ratio should be at least 5 on
500: the checker's start, which tries all canaries, weighs on small counts.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from eval.proofs.checker import Problem
from eval.proofs.coq import CoqChecker
from eval.proofs.statement import TOOLS, parse

HEADERS = (
    "",
    "Require Import ZArith.\nOpen Scope Z_scope.\n",
    "Require Import Reals.\nOpen Scope R_scope.\n",
)
GOALS = (
    ("(x y : {t}) (h : x = y + {n}) : x - {n} = y", "lra. Qed.", "lia. Qed."),
    ("(x y : {t}) : x + y + {n} = y + x + {n}", "ring. Qed.", "ring. Qed."),
    (
        "(x : {t}) (h : x = {n}) : x + x = {n} + {n}",
        "subst. reflexivity. Qed.",
        "now rewrite h. Qed.",
    ),
)
WRONG = ("reflexivity. Qed.", "intros. apply foo. Qed.", "auto. Qed.", "Admitted.")


def candidates(count: int) -> list[tuple[Problem, str]]:
    """Mixed problems and candidates, the same on every run."""
    pairs = []
    for i in range(count):
        kind = i % 3
        goal, real, whole = GOALS[(i // 3) % 3]
        name, number = f"item{i % 90}", 1 + i % 7
        text = goal.format(t=("nat", "Z", "R")[kind], n=number)
        problem = Problem(name, f"{HEADERS[kind]}Theorem {name} {text}.\nProof. Admitted.")
        right = real if kind == 2 else whole
        pairs.append((problem, right if i % 9 < 3 else WRONG[i % len(WRONG)]))
    return pairs


def plain(problem: Problem, candidate: str, folder: Path) -> bool:
    """One coqc over one file."""
    if "Admitted" in candidate:
        return False
    statement = parse(problem)
    text = "\n".join([*TOOLS, *statement.preamble, statement.theorem, candidate])
    (folder / "one.v").write_text(text, encoding="utf-8")
    argv = ["coqc", "-q", "-w", "none", "-noglob", "one.v"]
    return subprocess.run(argv, cwd=folder, capture_output=True).returncode == 0


def main(count: int) -> None:
    pairs = candidates(count)
    checker = CoqChecker(workers=1)
    began = time.perf_counter()
    batched = [v.value == 1.0 for v in checker.check_all(pairs)]
    between = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        single = [plain(problem, text, Path(folder)) for problem, text in pairs]
    ended = time.perf_counter()
    differ = sum(a != b for a, b in zip(batched, single, strict=True))
    print(f"{count} candidates, {sum(batched)} proved, {differ} verdicts differ")
    ours, theirs = count / (between - began), count / (ended - between)
    print(f"batched {ours:.1f} a second, one coqc each {theirs:.1f}: {ours / theirs:.1f}x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
