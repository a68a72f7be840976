"""The contract of a checker: canaries first, and a failure of the checker is nobody's score."""

from collections.abc import Sequence

import pytest

from eval.proofs.checker import (
    STATUSES,
    Canary,
    CheckerError,
    Limits,
    Problem,
    Verdict,
    check,
    fingerprint,
    prove_canaries,
)

P = Problem("p", "source")


class Says:
    """A checker that verifies exactly the candidates it is told to."""

    id = "says"

    def __init__(self, *verified: str, canaries: Sequence[Canary] = ()) -> None:
        self._verified, self._canaries = verified, canaries

    def canaries(self) -> Sequence[Canary]:
        return self._canaries

    def check_all(
        self, pairs: Sequence[tuple[Problem, str]], limits: Limits = Limits()
    ) -> list[Verdict]:
        return [Verdict("verified" if c in self._verified else "rejected") for _, c in pairs]


GOOD, CHEAT = Canary(P, "true", True, "a truth"), Canary(P, "cheat", False, "a lie")


def test_check_keeps_the_order() -> None:
    found = check(Says("b"), P, ["a", "b", "c"])
    assert [v.status for v in found] == ["rejected", "verified", "rejected"]


def test_canaries_pass() -> None:
    prove_canaries(Says("true", canaries=[GOOD, CHEAT]))


@pytest.mark.parametrize(
    ("checker", "message"),
    [
        (Says("true", "cheat", canaries=[GOOD, CHEAT]), "'a lie' should be rejected"),
        (Says(canaries=[GOOD, CHEAT]), "'a truth' should be verified"),
        (Says(canaries=[CHEAT]), "no canary is a true proof"),
        (Says(canaries=[]), "no canary is a true proof"),
    ],
)
def test_a_checker_that_errs_refuses(checker: Says, message: str) -> None:
    with pytest.raises(CheckerError, match=message):
        prove_canaries(checker)


def test_a_checker_error_is_missing_and_all_else_is_a_score() -> None:
    values = {status: Verdict(status).value for status in STATUSES}
    assert values.pop("checker_error") is None
    assert values.pop("verified") == 1.0
    assert set(values.values()) == {0.0}


def test_fingerprints_keep_borders_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("\ud800") != fingerprint("\ud801")
