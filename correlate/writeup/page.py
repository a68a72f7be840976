"""report.html: everything in one file, drawn from the evidence by a template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from correlate.cards.card import Card
from correlate.evidence import Evidence
from correlate.panel import Column, Finding, Panel
from correlate.writeup import answer, forest, plots, style, tables
from correlate.writeup.chart import SHAPES, Chart

TEMPLATES = Path(__file__).with_name("templates")
LEAST = 3  # rungs below which a curve along loss is none


@dataclass(frozen=True)
class WriteUp:
    """All that a report is made of."""

    panel: Panel
    evidence: list[Evidence]
    cards: list[Card]
    seed: int
    replicates: int
    thresholds: str
    truth: pd.DataFrame | None = None
    baselines: pd.DataFrame | None = None

    @property
    def families(self) -> dict[str, style.Look]:
        """How each family is drawn, the same in every chart."""
        return style.looks(self.panel.scores.drop_duplicates("model")["family"])


def render(writeup: WriteUp) -> str:
    """The page as one HTML text that loads nothing."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        number=style.number, percent=style.percent, count=style.count, capital=style.capital
    )
    environment.globals.update(
        said=answer.said, shown=answer.shown, tally=answer.tally, shapes=SHAPES
    )
    page = environment.get_template("report.html.j2")
    return page.render(
        w=writeup,
        answers=answer.answers(writeup.cards, writeup.evidence),
        senses=style.wording()["senses"],
        tested=answer.senses(writeup.evidence),
        forest=forest.forest(writeup.evidence),
        forest_key=forest.SENSES,
        scatters=[plots.scatter(e, writeup.families) for e in writeup.evidence],
        curves=curves(writeup),
        easy=style.join(list(dict.fromkeys(e.pair.easy for e in writeup.evidence))),
        scores=scores_used(writeup.evidence),
        grids={key: tables.grid(key, frame) for key, frame in frames(writeup).items()},
        warnings=warnings(writeup.evidence),
        css=(TEMPLATES / "report.css").read_text(encoding="utf-8"),
        js=(TEMPLATES / "report.js").read_text(encoding="utf-8"),
    )


def columns(evidence: list[Evidence]) -> list[tuple[Evidence, Column]]:
    """Each benchmark of a pair once, with the first pair that has it."""
    found: dict[str, tuple[Evidence, Column]] = {}
    for e in evidence:
        for column in (e.aligned.easy, e.aligned.hard, e.aligned.placebo):
            if column is not None:
                found.setdefault(column.benchmark, (e, column))
    return list(found.values())


def curves(writeup: WriteUp) -> list[Chart]:
    """One chart a benchmark that stands in a pair, along training compute and along loss."""
    drawn = [plots.curve(rows, c, writeup.families, across)
             for rows, c, across in along(writeup.evidence)]  # fmt: skip
    return [chart for chart in drawn if chart.dots]


def along(evidence: list[Evidence]) -> list[tuple[pd.DataFrame, Column, str]]:
    """Rows, benchmark and what it is drawn along: compute for all, then loss where it is known."""
    every = columns(evidence)
    compute = [(rows_of(e, c), c, "flops") for e, c in every]
    loss = [(beside_loss(e, c), c, plots.LOSS) for e, c in every]
    return [*compute, *(entry for entry in loss if len(entry[0]) >= LEAST)]


def rows_of(e: Evidence, column: Column) -> pd.DataFrame:
    """One row a model that has the benchmark."""
    return e.rows[e.rows["benchmark"] == column.benchmark]


def beside_loss(e: Evidence, column: Column) -> pd.DataFrame:
    """The same rows with each rung's loss (the first benchmark of band loss); none without one."""
    own, text = rows_of(e, column), e.rows[e.rows["band"] == "loss"]
    if text.empty or column.band == "loss":
        return own.head(0)
    first = text[text["benchmark"] == text["benchmark"].iloc[0]].set_index("model")["score"]
    return own.assign(**{plots.LOSS: own["model"].map(first)}).dropna(subset=[plots.LOSS])


def scores_used(evidence: list[Evidence]) -> pd.DataFrame:
    """Every score behind a pair: one row a model, benchmark and protocol chosen."""
    parts = []
    for e in evidence:
        models = set(e.aligned.models)
        wanted = {e.pair.easy, e.pair.hard, e.pair.placebo}
        parts.append(e.rows[e.rows["benchmark"].isin(wanted) & e.rows["model"].isin(models)])
    rows = pd.concat(parts)
    protocol = rows.apply(plots.protocol, axis=1) if len(rows) else pd.Series(dtype=str)
    keep = ["model", "family", "stage", "params", "tokens", "flops", "benchmark", "score", "n"]
    table = rows[keep].assign(protocol=protocol).drop_duplicates()
    return table.sort_values(["family", "flops", "model", "benchmark"]).reset_index(drop=True)


def frames(writeup: WriteUp) -> dict[str, pd.DataFrame]:
    """Every table of the report by name; those there is nothing for are left out."""
    gate = sorted(writeup.panel.findings, key=_gravity)
    choices = list(dict.fromkeys(f for e in writeup.evidence for f in e.choices))
    every = {
        "tests": answer.tests_table(writeup.evidence),
        "estimates": answer.estimates_table(writeup.evidence),
        "scores": scores_used(writeup.evidence),
        "findings": _findings(gate),
        "choices": _findings(choices),
        "cards": cards_table(writeup.cards),
        "answers": answers_table(writeup),
        **{f"card-{c.name}": c.evidence for c in writeup.cards},
        "truth": writeup.truth,
        "baselines": writeup.baselines,
    }
    return {name: frame for name, frame in every.items() if frame is not None and len(frame)}


def cards_table(cards: list[Card]) -> pd.DataFrame:
    """The nine cards, one row each."""
    keep = ["name", "claim", "verdict", "reason", "models", "families", "power", "change"]
    rows = [{k: getattr(c, k) for k in keep} | {"verdict": c.verdict.value} for c in cards]
    return pd.DataFrame(rows, columns=keep)


def answers_table(writeup: WriteUp) -> pd.DataFrame:
    """The first screen in words, and the hash of the thresholds it was judged by."""
    rows = [
        {"card": a.card.name, "about": a.about, "verdict": a.card.verdict.value, "word": a.word,
         "sentence": a.sentence, "thresholds": writeup.thresholds}
        for a in answer.answers(writeup.cards, writeup.evidence)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _findings(findings: list[Finding]) -> pd.DataFrame:
    columns = ["severity", "rule", "action", "reason", "hits", "rows", "old", "new"]
    rows = [{**vars(f), "hits": len(f.rows), "rows": "; ".join(f.rows)} for f in findings]
    return pd.DataFrame(rows, columns=columns)


def warnings(evidence: list[Evidence]) -> list[tuple[str, str]]:
    """(pair and sense, warning) in order, and the notes of the alignment."""
    found = [(e.name, note) for e in evidence for note in e.aligned.notes]
    for e in evidence:
        for sense in answer.senses([e]):
            label = style.wording()["senses"][sense]["label"]
            result = e.results[sense]
            said = [*result.warnings, *filter(None, [result.calibration])]
            found += [(f"{e.name}, {label}", w) for w in said]
    return found


def _gravity(finding: Finding) -> tuple[int, str]:
    order = {"error": 0, "warning": 1, "note": 2}
    return order.get(finding.severity, 3), finding.rule
