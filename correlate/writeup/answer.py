"""The answer in words: a verdict per sense and claim, and the one sentence a reader leaves with."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from correlate.claims import together
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.writeup.evidence import Evidence
from correlate.writeup.style import join, number, wording


@dataclass(frozen=True)
class Cell:
    """One claim in one sense: the verdict over all its pairs and how the pairs divide."""

    verdict: Verdict
    agree: int
    told: int
    pairs: int

    @property
    def tally(self) -> str:
        """How many pairs stand behind the verdict."""
        if self.verdict is Verdict.INSUFFICIENT:
            return f"0 of {self.pairs} can be told"
        open_pairs = f", {self.pairs - self.told} open" if self.told < self.pairs else ""
        return f"{self.agree} of {self.told} yes{open_pairs}"


@dataclass(frozen=True)
class Answer:
    """One claim: its pairs, a cell for each sense, a word and a sentence."""

    claim: str
    about: str
    word: str
    sentence: str
    cells: dict[str, Cell]
    evidence: tuple[Evidence, ...]


def answers(evidence: list[Evidence]) -> list[Answer]:
    """One answer for each claim of ``wording.yaml`` that has pairs."""
    out = []
    for claim, entry in wording()["claims"].items():
        own = [e for e in evidence if e.aligned.hard.band in entry["bands"]]
        if own:
            out.append(_answer(claim, entry["about"], own))
    return out


def _answer(claim: str, about: str, evidence: list[Evidence]) -> Answer:
    cells = {s: _cell([e.results[s] for e in evidence]) for s in senses(evidence)}
    overall = together(c.verdict for c in cells.values())
    return Answer(
        claim=claim,
        about=about,
        word=wording()["answers"][overall.value],
        sentence=_sentence(evidence, about, cells),
        cells=cells,
        evidence=tuple(evidence),
    )


def senses(evidence: list[Evidence]) -> list[str]:
    """The senses every pair was tested in, in the order of ``wording.yaml``."""
    return [s for s in wording()["senses"] if all(s in e.results for e in evidence)]


def _cell(results: list[SenseResult]) -> Cell:
    verdicts = [r.verdict for r in results]
    told = [v for v in verdicts if v is not Verdict.INSUFFICIENT]
    yes = sum(v is Verdict.SUPPORTED for v in told)
    return Cell(together(verdicts), yes, len(told), len(verdicts))


def _sentence(evidence: list[Evidence], about: str, cells: dict[str, Cell]) -> str:
    """'For harder reasoning, GSM8K can ...; only in part ...; it cannot ...; ... is open.'"""
    easy = join(list(dict.fromkeys(e.pair.easy for e in evidence)))
    by = {v: [_can(s) for s, c in cells.items() if c.verdict is v] for v in Verdict}
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


def verdict_lines(evidence: list[Evidence]) -> list[str]:
    """What the command prints: one line a pair and sense."""
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
