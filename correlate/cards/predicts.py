"""Cards 1 and 2: grade-school scores predict harder reasoning, and formal proof."""

from __future__ import annotations

import pandas as pd

from correlate.cards.card import Card, Part, holm, insufficient, power, rules, together
from correlate.evidence import Evidence
from correlate.senses.result import Verdict
from correlate.senses.settings import thresholds

CHANGE = {
    Verdict.SUPPORTED: "hard benchmarks, or families, in which the relation is absent",
    Verdict.REFUTED: "families in which easy and hard move together once compute is taken out",
    Verdict.MIXED: "more families on the senses and benchmarks that disagree",
    Verdict.INSUFFICIENT: "scores of more families on both benchmarks, above the floor",
}


def predicts(name: str, evidence: list[Evidence]) -> Card:
    """The card ``name`` (easy-predicts-hard or easy-predicts-proof) from its pairs."""
    rule = rules()[name]
    own = [e for e in evidence if e.aligned.hard.band in rule["bands"]]
    if not own:
        return insufficient(name, f"no pair with a {' or '.join(rule['bands'])} benchmark",
                            CHANGE[Verdict.INSUFFICIENT])  # fmt: skip
    senses = list(own[0].results)
    found = {s: _rows(s, own, float(rule["alpha"])) for s in senses}
    parts = tuple(_part(s, rows, float(rule["min_told"])) for s, rows in found.items())
    deciding = [p.verdict for p in parts if p.name in rule["senses"]]
    verdict = together(deciding)
    told = sum(v is not Verdict.INSUFFICIENT for v in deciding)
    if verdict is not Verdict.INSUFFICIENT and told < rule["min_senses"]:
        verdict = Verdict.MIXED
    table = pd.DataFrame([row for rows in found.values() for row in rows])
    powers = table["power"].dropna()
    tested = max((r for e in own for r in e.results.values()), key=lambda r: r.n_models)
    return Card(
        name, rule["claim"], verdict, _reason(parts), tested.n_models, tested.n_families,
        CHANGE[verdict], parts,
        float(powers.median()) if len(powers) else None, table,
    )  # fmt: skip


def _rows(sense: str, evidence: list[Evidence], alpha: float) -> list[dict[str, object]]:
    """One row a pair: the sense's verdict, after Holm over the pairs where it has a p-value."""
    results = [e.results[sense] for e in evidence]
    effect = thresholds().senses[sense].get("effect")
    # Senses without an effect are judged by coverage or by error saved, not by a p-value.
    raw = [r.headline.p if effect and r.headline and r.headline.p is not None else float("nan")
           for r in results]  # fmt: skip
    rows: list[dict[str, object]] = []
    for e, r, p in zip(evidence, results, holm(raw), strict=True):
        verdict, reason = r.verdict, r.reason
        if verdict is Verdict.SUPPORTED and p > alpha:
            verdict = Verdict.INSUFFICIENT
            reason = f"{reason}, but not after Holm over {len(evidence)} benchmarks (p {p:.3f})"
        h = r.headline
        rows.append(
            {
                "sense": sense, "easy": e.pair.easy, "hard": e.pair.hard,
                "verdict": verdict.value, "value": h.value if h else None,
                "low": h.low if h else None, "high": h.high if h else None,
                "p": h.p if h else None, "p_holm": p,
                "power": power(h, float(effect)) if effect else None,
                "models": r.n_models, "families": r.n_families, "reason": reason,
            }
        )  # fmt: skip
    return rows


def _part(sense: str, rows: list[dict[str, object]], min_told: float) -> Part:
    """The sense over its pairs; open where too few of them can be told."""
    verdicts = [Verdict(str(row["verdict"])) for row in rows]
    told = [v for v in verdicts if v is not Verdict.INSUFFICIENT]
    yes = sum(v is Verdict.SUPPORTED for v in told)
    enough = len(told) >= min_told * len(verdicts)
    verdict = together(verdicts) if enough else Verdict.INSUFFICIENT
    reason = (
        f"{yes} of {len(told)} benchmarks that can be told"
        if told
        else f"none of {len(rows)} benchmarks can be told: {rows[0]['reason']}"
    )
    return Part(sense, verdict, reason, yes, len(told), len(rows))


def _reason(parts: tuple[Part, ...]) -> str:
    said = []
    for verdict in Verdict:
        names = [p.name.replace("_", " ") for p in parts if p.verdict is verdict]
        if names:
            said.append(f"{verdict.value} in {', '.join(names)}")
    return "; ".join(said)
