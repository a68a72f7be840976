"""Screen a Lean candidate by its words: a tactic block, and nothing beyond its goal."""

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from eval.proofs.screen import Refused

_FILE = Path(__file__).with_name("lean_rules.yaml")
_WORD = re.compile(r"[^\W\d][\w'!?₀-₉]*(?:\.[^\W\d][\w'!?₀-₉]*)*")


@functools.cache
def rules() -> dict[str, frozenset[str]]:
    """The lists of lean_rules.yaml: forbidden, options, axioms."""
    raw: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    lists = {
        name: words.split() if isinstance(words, str) else words for name, words in raw.items()
    }
    return {name: frozenset(words) for name, words in lists.items()}


def refuse(text: str, text_kb: int) -> str:
    """The candidate, comments taken out. Raises `Refused` where it may not be tried."""
    try:
        if len(text.encode("utf-8")) > text_kb << 10:
            raise Refused("resource", f"candidate is longer than {text_kb} KB")
    except UnicodeEncodeError:
        raise Refused("malformed", "candidate is no valid Unicode text") from None
    bare = _without_comments(text)
    if not bare.strip():
        raise Refused("malformed", "candidate is empty")
    for number, line in enumerate(bare.splitlines(), 1):
        if line and not line[0].isspace() and number > 1:
            raise Refused("rejected", f"line {number}: a proof's lines are indented")
        if "#" in line and re.search(r"(^|\s)#\w", line):
            raise Refused("rejected", f"line {number}: commands are not allowed")
        if "@[" in line or "«" in line or '"' in line:
            raise Refused("rejected", f"line {number}: attributes, quotes and strings are refused")
        _words(line, number)
    first = bare.splitlines()[0]
    return bare if not first.strip() or first[0].isspace() else "  " + bare


def _words(line: str, number: int) -> None:
    words = [match.group() for match in _WORD.finditer(line)]
    for i, word in enumerate(words):
        bad = rules()["forbidden"].intersection(word.split("."))
        if bad:
            raise Refused("rejected", f"line {number}: '{min(bad)}' is not allowed")
        if word == "set_option" and (i + 1 == len(words) or words[i + 1] not in rules()["options"]):
            raise Refused("rejected", f"line {number}: this option is not allowed")


def _without_comments(text: str) -> str:
    """Line comments and nested block comments become blanks; lines keep their numbers."""
    kept, place, depth = [], 0, 0
    while place < len(text):
        two = text[place : place + 2]
        if two == "/-":
            depth, place = depth + 1, place + 2
        elif two == "-/" and depth:
            depth, place = depth - 1, place + 2
        elif depth:
            kept.append("\n" if text[place] == "\n" else "")
            place += 1
        elif two == "--":
            end = text.find("\n", place)
            place = len(text) if end < 0 else end
        else:
            kept.append(text[place])
            place += 1
    if depth:
        raise Refused("malformed", "comment is never closed")
    return "".join(kept)
