"""Read what `Print Assumptions` printed, and find what a proof may not rest on.

Coq 8.16 prints `Closed under the global context`, or `Axioms:` and then, at the margin, one
`name : type` or `name` with its type indented below, or a sentence about a disabled check
(`f is assumed to be guarded.`). Anything that is not plainly a name counts as a foreign axiom.
"""

import re
from collections.abc import Iterable, Sequence

_NAME = re.compile(r"([^\W\d][\w'.]*)(?:\s*:(?:\s.*)?)?")
_HEADINGS = frozenset({"Axioms:", "Closed under the global context"})


def read_axioms(printed: str) -> list[str]:
    """Names of the axioms; a line that is no name stands for itself. Raises nothing."""
    lines = [line for line in printed.splitlines() if line.strip() and not line[0].isspace()]
    if not lines or lines[0] not in _HEADINGS:
        return ["nothing printed" if not lines else lines[0]]
    found = []
    for line in lines[1:]:
        match = _NAME.fullmatch(line)
        found.append(match.group(1) if match else line)
    return found


def foreign(axioms: Sequence[str], allowed: Iterable[str], own: str | None) -> list[str]:
    """Axioms that are neither allowed nor the statement's own.

    `allowed` holds full names; Coq prints the shortest suffix that is clear, never less than two
    parts for a file that is not imported. `own` is the prefix of what the statement
    assumes, None where it assumes nothing.
    """
    full = list(allowed)

    def fine(axiom: str) -> bool:
        if own and axiom.startswith(own):
            return True
        return "." in axiom and any(("." + name).endswith("." + axiom) for name in full)

    return [axiom for axiom in axioms if not fine(axiom)]
