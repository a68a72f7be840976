"""Make sure of a proof in files: the only place that says "verified".

`Candidate.v` holds the candidates; `Check.v` holds no candidate's text, runs in a process of its
own that a candidate can write nothing to, makes Coq's kernel agree that `candidate : statement`,
and prints the axioms each proof rests on between markers made of a random word.
"""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from eval.proofs.assumptions import foreign, read_axioms
from eval.proofs.checker import Status, Verdict
from eval.proofs.sandbox import Outcome
from eval.proofs.screen import rules
from eval.proofs.statement import target
from eval.proofs.toolchain import EXHAUSTED, one_line, stopped

if TYPE_CHECKING:
    from eval.proofs.book import Book

_BATCH = 40  # claims in one file; where it fails, it is halved down to one
_START_S = 60.0


@dataclass(frozen=True)
class Claim:
    """A candidate that a session let through.

    `place` in the caller's list; `loads` and `lines` of its file; `module` of its statement;
    `name` of its theorem; `assumes` where that statement assumes axioms of its own; `took_ms` in
    the session; `alone` where the session died of it, so that
    no other claim may share its file.
    """

    place: int
    loads: tuple[str, ...]
    lines: tuple[str, ...]
    module: str
    name: str
    assumes: bool
    took_ms: float
    alone: bool = False


def confirm(book: "Book", claims: Sequence[Claim]) -> dict[int, Verdict]:
    """Verdicts, by place, for claims whose `loads` are equal."""
    social = [claim for claim in claims if not claim.alone]
    batches = [social[i : i + _BATCH] for i in range(0, len(social), _BATCH)]
    batches += [[claim] for claim in claims if claim.alone]
    return {k: v for batch in batches for k, v in _confirm(book, batch).items()}


def _confirm(book: "Book", claims: Sequence[Claim]) -> dict[int, Verdict]:
    began = time.monotonic()
    found = _in_files(book, claims)
    took = 1000 * (time.monotonic() - began)
    if isinstance(found, Outcome):
        if len(claims) > 1:
            half = len(claims) // 2
            return {**_confirm(book, claims[:half]), **_confirm(book, claims[half:])}
        found = [_failed(found)]
    return {
        claim.place: replace(verdict, check_ms=claim.took_ms + took / len(claims))
        for claim, verdict in zip(claims, found, strict=True)
    }


def _in_files(book: "Book", claims: Sequence[Claim]) -> list[Verdict] | Outcome:
    """Verdicts on all claims, or how a file failed to compile."""
    toolchain, limits, root = book.toolchain, book.limits, "K" + secrets.token_hex(8)
    cpu_s = _START_S + limits.cpu_s + sum(claim.took_ms for claim in claims) / 500
    with toolchain.sandbox.folder() as folder, toolchain.sandbox.folder() as last:
        roots = {**book.roots, folder: root}
        (folder / "Candidate.v").write_text(_candidates(book, claims), encoding="utf-8")
        outcome = toolchain.compile(folder, "Candidate", roots, limits, cpu_s)
        if outcome.returncode != 0 or outcome.stopped:
            return outcome
        # Printing assumptions walks through whole libraries: once for many, again only if it must.
        for groups in (_groups(claims), [[i] for i in range(len(claims))]):
            nonce = secrets.token_hex(8)
            (last / "Check.v").write_text(_checks(book, claims, root, groups, nonce), "utf-8")
            outcome = toolchain.compile(last, "Check", roots, limits, cpu_s)
            if outcome.returncode != 0 or outcome.stopped:
                return outcome
            verdicts = _read(claims, groups, outcome.output, nonce)
            if all(v.status == "verified" for v in verdicts):
                break
        return verdicts


def _candidates(book: "Book", claims: Sequence[Claim]) -> str:
    modules = [
        "\n".join([f"Module C{i}.", *claim.lines, f"End C{i}."]) for i, claim in enumerate(claims)
    ]
    return "\n".join([*book.requires, *claims[0].loads, *modules])


def _checks(
    book: "Book", claims: Sequence[Claim], root: str, groups: Sequence[Sequence[int]], nonce: str
) -> str:
    lines = [*book.requires, f"Require {root}.Candidate."]
    for i, claim in enumerate(claims):
        proof = f"{root}.Candidate.C{i}.{claim.name}"
        lines.append(f"Definition checked_{i} : {target(claim.module)} := {proof}.")
    for group, members in enumerate(groups):
        everything = ", ".join(f"checked_{i}" for i in members)
        lines += [
            f"Definition group_{group} := ({everything}).",
            f'Goal True. idtac "{nonce} {group}". Abort.',
            f"Print Assumptions group_{group}.",
        ]
    return "\n".join([*lines, f'Goal True. idtac "{nonce} end". Abort.'])


def _groups(claims: Sequence[Claim]) -> list[list[int]]:
    """Claims whose assumptions can be printed at once.

    A statement that assumes something of its own (`Variable R : realType`) makes its own group,
    so that no proof may rest on what another statement assumes.
    """
    groups: dict[str, list[int]] = {}
    for i, claim in enumerate(claims):
        groups.setdefault(claim.module if claim.assumes else "", []).append(i)
    return list(groups.values())


def _read(
    claims: Sequence[Claim], groups: Sequence[Sequence[int]], output: str, nonce: str
) -> list[Verdict]:
    """Verdicts from what Check.v printed for each group."""
    parts = re.split(rf"^{nonce} (\d+|end)$", output, flags=re.MULTILINE)
    if parts[1::2] != [*map(str, range(len(groups))), "end"]:
        return [Verdict("checker_error", "the assumptions could not be read")] * len(claims)
    verdicts: dict[int, Verdict] = {}
    for members, printed in zip(groups, parts[2::2], strict=False):
        axioms = read_axioms(printed)
        # Coq prints a statement's own variable as `Statement.P0.R`, without the random root.
        first = claims[members[0]]
        own = first.module.split(".", 1)[1] + "." if first.assumes else None
        odd = foreign(axioms, rules().axioms, own)
        reason = f"rests on what it may not assume: {', '.join(odd)}"[:300] if odd else ""
        status: Status = "rejected" if odd else "verified"
        verdicts.update(dict.fromkeys(members, Verdict(status, reason, axioms=tuple(axioms))))
    return [verdicts[i] for i in range(len(claims))]


def _failed(outcome: Outcome) -> Verdict:
    if outcome.stopped:
        return stopped(outcome.stopped, outcome.wall_ms)
    message = one_line(outcome.output) or f"coqc ended with status {outcome.returncode}"
    killed = outcome.returncode < 0 or outcome.returncode > 128
    if killed or EXHAUSTED.search(outcome.output):
        return Verdict("resource", f"Coq ran out of memory or stack: {message}")
    return Verdict("rejected", message)
