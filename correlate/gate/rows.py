"""Rules about rows and names: scores that stand twice, models and families under two names."""

from __future__ import annotations

import pandas as pd

from correlate.benchmarks import canonical, key
from correlate.gate.rule import Hit, Outcome, Rule, cells, number
from correlate.naming import is_total, normal_form, stem

PROTOCOL = ["model", "benchmark", "metric", "filter", "shots", "task_version", "reported_by"]


def repeated_rows(scores: pd.DataFrame) -> Outcome:
    """The same score of one model under one protocol from one place, twice: one is kept."""
    same = [*PROTOCOL, "score"]
    if _own_source(scores):
        same.append("source")
    twice = scores.duplicated(same, keep="first")
    if not twice.any():
        return scores, []
    return scores[~twice], [Hit(cells(scores[twice]), "dropped")]


def _own_source(scores: pd.DataFrame) -> bool:
    """Whether rows name documents (several reports of one figure are then no repetition)."""
    return bool((scores["reported_by"] != "").any())


def conflicting_rows(scores: pd.DataFrame) -> Outcome:
    """Different scores of one model on one benchmark that nothing tells apart."""
    same = [*PROTOCOL, "source"] if _own_source(scores) else PROTOCOL
    twice = scores.duplicated(same, keep=False)
    if not twice.any():
        return scores, []
    said = []
    for _, group in scores[twice].groupby(same, sort=False):
        values = ", ".join(number(v) for v in group["score"])
        first = group.iloc[0]
        said.append(f"{first['model']} | {first['benchmark']} {first['metric']}: {values}")
    detail = "no column says which protocol is which; a pair takes the first"
    return scores, [Hit(tuple(said), "kept", detail=detail)]


def model_twice(scores: pd.DataFrame) -> Outcome:
    """One model listed under two spellings: merged where no score contradicts."""
    models = scores[["model", "revision"]].drop_duplicates("model")
    forms = models["model"].map(normal_form) + "@" + models["revision"]
    hits = []
    for _, group in models["model"][forms.duplicated(keep=False)].groupby(forms):
        first, *others = group
        rows = scores[scores["model"].isin(group)]
        merged = rows.assign(model=first)
        if rows.groupby("model")["params"].first().dropna().nunique() > 1:
            continue  # two sizes whose names leave the size out
        if merged.duplicated(PROTOCOL).sum() > merged.duplicated([*PROTOCOL, "score"]).sum():
            doubt = "their scores differ; rename or merge them"
            hits.append(Hit(tuple(group), "kept", detail=doubt))
            continue
        scores = scores.assign(model=scores["model"].replace(dict.fromkeys(others, first)))
        hits.append(Hit(tuple(group), "corrected", ", ".join(others), first))
    return scores, hits


def benchmark_twice(scores: pd.DataFrame) -> Outcome:
    """One benchmark under spellings that differ in case and punctuation, or an alias: joined."""
    names = pd.Series(scores["benchmark"].unique(), dtype=object)
    forms = names.map(lambda name: key(canonical(name)) or name)
    hits = []
    for _, group in names[forms.duplicated(keep=False)].groupby(forms):
        rows = scores.loc[scores["benchmark"].isin(group), "benchmark"]
        usual = str(rows.value_counts().index[0])
        others = sorted(set(group) - {usual})
        scores = scores.assign(benchmark=scores["benchmark"].replace(dict.fromkeys(others, usual)))
        hits.append(Hit(tuple(sorted(group)), "corrected", ", ".join(others), usual))
    return scores, hits


def family_split(scores: pd.DataFrame) -> Outcome:
    """One family under two labels: spelt two ways, or one size filed under another name."""
    hits = []
    spellings = pd.Series(scores["family"].unique())
    forms = spellings.map(normal_form)
    for _, group in spellings[forms.duplicated(keep=False)].groupby(forms):
        counts = scores[scores["family"].isin(group)].groupby("family")["model"].nunique()
        usual = str(counts.sort_values(ascending=False, kind="stable").index[0])
        for other in sorted(set(group) - {usual}):
            scores, hit = _refile(scores, scores["family"] == other, usual)
            hits.append(hit)
    rungs = scores.drop_duplicates("model")[["model", "family"]]
    rungs = rungs.assign(stem=rungs["model"].map(lambda m: stem(m).casefold()))
    labels = rungs.groupby("stem")["family"].transform("nunique")
    for _, series in rungs[labels == 2].groupby("stem"):
        counts = series["family"].value_counts()
        if counts.iloc[1] != 1 or counts.iloc[0] < 2:
            continue
        usual, odd = str(counts.index[0]), str(counts.index[1])
        model = series.loc[series["family"] == odd, "model"]
        scores, hit = _refile(scores, scores["model"].isin(model), usual)
        hits.append(hit)
    return scores, hits


def _refile(scores: pd.DataFrame, rows: pd.Series, family: str) -> tuple[pd.DataFrame, Hit]:
    old = str(scores.loc[rows, "family"].iloc[0])
    models = tuple(scores.loc[rows, "model"].drop_duplicates())
    return scores.assign(family=scores["family"].mask(rows, family)), Hit(
        models, "corrected", old, family
    )


def covariates_disagree(scores: pd.DataFrame) -> Outcome:
    """One model whose rows state different families, parameters, tokens or compute."""
    hits = []
    for column in ("family", "params", "tokens", "flops"):
        counts = scores.groupby("model")[column].nunique()
        for model in counts.index[counts > 1]:
            values = scores.loc[scores["model"] == model, column].dropna().unique()
            hits.append(
                Hit(
                    (str(model),),
                    "kept",
                    old=", ".join(str(v) for v in values),
                    detail=f"{column}; the first is used",
                )
            )
    return scores, hits


def totals(scores: pd.DataFrame) -> Outcome:
    """Rows that sum up others ('Average') where a model's name belongs."""
    found = {model for model in scores["model"].unique() if is_total(model)}
    rows = scores["model"].isin(found)
    return scores[~rows], [Hit(cells(scores[rows]), "dropped")] if found else []


SPELLINGS = (
    Rule("benchmark-twice", "warning", "one benchmark under two spellings", benchmark_twice),
)
"""Before all others: rules that look at a benchmark's column need the whole of it."""

RULES = (
    Rule("total-row", "warning", "a total or average where a model belongs", totals),
    Rule("model-twice", "warning", "one model under two spellings", model_twice),
    Rule("repeated-rows", "note", "the same score stands twice", repeated_rows),
    Rule(
        "conflicting-rows",
        "error",
        "several scores of one model under one protocol",
        conflicting_rows,
    ),
    Rule("family-split", "warning", "one family under two labels", family_split),
    Rule(
        "covariates-disagree",
        "warning",
        "rows of one model disagree on its covariates",
        covariates_disagree,
    ),
)
