"""The tables known by their header: ObsScaling, MathBench, published, lm-eval v0.3 flattened."""

from pathlib import Path

import numpy as np
import pytest

from correlate.errors import InputError
from correlate.panel import Pair, align
from correlate.protocols import choose
from correlate.quality import gate
from correlate.sources import load

HEADER = "Model,Model Family,Model Size (B),Pretraining Data Size (T),FLOPs (1E21)"


def scores_of(row: str) -> str:
    return f"{row},0.6,0.5,0.7,0.6,0.4,0.3,0.6,0.1\n"


@pytest.fixture
def obsscaling(tmp_path: Path) -> Path:
    """A folder of two tables with the real headers, BTLM's slip of unit among them."""
    folder = tmp_path / "obs"
    folder.mkdir()
    names = ",MMLU,ARC-C,HellaSwag,Winograd,TruthfulQA,GSM8K,XWinograd,HumanEval\n"
    rows = ["a/m-7b,A,7.0,2.0,84.0", "cerebras/btlm-3b-8k-base,BTLM,3.0,627.0,11286.0",
            "b/n-1b,B,1.0,,"]  # fmt: skip
    (folder / "base.csv").write_text(HEADER + names + "".join(map(scores_of, rows)))
    second = "Model,leaderboard_bbh,leaderboard_gpqa,leaderboard_ifeval,leaderboard_math_hard,"
    second += "leaderboard_mmlu_pro,leaderboard_musr\n"
    second += "a/m-7b,.3,.3,.3,.05,.2,.4\nb/n-1b,.3,.3,.3,.02,.2,.4\n"
    (folder / "leaderboard.csv").write_text(second)
    return folder


def test_two_tables_are_joined_on_model_and_units_applied(obsscaling: Path) -> None:
    rows = load(obsscaling).scores
    one = rows[(rows["model"] == "a/m-7b") & (rows["benchmark"] == "MATH level 5")].iloc[0]
    assert (one["score"], one["n"], one["family"]) == (0.05, 1324, "A")
    assert (one["params"], one["tokens"], one["flops"]) == (7e9, 2e12, 84e21)
    assert set(rows["stage"]) == {"base"}


def test_btlm_is_corrected_and_the_old_value_recorded(obsscaling: Path) -> None:
    panel = gate(load(obsscaling))
    [found] = [f for f in panel.findings if f.rule == "tokens-scale"]
    assert (found.rows, found.action) == (("cerebras/btlm-3b-8k-base",), "corrected")
    assert (found.old, found.new) == ("6.27e+14", "6.27e+11")
    row = panel.scores[panel.scores["model"].str.contains("btlm")].iloc[0]
    assert row["tokens"] == pytest.approx(0.627e12)
    assert row["flops"] == pytest.approx(11.286e21)


def test_a_model_twice_in_the_join_column_is_refused(obsscaling: Path) -> None:
    path = obsscaling / "leaderboard.csv"
    path.write_text(path.read_text() + "b/n-1b,.3,.3,.3,.02,.2,.4\n")
    with pytest.raises(InputError, match=r"leaderboard.csv: line 4: 'b/n-1b' stands twice"):
        load(obsscaling)


@pytest.mark.parametrize(
    ("hard", "models", "families"),
    [("MATH level 5", 55, 23), ("MMLU", 123, 39), ("ARC-C", 120, 38), ("HumanEval", 112, 35)],
)
def test_the_reference_counts_of_models_and_families(
    shared_data: Path, hard: str, models: int, families: int
) -> None:
    pair = Pair("GSM8K", hard)
    cut = align(choose(gate(load(shared_data / "obsscaling")), pair), pair)
    known = np.isfinite(cut.log_compute)
    assert (known.sum(), len(set(cut.family[known]))) == (models, families)


def test_mathbench_loads_both_parts_and_merges_a_spelling(shared_data: Path) -> None:
    panel = gate(load(shared_data / "mathbench"))
    assert len(panel.benchmarks) == 9
    assert panel.scores["score"].between(0, 1).all()
    [found] = [f for f in panel.findings if f.rule == "model-twice"]
    assert set(found.rows) == {"Metamath-Llemma-7B", "MetaMath-Llemma-7B"}
    assert panel.scores["model"].nunique() == 29


def test_published_has_a_source_for_every_score(repo: Path) -> None:
    panel = load(repo / "results" / "published")
    assert len(panel.scores) == 3307
    assert (panel.scores["source"] != "").all()
    assert panel.scores["score"].between(0, 1).all()
    assert panel.scores["active_params"].notna().any()
