"""A Coq statement file taken apart: what it loads, what it declares, the theorem it leaves open.

The statement is compiled in a file of its own as `Definition statement : Type := forall binders,
goal`, so that no admitted theorem ever stands in a candidate's environment. What the file declares
(definitions, and variables it assumes) comes from there too; imports, scopes and options last only
as long as their file, so a candidate's file repeats those and takes the declarations by `Import`.
"""

import functools
import re
from dataclasses import dataclass

from eval.proofs.checker import Problem
from eval.proofs.syntax import Malformed, Sentence, sentences, tokens

THEOREM = frozenset({"Theorem", "Lemma", "Fact", "Remark", "Corollary", "Proposition", "Example"})
_LOADS = frozenset({"Require", "From"})
_HARMLESS = _LOADS | {"Import", "Open"}
_PASSING = frozenset({"Import", "Export", "Open", "Close", "Set", "Unset", "Local"})
# Outside a section `Variable` is a local `Parameter`; global, it can be imported by its name.
_GLOBAL = {
    "Variable": "Parameter",
    "Variables": "Parameters",
    "Hypothesis": "Axiom",
    "Hypotheses": "Axioms",
}
_ASSUMING = frozenset({"Parameter", "Parameters", "Axiom", "Axioms", "Conjecture"})
_UNSUPPORTED = frozenset({"Context", "Let", "Include"})


# What every candidate may use without asking: decision procedures, which change no meaning.
TOOLS = ("From Coq Require Import Lia Lra Psatz.",)
_STDLIB = re.compile(r"\bFrom\s+Stdlib\s+")


class StatementError(Exception):
    """The problem's file is not a statement that can be judged; the argument says why."""


@dataclass(frozen=True)
class Statement:
    """A statement file in parts. Every part is Coq text; `theorem` is the sentence as written.

    `loads`: the `Require` sentences it opens with. `declares`: the rest of its preamble.
    `repeats`: for a candidate's file, preamble sentences with None where the declarations go.
    `preamble`: its sentences as written; `own`: their tokens' texts, to know one restated.
    """

    name: str
    loads: tuple[str, ...]
    declares: tuple[str, ...]
    repeats: tuple[str | None, ...]
    theorem: str
    binders: str
    goal: str
    own: frozenset[tuple[str, ...]]
    preamble: tuple[str, ...]

    @property
    def prompt(self) -> str:
        """The file up to the open proof, without comments, and what it may use without asking."""
        return "\n".join([*TOOLS, *self.preamble, self.theorem])

    @property
    def assumes(self) -> bool:
        """Whether the file assumes anything of its own (`Variable R : realType`)."""
        return any(line.split()[0] in _ASSUMING for line in self.declares)

    def module(self, name: str) -> str:
        """Module `name`: the declarations and the constant `statement`."""
        kind = f"forall {self.binders}, {self.goal}" if self.binders else self.goal
        body = [*self.declares, f"Definition statement : Type := {kind}."]
        return "\n".join([f"Module {name}.", *body, f"End {name}."])

    def context(self, module: str) -> tuple[str, ...]:
        """Sentences that put a candidate where the theorem stood; `module` holds its statement."""
        return tuple(f"Import {module}." if line is None else line for line in self.repeats)


@functools.lru_cache(maxsize=4096)
def parse(problem: Problem) -> Statement:
    """Take a problem's file apart. Raises `StatementError` where it states no usable theorem."""
    try:
        found = sentences(for_coq(problem.source))
    except Malformed as error:
        raise StatementError(f"{problem.name}: {error}") from None
    open_at = _theorem(problem.name, found)
    preamble = [s for s in found[:open_at] if s.head != "Section"]
    loads = 0
    while loads < len(preamble) and preamble[loads].head in _LOADS:
        loads += 1
    declares, repeats = [], []
    for sentence in preamble[loads:]:
        declares.append(_declared(problem.name, sentence))
        passing = sentence.head in _PASSING | _LOADS
        if passing or None not in repeats:
            repeats.append(sentence.text if passing else None)
    if None not in repeats:
        repeats.append(None)
    binders, goal = _binders(problem.name, found[open_at])
    return Statement(
        name=found[open_at].tokens[1].text,
        loads=tuple(s.text for s in preamble[:loads]),
        declares=tuple(declares),
        repeats=tuple(repeats),
        theorem=found[open_at].text,
        binders=binders,
        goal=goal,
        own=frozenset(shape(s) for s in preamble),
        preamble=tuple(s.text for s in preamble),
    )


def for_coq(text: str) -> str:
    """The text with Coq 8's name for its library; Rocq 9 calls the same files Stdlib."""
    return _STDLIB.sub("From Coq ", text)


def target(module: str) -> str:
    """The type a proof must have: what `statement` of a compiled module stands for.

    Unfolded, it is the theorem's type to the letter, and the kernel compares the two as they are.
    Otherwise it computes with them: `X 2007 = ..` of one statement of PutnamBench takes all memory.
    """
    name = f"{module}.statement"
    return f"ltac:(let t := eval cbv delta [{name}] in {name} in exact t)"


def stated_alone(problem: Problem) -> str:
    """A file that also proves its theorem, as a statement: what it loads and opens, no more.

    Whatever else stands before the theorem is the prover's own, and may be what the proof cheats
    with. Raises `StatementError` where the file states nothing.
    """
    try:
        found = sentences(problem.source)
    except Malformed as error:
        raise StatementError(f"{problem.name}: {error}") from None
    theorem = _theorem(problem.name, found)
    kept = [s.text for s in found[:theorem] if s.head in _HARMLESS]
    return "\n".join([*kept, found[theorem].text, "Proof. Admitted."])


def shape(sentence: Sentence) -> tuple[str, ...]:
    """A sentence as its tokens' texts: equal however it is spaced."""
    return tuple(token.text for token in sentence.tokens)


def _theorem(name: str, found: list[Sentence]) -> int:
    places = [i for i, s in enumerate(found) if s.head in THEOREM and len(s.tokens) > 1]
    if not places:
        raise StatementError(f"{name}: no Theorem or Lemma in the file")
    named = [i for i in places if found[i].tokens[1].text == name]
    return (named or places)[-1]


def _declared(name: str, sentence: Sentence) -> str:
    if sentence.head in _UNSUPPORTED:
        raise StatementError(f"{name}: line {sentence.line}: {sentence.head} is not supported")
    if sentence.head in _GLOBAL:
        return _GLOBAL[sentence.head] + sentence.text[len(sentence.head) :]
    return sentence.text


def _binders(name: str, theorem: Sentence) -> tuple[str, str]:
    """Binders and goal: what stands before and after the first colon outside brackets."""
    text = theorem.text[:-1]
    found = list(tokens(text))
    depth = 0
    for token in found[2:]:
        depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "symbol" else 0
        if depth == 0 and token.text == ":":
            return text[found[1].end : token.start].strip(), text[token.end :].strip()
    raise StatementError(f"{name}: line {theorem.line}: the theorem has no ': goal'")
