"""What is known about benchmarks by name: band, chance, items; and which name a user meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

FACTS = Path(__file__).with_name("benchmarks.yaml")


class Fact(BaseModel):
    """One benchmark of benchmarks.yaml; ``prefer`` lists metrics, the one most quoted first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    aliases: tuple[str, ...] = ()
    band: str
    chance: float | None = None
    ceiling: float | None = None
    n: int | None = None
    prefer: tuple[str, ...] = ()
    subtasks: tuple[str, ...] = ()


def key(name: str) -> str:
    """``name`` without case and punctuation: 'MATH level 5' -> 'mathlevel5'."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", folded)


@cache
def facts() -> dict[str, Fact]:
    """Every known name and alias, as ``key`` gives it, with what is known about it."""
    known: dict[str, Fact] = {}
    for row in yaml.safe_load(FACTS.read_text(encoding="utf-8")):
        fact = Fact(**row)
        for name in (fact.name, *fact.aliases):
            if known.setdefault(key(name), fact) is not fact:
                raise ValueError(f"{FACTS.name}: '{name}' names two benchmarks")
    return known


@cache
def fact(name: str) -> Fact | None:
    """What is known about the benchmark called ``name``, an alias of it or a part of it."""
    whole = facts().get(key(name))
    if whole is not None:
        return whole
    parts = [
        (len(start), known)
        for known in facts().values()
        for start in (f"{known.name}: ", *known.subtasks)
        if name.startswith(start)
    ]
    if not parts:
        return None
    start, known = max(parts, key=lambda part: part[0])
    return Fact(
        name=f"{known.name}: {name[start:]}",
        band=known.band,
        chance=known.chance,
        ceiling=known.ceiling,
        prefer=known.prefer,
    )


def canonical(name: str) -> str:
    """The name used here for ``name``; ``name`` itself where the benchmark is not known."""
    known = fact(name)
    return known.name if known else name


def resolve(name: str, present: Iterable[str]) -> str:
    """Which of ``present`` a user means by ``name``: itself, else the one spelling that fits.

    Returns ``name`` unchanged where nothing or more than one thing fits; the caller then says
    that it is unknown, with the list.
    """
    names = list(present)
    if name in names:
        return name
    for same in (key, lambda text: key(canonical(text))):
        fits = [other for other in names if same(other) == same(name)]
        if len(fits) == 1:
            return fits[0]
    return name
