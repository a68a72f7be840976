"""Coq's lexical syntax: text to tokens to sentences, before Coq itself sees any of it.

Follows the lexer of Coq 8.16 (reference manual, "Lexical conventions"): comments nest and may
hold strings, a string ends at an undoubled quote, a sentence ends at a full stop before a blank
or the end. Bullets and braces are sentences of their own. Anything that Coq might cut up
differently (control characters, odd blanks, quotations) is refused as malformed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


class Malformed(Exception):
    """The text is no sequence of Coq sentences; the argument says where and why."""


@dataclass(frozen=True)
class Token:
    """One lexical unit. `text` is as written; a word may be dotted (`Nat.add_comm`)."""

    kind: Literal["word", "number", "string", "symbol", "stop"]
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """One sentence: its tokens without the full stop, and its text with comments taken out."""

    tokens: tuple[Token, ...]
    text: str
    line: int

    @property
    def head(self) -> str:
        """The first token's text."""
        return self.tokens[0].text

    @property
    def words(self) -> tuple[str, ...]:
        """Every word token, in order."""
        return tuple(token.text for token in self.tokens if token.kind == "word")


_BLANK = " \t\n\r"
# Combining marks and the like that Python's isidentifier allows are not Coq's; letters suffice.
_WORD = re.compile(r"[^\W\d][\w']*(?:\.[^\W\d][\w']*)*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?")
_BULLET = re.compile(r"-+|\++|\*+")


def sentences(text: str) -> list[Sentence]:
    """Cut a text into sentences. Raises `Malformed` with the line where it cannot be."""
    found: list[Sentence] = []
    pending: list[Token] = []
    for token in tokens(text):
        if token.kind == "stop":
            if not pending:
                raise Malformed(f"line {_line(text, token.start)}: full stop without a sentence")
            found.append(_sentence(text, pending, token.text))
            pending = []
            continue
        pending.append(token)
        if _is_bracket(pending):
            found.append(_sentence(text, pending, ""))
            pending = []
    if pending:
        raise Malformed(f"line {_line(text, pending[0].start)}: sentence without a full stop")
    return found


def tokens(text: str) -> Iterator[Token]:
    """Every token but comments. Raises `Malformed` on what cannot be a token."""
    place = 0
    at_start = True  # of a sentence: only there is a run of - + * a bullet
    while place < len(text):
        char = text[place]
        if char in _BLANK:
            place += 1
            continue
        if text.startswith("(*", place):
            place = _comment_end(text, place)
            continue
        token = _token(text, place, at_start)
        at_start = token.kind == "stop" or (at_start and bool(_BRACKET.fullmatch(token.text)))
        yield token
        place = token.end


_BRACKET = re.compile(r"-+|\++|\*+|\{|\}")


def _is_bracket(pending: list[Token]) -> bool:
    """Whether the tokens so far are a bullet or a brace (`2: {` too), a sentence of its own."""
    if len(pending) == 1:
        return bool(_BRACKET.fullmatch(pending[0].text))
    if len(pending) != 3:  # looked at for every token: a sentence may have sixty thousand
        return False
    shape = [token.kind if token.kind != "symbol" else token.text for token in pending]
    return shape == ["number", ":", "{"]


def _token(text: str, place: int, at_start: bool) -> Token:
    char = text[place]
    if char == '"':
        return Token(
            "string", text[place : _string_end(text, place)], place, _string_end(text, place)
        )
    if match := _WORD.match(text, place):
        return Token("word", match.group(), place, match.end())
    if match := _NUMBER.match(text, place):
        return Token("number", match.group(), place, match.end())
    if at_start and (match := _BULLET.match(text, place)):
        return Token("symbol", match.group(), place, match.end())
    if char == ".":
        end = _dots_end(text, place)
        dots = end - place
        last = end == len(text) or text[end] in _BLANK
        if last and dots in (1, 3):
            return Token("stop", text[place:end], place, end)
        return Token("symbol", text[place:end], place, end)
    if text.startswith("{{", place):
        raise Malformed(f"line {_line(text, place)}: quotation '{{{{' is not allowed")
    if not char.isprintable():
        raise Malformed(f"line {_line(text, place)}: character U+{ord(char):04X} is not allowed")
    return Token("symbol", char, place, place + 1)


def _dots_end(text: str, place: int) -> int:
    while place < len(text) and text[place] == ".":
        place += 1
    return place


def _comment_end(text: str, start: int) -> int:
    depth, place = 0, start
    while place < len(text):
        if text.startswith("(*", place):
            depth, place = depth + 1, place + 2
        elif text.startswith("*)", place):
            depth, place = depth - 1, place + 2
            if depth == 0:
                return place
        elif text[place] == '"':
            place = _string_end(text, place)
        else:
            place += 1
    raise Malformed(f"line {_line(text, start)}: comment is never closed")


def _string_end(text: str, start: int) -> int:
    place = start + 1
    while place < len(text):
        if text[place] != '"':
            place += 1
        elif text.startswith('""', place):
            place += 2
        else:
            return place + 1
    raise Malformed(f"line {_line(text, start)}: string is never closed")


def _sentence(text: str, found: list[Token], stop: str) -> Sentence:
    """Tokens back to text: the blanks between them stay, a comment becomes one space."""
    pieces, place = [], found[0].start
    for token in found:
        gap = text[place : token.start]
        pieces.append(gap if gap.strip() == "" else " ")
        pieces.append(token.text)
        place = token.end
    return Sentence(tuple(found), "".join([*pieces, stop]), _line(text, found[0].start))


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
