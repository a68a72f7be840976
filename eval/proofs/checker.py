"""What a proof checker is: problems and candidates in, verdicts out, and canaries before any of it.

A checker that cannot show, at start, that it accepts true proofs and rejects known cheats refuses
to judge (`CheckerError`); a verdict it could not reach is `checker_error`, which is a missing
score and never a failure of the model.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

Status = Literal["verified", "rejected", "malformed", "timeout", "resource", "checker_error"]
STATUSES: tuple[Status, ...] = (
    "verified",
    "rejected",
    "malformed",
    "timeout",
    "resource",
    "checker_error",
)


class CheckerError(Exception):
    """The checker itself cannot be used: a binary is missing, or a canary was misjudged.

    It fails the cells that need it; an `InputError` would end the run.
    """


@dataclass(frozen=True)
class Limits:
    """What one candidate may use before it is stopped.

    Text in kilobytes before anything runs; CPU time in seconds, and wall time as an outer bound,
    past which a machine too busy to say gives `checker_error`; memory, files and output of each
    process in megabytes; processes as a count.
    """

    cpu_s: float = 60.0
    wall_s: float = 1200.0
    text_kb: int = 64
    memory_mb: int = 4096
    disk_mb: int = 64
    output_mb: int = 4
    processes: int = 32


@dataclass(frozen=True)
class Problem:
    """A statement to prove: its name, and the source file that states it (proof left open)."""

    name: str
    source: str


@dataclass(frozen=True)
class Verdict:
    """What a checker says about one candidate.

    `reason` is one line for a person, empty when verified. `axioms` are
    those the proof rests on; judged in a batch, those that the batch rests on.
    """

    status: Status
    reason: str = ""
    check_ms: float = 0.0
    checker_id: str = ""
    axioms: tuple[str, ...] = ()

    @property
    def value(self) -> float | None:
        """1 for a verified proof, 0 for a failed one, None where the checker itself failed."""
        return None if self.status == "checker_error" else float(self.status == "verified")

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they go into items and the verdict cache."""
        return {**asdict(self), "axioms": list(self.axioms)}


@dataclass(frozen=True)
class Canary:
    """A candidate whose verdict is known: `verified` for a true proof, else a cheat."""

    problem: Problem
    candidate: str
    good: bool
    about: str = field(default="", compare=False)


class Checker(Protocol):
    """Judges candidates. `id` names the checker, its version and its rules; it keys the cache."""

    id: str

    def canaries(self) -> Sequence[Canary]:
        """Candidates whose verdict is known, true proofs among them."""

    def check_all(
        self, pairs: Sequence[tuple[Problem, str]], limits: Limits = Limits()
    ) -> list[Verdict]:
        """One verdict for each (problem, candidate), in order."""


def check(
    checker: Checker, problem: Problem, candidates: Iterable[str], limits: Limits = Limits()
) -> list[Verdict]:
    """Judge every candidate proof of one problem; one verdict each, in order."""
    return checker.check_all([(problem, candidate) for candidate in candidates], limits)


def prove_canaries(checker: Checker) -> None:
    """Judge the canaries and raise `CheckerError` on the first that comes out wrong."""
    canaries = checker.canaries()
    verdicts = checker.check_all([(c.problem, c.candidate) for c in canaries])
    for canary, verdict in zip(canaries, verdicts, strict=True):
        fine = verdict.value == float(canary.good)
        if not fine:
            wanted = "verified" if canary.good else "rejected"
            raise CheckerError(
                f"{checker.id}: canary '{canary.about}' should be {wanted} but is "
                f"{verdict.status} ({verdict.reason or 'no reason'}); the checker refuses to judge"
            )
    if not any(c.good for c in canaries):
        raise CheckerError(f"{checker.id}: no canary is a true proof; the checker refuses to judge")


def digest(*parts: str) -> str:
    """SHA-256 of the parts in hexadecimal digits, order and borders included."""
    total = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        total.update(len(raw).to_bytes(8, "big") + raw)
    return total.hexdigest()


def fingerprint(*parts: str) -> str:
    """The first twelve digits of the digest, for people to read."""
    return digest(*parts)[:12]
