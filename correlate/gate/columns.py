"""Rules about what stands in one column: protocols, budgets, items, reports that copy."""

from __future__ import annotations

import pandas as pd

from correlate.gate.rule import Hit, Outcome, Rule, cells
from correlate.gate.values import rates
from correlate.protocols import document

ONE_PROTOCOL = 0.8
"""Share of a benchmark's models that one protocol must cover for the column not to be mixed."""
SAME_ITEMS = 1.05
FEW_ITEMS = 30


def protocols_mixed(scores: pd.DataFrame) -> Outcome:
    """Benchmarks whose models were run under protocols of which none covers most of them."""
    said = []
    for benchmark, rows in scores.groupby("benchmark", sort=False):
        if (rows["band"] == "proof").all():
            continue
        models = rows["model"].nunique()
        for column in ("shots", "metric"):
            if rows[column].nunique() < 2:
                continue
            counts = rows.groupby(column)["model"].nunique().sort_values(ascending=False)
            if counts.iloc[0] < ONE_PROTOCOL * models:
                most = ", ".join(f"'{k}' {v}" for k, v in counts.head(6).items())
                said.append(f"{benchmark}: {column} by number of models: {most}")
    return scores, [Hit(tuple(said), "kept", detail=f"{len(said)} columns")] if said else []


def budgets_mixed(scores: pd.DataFrame) -> Outcome:
    """Proof rates, or pass rates at several k, under different budgets in one benchmark."""
    sampled = (scores["band"] == "proof") | scores["metric"].str.contains(r"pass@\d", regex=True)
    hits = []
    for benchmark, rows in scores[sampled].groupby("benchmark", sort=False):
        budgets = rows["metric"]
        if (rows["band"] != "proof").any():
            budgets = budgets.str.extract(r"(pass@\d+)", expand=False)
        counts = rows.groupby(budgets)["model"].nunique().sort_values(ascending=False)
        if len(counts) > 1:
            said = ", ".join(f"'{k}' {v}" for k, v in counts.head(6).items())
            detail = f"{benchmark}: {len(counts)} budgets ({said}); one is chosen for a pair"
            hits.append(Hit((str(benchmark),), "kept", detail=detail))
    return scores, hits


def items_differ(scores: pd.DataFrame) -> Outcome:
    """Models scored on different numbers of items of one benchmark."""
    hits = []
    known = scores[rates(scores) & (scores["n"] > 0)]
    key = ["benchmark", "metric", "filter", "shots", "task_version"]
    for (benchmark, *_), rows in known.groupby(key, sort=False):
        low, high = rows["n"].min(), rows["n"].max()
        if high > SAME_ITEMS * low:
            usual = rows["n"].mode().iloc[0]
            odd = rows[(rows["n"] * SAME_ITEMS < usual) | (rows["n"] > usual * SAME_ITEMS)]
            detail = f"{benchmark}: from {low:g} to {high:g} items, most often {usual:g}"
            hits.append(Hit(cells(odd), "kept", detail=detail))
    return scores, hits


def few_items(scores: pd.DataFrame) -> Outcome:
    """Scores on fewer than thirty items."""
    few = rates(scores) & (scores["n"] < FEW_ITEMS)
    if not few.any():
        return scores, []
    return scores, [Hit(cells(scores[few]), "kept")]


def items_unknown(scores: pd.DataFrame) -> Outcome:
    """Benchmarks whose number of items, and with it the noise of a score, is unknown."""
    unknown = rates(scores) & scores["n"].isna() & scores["stderr"].isna()
    if not unknown.any():
        return scores, []
    counts = scores[unknown].groupby("benchmark", sort=False).size()
    rows = tuple(f"{benchmark} ({count} rows)" for benchmark, count in counts.items())
    return scores, [Hit(rows, "kept")]


def reports_copied(scores: pd.DataFrame) -> Outcome:
    """One figure of one model and benchmark stated by several documents."""
    rows = scores.assign(_document=document(scores["source"]))
    key = ["model", "benchmark", "score"]
    once = rows[rows["reported_by"] != ""].drop_duplicates([*key, "_document"])
    copies = once[once.duplicated(key, keep=False)]
    if copies.empty:
        return scores, []
    figures = copies.drop_duplicates(key)
    detail = f"{len(figures)} figures stand in {len(copies)} documents"
    return scores, [Hit(cells(figures), "kept", detail=detail)]


def stages_mixed(scores: pd.DataFrame) -> Outcome:
    """Base and tuned rungs side by side in one family."""
    rungs = scores.drop_duplicates("model")
    rungs = rungs[rungs["stage"] != ""]
    stages = rungs.groupby("family")["stage"].nunique()
    mixed = stages.index[stages > 1]
    if not len(mixed):
        return scores, []
    return scores, [Hit(tuple(str(f) for f in mixed), "kept", detail=f"{len(mixed)} families")]


RULES = (
    Rule("protocols-mixed", "warning", "several protocols in one column", protocols_mixed),
    Rule("budgets-mixed", "warning", "several sampling or search budgets", budgets_mixed),
    Rule("items-differ", "warning", "models scored on different numbers of items", items_differ),
    Rule("few-items", "note", "scored on fewer than thirty items", few_items),
    Rule(
        "items-unknown", "note", "number of items unknown, so is the score's noise", items_unknown
    ),
    Rule("reports-copied", "note", "several documents state one figure", reports_copied),
    Rule("stages-mixed", "note", "base and tuned rungs in one family", stages_mixed),
)
