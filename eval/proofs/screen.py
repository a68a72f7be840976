"""Screen a Coq candidate by its words, before Coq sees it: what is on no list is refused.

A candidate is a bare script (`intros. ring. Qed.`, with or without `Proof.`) or a whole file that
restates the theorem by name, with lemmas and definitions before it. The lists are in
coq_rules.yaml. Screening keeps side effects out; soundness never rests on it alone.
"""

import functools
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from eval.proofs.checker import Status, fingerprint
from eval.proofs.statement import THEOREM, TOOLS, Statement, for_coq, shape
from eval.proofs.syntax import Malformed, Sentence, sentences, tokens

_FILE = Path(__file__).with_name("coq_rules.yaml")
_TOOLS = frozenset(word for line in TOOLS for word in line.rstrip(".").split()[4:])
_ASCII = re.compile(r"[A-Za-z0-9_']+")
_BRACKET = re.compile(r"-+|\++|\*+|\{|\}")


class Refused(Exception):
    """A candidate fails before any checker runs: arguments are the status and the reason."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class Script:
    """A screened candidate: libraries it loads, and its sentences, theorem included, in order."""

    loads: tuple[str, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """The lists of coq_rules.yaml, and a fingerprint of them for the checker's id."""

    vernacular: frozenset[str]
    in_proof: frozenset[str]
    closes: frozenset[str]
    libraries: re.Pattern[str]
    forbidden: frozenset[str]
    tactics: frozenset[str]
    axioms: frozenset[str]
    id: str


@functools.cache
def rules() -> Rules:
    """Read the lists."""
    text = _FILE.read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    return Rules(
        vernacular=frozenset(raw["vernacular"]),
        in_proof=frozenset(raw["in_proof"]),
        closes=frozenset(raw["closes"]),
        libraries=re.compile("|".join(f"(?:{pattern})" for pattern in raw["libraries"])),
        forbidden=frozenset(raw["forbidden"]),
        tactics=frozenset(raw["tactics"].split()),
        axioms=frozenset(f"{lib}.{name}" for lib, names in raw["axioms"].items() for name in names),
        id=fingerprint(text),
    )


def screen(statement: Statement, text: str, text_kb: int) -> Script:
    """Cut a candidate into sentences that are all allowed. Raises `Refused` otherwise."""
    try:
        if len(text.encode("utf-8")) > text_kb << 10:
            raise Refused("resource", f"candidate is longer than {text_kb} KB")
        found = sentences(for_coq(text))
    except UnicodeEncodeError:
        raise Refused("malformed", "candidate is no valid Unicode text") from None
    except Malformed as error:
        raise Refused("malformed", str(error)) from None
    if not found:
        raise Refused("malformed", "candidate is empty")
    whole = any(s.head in THEOREM and s.words[1:2] == (statement.name,) for s in found)
    return _whole(statement, found) if whole else _bare(statement, found)


def _bare(statement: Statement, found: list[Sentence]) -> Script:
    rule = rules()
    for place, sentence in enumerate(found):
        _tactic(sentence)
        if sentence.head in rule.closes and place + 1 < len(found):
            raise Refused(
                "rejected", _at(found[place + 1], "nothing may follow the end of the proof")
            )
    if found[-1].head not in rule.closes:
        raise Refused("malformed", "the proof is never closed by Qed")
    return Script((), (statement.theorem, *(s.text for s in found)))


def _whole(statement: Statement, found: list[Sentence]) -> Script:
    rule = rules()
    theorem = tuple(token.text for token in tokens(statement.theorem))[:-1]
    loads, kept, proving = [], [], False
    for sentence in found:
        if proving:
            _tactic(sentence)
            proving = sentence.head not in rule.closes
        elif shape(sentence) in statement.own:
            continue
        elif shape(sentence) == theorem:
            proving = True
        elif sentence.head in ("Require", "From"):
            if not _libraries(sentence) <= _TOOLS:
                loads.append(sentence.text)
            continue
        else:
            proving = _command(sentence)
        kept.append(sentence.text)
    if proving:
        raise Refused("malformed", "the proof is never closed by Qed")
    return Script(tuple(loads), tuple(kept))


def _command(sentence: Sentence) -> bool:
    """Check a command outside a proof; whether it opens one."""
    words = _words(sentence)
    if sentence.head in THEOREM:
        # `Theorem a : .. with b : ..` is recursion by another name; only `match` has a `with` else.
        if words.count("with") > words.count("match"):
            raise Refused("rejected", _at(sentence, "theorems proved by each other are refused"))
        return True
    local = " ".join(sentence.words[:2])
    if not {sentence.head, local} & rules().vernacular:
        raise Refused("rejected", _at(sentence, f"command '{sentence.head}' is not allowed"))
    texts = shape(sentence)
    return sentence.head == "Definition" and (":", "=") not in itertools.pairwise(texts)


def _tactic(sentence: Sentence) -> None:
    """Check a sentence inside a proof."""
    rule = rules()
    if _BRACKET.fullmatch(sentence.head) or sentence.tokens[-1].text == "{":
        return
    _words(sentence)
    if sentence.head in rule.in_proof | rule.closes and len(sentence.tokens) == 1:
        return
    tokens = list(sentence.tokens)
    texts = [token.text for token in tokens]
    if ":" in texts[:8] and re.fullmatch(
        r"(all|par|!|[\d\s,-]+)", "".join(texts[: texts.index(":")])
    ):
        tokens = tokens[texts.index(":") + 1 :]
    heads = [token.text for token in tokens if token.text not in ("(", "[", ">")]
    head = heads[0] if heads else sentence.head
    if head not in rule.tactics:
        kind = "command" if head[:1].isupper() else "tactic"
        raise Refused("rejected", _at(sentence, f"{kind} '{head[:40]}' is not allowed in a proof"))


def _words(sentence: Sentence) -> list[str]:
    """The words, none of them forbidden, and no `idtac` with something to print.

    Cut at dots and at all that is not ASCII: to Coq `x²with` is a word, a symbol and a word.
    """
    words = [part for word in sentence.words for part in _ASCII.findall(word)]
    for word in words:
        if word in rules().forbidden:
            raise Refused("rejected", _at(sentence, f"'{word}' is not allowed"))
    for word, after in itertools.pairwise(shape(sentence)):
        if word == "idtac" and after not in (";", "|", ")", "]", "+"):
            raise Refused("rejected", _at(sentence, "'idtac' may not print"))
    return words


def _libraries(sentence: Sentence) -> set[str]:
    """Check a command that loads libraries, and name them without their root."""
    _words(sentence)
    words = list(sentence.words)
    root = words[1] + "." if sentence.head == "From" and len(words) > 1 else ""
    names = words[words.index("Require") + 1 :] if "Require" in words else []
    names = names[1:] if names[:1] in (["Import"], ["Export"]) else names
    if not names or set(shape(sentence)) - set(sentence.words):
        raise Refused("rejected", _at(sentence, "only 'Require Import library' is allowed"))
    for name in names:
        if not rules().libraries.fullmatch(root + name):
            raise Refused("rejected", _at(sentence, f"library '{root + name}' is not allowed"))
    return {name.removeprefix("Coq.micromega.") for name in names}


def _at(sentence: Sentence, what: str) -> str:
    return f"line {sentence.line}: {what}"
