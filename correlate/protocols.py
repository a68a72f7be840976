"""Where a model has several scores on one benchmark: which is used, and why; never an average."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from correlate.benchmarks import fact, resolve
from correlate.panel import Finding, Pair, Panel

PROTOCOL = ["metric", "filter", "shots", "task_version"]


def choose(panel: Panel, pair: Pair) -> Panel:
    """The panel with one row per (model, benchmark), and a finding for every choice made.

    Measured results (one reporter): one protocol a benchmark for all models, the metric most
    people quote first, then the protocol that leaves most models with both scores of the pair.
    Reported results (several reporters): for each model the two scores of the pair from one
    document where there is one, a maker's own report before others', then the document that
    covers most models. Proof rates keep one budget for the whole column.
    """
    names = panel.benchmarks
    easy, hard = resolve(pair.easy, names), resolve(pair.hard, names)
    scores = panel.scores.assign(_document=document(panel.scores["source"]))
    scores, findings = _one_budget(scores, easy)
    if scores["reported_by"].nunique() > 1:
        scores, more = _reported(scores, easy, hard)
    else:
        scores, more = _measured(scores, easy, hard)
    scores = scores.drop(columns="_document").reset_index(drop=True)
    return replace(panel, scores=scores, findings=panel.findings + tuple(findings + more))


def document(source: pd.Series) -> pd.Series:
    """The document a figure stands in: 'repo@commit:path' of 'repo@commit:path#line'."""
    return source.str.replace(r"(#L\d+.*| p\.\d+.*)$", "", regex=True)


def _one_budget(scores: pd.DataFrame, easy: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Proof benchmarks cut to one metric each: the one that most models with an easy score have.

    Rates under different search budgets (pass@1, pass@32, best-first 1x32x100) are different
    quantities.
    """
    findings = []
    with_easy = set(scores.loc[scores["benchmark"] == easy, "model"])
    for benchmark, rows in scores[scores["band"] == "proof"].groupby("benchmark", sort=False):
        if rows["metric"].nunique() < 2:
            continue
        budgets = {str(metric): set(part["model"]) for metric, part in rows.groupby("metric")}
        ranked = sorted(budgets, key=lambda m: (-len(budgets[m] & with_easy), -len(budgets[m]), m))
        used = ranked[0]
        gone = rows[rows["metric"] != used]
        scores = scores.drop(index=gone.index)
        others = ", ".join(ranked[1:])
        findings.append(
            Finding("proof-budget", "note",
                    f"{benchmark}: only '{used}' is used, the budget most models with {easy} have",
                    _cells(gone), "dropped", old=others, new=used)
        )  # fmt: skip
    return scores, findings


def _measured(scores: pd.DataFrame, easy: str, hard: str) -> tuple[pd.DataFrame, list[Finding]]:
    """One protocol for each benchmark."""
    parts, findings = [], []
    paired = _models(scores, easy) & _models(scores, hard)
    for benchmark, rows in scores.groupby("benchmark", sort=False):
        chosen = rows
        if rows.duplicated("model").any():
            protocols = rows.groupby(PROTOCOL, sort=False, dropna=False)
            ranked = sorted(
                ((tuple(map(str, key)), part) for key, part in protocols),
                key=lambda item: _rank(str(benchmark), item[0], item[1], paired),
            )
            used, chosen = ranked[0]
            chosen = chosen.drop_duplicates("model")
            gone = rows.drop(index=chosen.index)
            findings.append(
                Finding("protocol-chosen", "note",
                        f"{benchmark}: of {len(ranked)} protocols the one used is {_say(used)}",
                        _cells(gone), "dropped",
                        old="; ".join(_say(key) for key, _ in ranked[1:]), new=_say(used))
            )  # fmt: skip
        parts.append(chosen)
    return pd.concat(parts).sort_index(), findings


def _rank(
    benchmark: str, protocol: tuple[str, ...], rows: pd.DataFrame, paired: set[str]
) -> tuple[int, int, int]:
    """What protocols are sorted by, best first: quoted metric, then models covered.

    Equals keep the order of their first rows: a study puts its suite's own metric and filter
    before the others of a cell.
    """
    known = fact(benchmark)
    prefer = known.prefer if known else ()
    place = prefer.index(protocol[0]) if protocol[0] in prefer else len(prefer)
    models = set(rows["model"])
    return (place, -len(models & paired), -len(models))


def _reported(scores: pd.DataFrame, easy: str, hard: str) -> tuple[pd.DataFrame, list[Finding]]:
    """For each model and benchmark one report, easy and hard from one document where possible."""
    coverage = scores.groupby("_document")["model"].nunique()
    scores = scores.assign(
        _self=(scores["reported_by"] != "self").astype(int),
        _cover=-scores["_document"].map(coverage),
    )
    both = _documents(scores, easy).merge(_documents(scores, hard), on=["model", "_document"])
    shared = set(zip(both["model"], both["_document"], strict=True))
    in_pair = [d in shared for d in zip(scores["model"], scores["_document"], strict=True)]
    scores["_apart"] = (~pd.Series(in_pair, index=scores.index, dtype=bool)).astype(int)
    order = ["_apart", "_self", "_cover", "_document", "source", "metric", "shots"]
    ordered = scores.sort_values(order, kind="stable")
    chosen = ordered.drop_duplicates(["model", "benchmark"]).sort_index()
    several = scores.duplicated(["model", "benchmark"], keep=False)
    findings = [_why(scores[several], chosen)] if several.any() else []
    findings += _across(chosen, easy, hard)
    return chosen.drop(columns=["_self", "_cover", "_apart"]), findings


def _why(rows: pd.DataFrame, chosen: pd.DataFrame) -> Finding:
    gone = rows.drop(index=rows.index.intersection(chosen.index))
    cells = rows.drop_duplicates(["model", "benchmark"])
    reason = (
        f"{len(cells)} scores have several reports: used is the one whose document also reports "
        "the other benchmark of the pair, then the maker's own, then the document that covers "
        "most models"
    )
    return Finding("report-chosen", "note", reason, _cells(gone), "dropped")


def _across(chosen: pd.DataFrame, easy: str, hard: str) -> list[Finding]:
    """A line for the models whose two scores stand in different documents."""
    ends = chosen[chosen["benchmark"].isin([easy, hard])]
    by_model = ends.groupby("model")["_document"].agg(["size", "nunique"])
    paired = by_model[by_model["size"] == 2]
    apart = paired.index[paired["nunique"] == 2]
    if not len(apart):
        return []
    reason = (
        f"{len(apart)} of {len(paired)} models have {easy} and {hard} from different documents: "
        "prompts and shots may differ between the two"
    )
    return [Finding("across-documents", "note", reason, tuple(str(m) for m in apart), "kept")]


def _documents(scores: pd.DataFrame, benchmark: str) -> pd.DataFrame:
    rows = scores[scores["benchmark"] == benchmark]
    return rows[["model", "_document"]].drop_duplicates()


def _models(scores: pd.DataFrame, benchmark: str) -> set[str]:
    return set(scores.loc[scores["benchmark"] == benchmark, "model"])


def _cells(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(
        f"{m} | {b} ({s})"
        for m, b, s in zip(rows["model"], rows["benchmark"], rows["source"], strict=True)
    )


def _say(protocol: tuple[str, ...]) -> str:
    names = ("metric", "filter", "shots", "version")
    said = [f"{n} {v}" for n, v in zip(names, protocol, strict=True) if v not in ("", "none")]
    return ", ".join(said) or "the unnamed one"
