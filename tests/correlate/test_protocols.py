"""One row a model and benchmark: which, why, and never an average."""

from pathlib import Path

import pandas as pd
import pytest

from correlate.panel import Pair, Panel
from correlate.protocols import choose
from correlate.sources import load
from correlate.sources.finish import finish

PAIR = Pair("GSM8K", "MATH")


def panel(*rows: tuple, columns: str) -> Panel:
    return finish(pd.DataFrame(rows, columns=columns.split()), "made up")


def scores(chosen: Panel) -> dict[tuple[str, str], float]:
    table = chosen.scores
    assert not table.duplicated(["model", "benchmark"]).any()
    return dict(
        zip(zip(table["model"], table["benchmark"], strict=True), table["score"], strict=True)
    )


def test_the_two_scores_of_a_model_come_from_one_document() -> None:
    chosen = choose(
        panel(
            ("m", "GSM8K", 0.5, "third-party", "x/y@1:README.md#L1"),
            ("m", "MATH", 0.1, "third-party", "x/y@1:README.md#L2"),
            ("m", "GSM8K", 0.6, "self", "m/m@1:README.md#L9"),
            columns="model benchmark score reported_by source",
        ),
        PAIR,
    )
    assert scores(chosen) == {("m", "GSM8K"): 0.5, ("m", "MATH"): 0.1}
    assert "m | GSM8K (m/m@1:README.md#L9)" in chosen.findings[-1].rows


def test_the_makers_own_document_comes_first_among_equals() -> None:
    chosen = choose(
        panel(
            ("m", "GSM8K", 0.5, "third-party", "a/b@1:R.md#L1"),
            ("m", "MATH", 0.1, "third-party", "a/b@1:R.md#L1"),
            ("m", "GSM8K", 0.6, "self", "m/m@1:R.md#L9"),
            ("m", "MATH", 0.2, "self", "m/m@1:R.md#L9"),
            columns="model benchmark score reported_by source",
        ),
        PAIR,
    )
    assert scores(chosen) == {("m", "GSM8K"): 0.6, ("m", "MATH"): 0.2}


def test_scores_of_two_documents_are_used_and_said() -> None:
    chosen = choose(
        panel(
            ("m", "GSM8K", 0.5, "third-party", "a/b@1:R.md#L1"),
            ("m", "MATH", 0.2, "self", "m/m@1:R.md#L9"),
            columns="model benchmark score reported_by source",
        ),
        PAIR,
    )
    assert [f.rows for f in chosen.findings if f.rule == "across-documents"] == [("m",)]


def test_proof_budgets_are_never_one_column() -> None:
    pair = Pair("GSM8K", "miniF2F-test")
    rows = [(m, "GSM8K", 0.5, "self", "d", "acc") for m in "abc"]
    rows += [(m, "miniF2F-test", 0.3, "self", "d", "pass@32") for m in "ab"]
    rows += [(m, "miniF2F-test", 0.9, "self", "d", "pass@25600") for m in "ac"]
    rows += [("z", "miniF2F-test", 0.9, "third-party", "e", "pass@25600")]
    chosen = choose(panel(*rows, columns="model benchmark score reported_by source metric"), pair)
    proof = chosen.scores[chosen.scores["benchmark"] == "miniF2F-test"]
    assert set(proof["metric"]) == {"pass@25600"}
    assert [f.new for f in chosen.findings if f.rule == "proof-budget"] == ["pass@25600"]


def test_measured_results_keep_one_protocol_for_all_models() -> None:
    rows = [
        (m, b, 0.1, "acc", s) for m in "abc" for b in ("ARC-easy", "LogiQA") for s in ("0", "5")
    ]
    rows += [(m, b, 0.2, "acc_norm", "0") for m in "abc" for b in ("ARC-easy", "LogiQA")]
    rows += [("d", b, 0.3, "acc_norm", "5") for b in ("ARC-easy", "LogiQA")]
    chosen = choose(
        panel(*rows, columns="model benchmark score metric shots"), Pair("ARC-easy", "LogiQA")
    )
    assert set(chosen.scores["metric"]) == {"acc_norm"}
    assert set(chosen.scores["shots"]) == {"0"}
    assert set(chosen.scores["model"]) == {"a", "b", "c"}
    dropped = [f for f in chosen.findings if f.rule == "protocol-chosen"]
    assert any("d | LogiQA" in row for f in dropped for row in f.rows)


@pytest.mark.parametrize("hard", ["MATH", "MMLU-Pro", "GPQA", "BBH", "HumanEval", "AIME24"])
def test_published_scores_are_chosen_without_averaging(repo: Path, hard: str) -> None:
    published = load(repo / "results" / "published")
    chosen = choose(published, Pair("GSM8K", hard)).scores
    key = ["model", "benchmark", "score", "source", "metric"]
    merged = chosen[key].merge(
        published.scores[key].drop_duplicates(), on=key, how="left", indicator=True
    )
    assert (merged["_merge"] == "both").all()
    assert not chosen.duplicated(["model", "benchmark"]).any()
