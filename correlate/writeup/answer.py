"""The answer in words: a verdict per sense and claim, and the one sentence a reader leaves with."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from correlate.cards.card import Card, Part, rules
from correlate.evidence import Evidence
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.writeup.style import join, number, wording


@dataclass(frozen=True)
class Answer:
    """A card about 'predicts' as the first screen says it: a word, a sentence, a part a sense."""

    card: Card
    about: str
    word: str
    sentence: str

    @property
    def cells(self) -> dict[str, Part]:
        """The card's parts by sense."""
        return {p.name: p for p in self.card.parts}


def answers(cards: list[Card], evidence: list[Evidence]) -> list[Answer]:
    """One answer for each card of ``wording.yaml`` that rests on pairs."""
    out = []
    for name, entry in wording()["claims"].items():
        card = next(c for c in cards if c.name == name)
        if card.parts:
            own = [e for e in evidence if e.aligned.hard.band in rules()[name]["bands"]]
            word = wording()["answers"][card.verdict.value]
            out.append(Answer(card, entry["about"], word, _sentence(card, own, entry["about"])))
    return out


def senses(evidence: list[Evidence]) -> list[str]:
    """The senses every pair was tested in, in the order of ``wording.yaml``."""
    return [s for s in wording()["senses"] if all(s in e.results for e in evidence)]


def tally(part: Part) -> str:
    """How many pairs stand behind a verdict."""
    if part.verdict is Verdict.INSUFFICIENT:
        return f"{part.told} of {part.of} can be told"
    left = f", {part.of - part.told} open" if part.told < part.of else ""
    return f"{part.agree} of {part.told} yes{left}"


def _sentence(card: Card, evidence: list[Evidence], about: str) -> str:
    """'GSM8K can ...; it can in part ...; it cannot ...; whether it can ... is open.'"""
    easy = join(list(dict.fromkeys(e.pair.easy for e in evidence)))
    by = {v: [_can(p.name) for p in card.parts if p.verdict is v] for v in Verdict}
    opened = by.pop(Verdict.INSUFFICIENT)
    if not any(by.values()):
        return f"Whether {easy} predicts {about} cannot be told from these data."
    starts = {Verdict.SUPPORTED: "can", Verdict.MIXED: "can in part", Verdict.REFUTED: "cannot"}
    said = [
        f"{how} {join(by[v], 'or' if v is Verdict.REFUTED else 'and')}"
        for v, how in starts.items()
        if by[v]
    ]
    parts = [f"{easy} {said[0]}", *(f"it {text}" for text in said[1:])]
    if opened:
        parts.append(f"whether it can {join(opened, 'or')} is open")
    return "; ".join(parts) + "."


def _can(sense: str) -> str:
    return str(wording()["senses"][sense]["can"])


def said(e: Evidence, result: SenseResult) -> str:
    """One plain sentence for one pair and sense."""
    entry = wording()["senses"][result.sense]
    return str(entry[result.verdict.value]).format(easy=e.pair.easy, hard=e.pair.hard)


def shown(estimate: Estimate | None) -> str:
    """An estimate as 'label 0.89 [0.76, 0.94]'; empty where there is none."""
    if estimate is None:
        return ""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.label} {number(estimate.value)}"
    span = f"[{number(estimate.low)}, {number(estimate.high)}]"
    return f"{estimate.label} {number(estimate.value)} {span}"


def card_lines(cards: list[Card]) -> list[str]:
    """One line a claim card."""
    return [f"{c.name:20s} {c.verdict.value:13s} {c.reason}" for c in cards]


def verdict_lines(evidence: list[Evidence]) -> list[str]:
    """One line a pair and sense, under a line that names the pair."""
    lines = []
    for e in evidence:
        lines.append(f"{e.name}: {e.aligned.m} models, {len(e.aligned.families)} families")
        for sense in senses([e]):
            r = e.results[sense]
            label = wording()["senses"][sense]["label"]
            what = shown(r.headline) if r.verdict is not Verdict.INSUFFICIENT else r.reason
            lines.append(f"  {label:24s} {r.verdict.value:13s} {what}")
    return lines


def tests_table(evidence: list[Evidence]) -> pd.DataFrame:
    """The table of tests: one row a pair and sense."""
    rows = []
    for e in evidence:
        for sense in senses([e]):
            r = e.results[sense]
            h = r.headline
            rows.append(
                {
                    "easy": e.pair.easy,
                    "hard": e.pair.hard,
                    "sense": sense,
                    "verdict": r.verdict.value,
                    "estimate": h.label if h else None,
                    "value": h.value if h else None,
                    "low": h.low if h else None,
                    "high": h.high if h else None,
                    "level": h.level if h else None,
                    "p": h.p if h else None,
                    "models": r.n_models,
                    "families": r.n_families,
                    "reason": r.reason,
                    "calibration": r.calibration,
                }
            )
    return pd.DataFrame(rows)


def estimates_table(evidence: list[Evidence]) -> pd.DataFrame:
    """Every estimate of every sense, the headline first."""
    rows = []
    for e in evidence:
        for sense in senses([e]):
            r = e.results[sense]
            every = ([r.headline] if r.headline else []) + [
                x for x in r.estimates if r.headline is None or x.name != r.headline.name
            ]
            rows += [
                {"easy": e.pair.easy, "hard": e.pair.hard, "sense": sense, **vars(x)} for x in every
            ]
    columns = ["easy", "hard", "sense", "name", "label", "value", "low", "high", "level", "p"]
    return pd.DataFrame(rows, columns=[*columns, "note"])
