"""The built-in kernel as a checker: propositional statements, no program but our own."""

import time
from collections.abc import Sequence
from pathlib import Path

from eval.proofs import canaries
from eval.proofs.checker import Canary, Limits, Problem, Verdict, fingerprint
from eval.proofs.kernel import judge
from eval.proofs.propositional import Rejected, parse_statement


class KernelChecker:
    """Judges `h1 : A -> B h2 : A |- B` with scripts of the kernel's small grammar."""

    # Nothing of a candidate is run: it is parsed, and a term is type-checked.
    protections = frozenset({"nothing runs"})

    def __init__(self) -> None:
        here = Path(__file__).parent
        own = [here / f"{name}.py" for name in ("kernel", "propositional", "terms")]
        self.id = f"kernel/{fingerprint(*(path.read_text(encoding='utf-8') for path in own))}"

    def canaries(self) -> Sequence[Canary]:
        """True proofs and the cheats of canaries.yaml."""
        return canaries.load("kernel")

    def check_all(
        self, pairs: Sequence[tuple[Problem, str]], limits: Limits = Limits()
    ) -> list[Verdict]:
        """One verdict for each pair, in order."""
        return [self._check(problem, text, limits) for problem, text in pairs]

    def _check(self, problem: Problem, text: str, limits: Limits) -> Verdict:
        began = time.monotonic()
        if len(text) > limits.text_kb << 10:
            return Verdict("resource", f"longer than {limits.text_kb} KB", checker_id=self.id)
        try:
            judgement = judge(parse_statement(problem.source), text)
        except Rejected as error:
            return Verdict("checker_error", f"{problem.name}: {error}", checker_id=self.id)
        took = 1000 * (time.monotonic() - began)
        if judgement.ok:
            return Verdict("verified", "", took, self.id)
        return Verdict("rejected", judgement.reason, took, self.id)
