"""Item tables stream into scores: the same numbers as pandas gives, at any batch size."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from correlate.errors import InputError
from correlate.sources import items, load


@pytest.fixture
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    grid = pd.MultiIndex.from_product(
        [["a-1b", "b-7b", "c-70b"], ["GSM8K", "own"], range(400)],
        names=["model", "benchmark", "item"],
    )
    frame = grid.to_frame(index=False)
    frame["score"] = (rng.random(len(frame)) < 0.3).astype(float)
    return frame.sample(frac=1, random_state=1)


@pytest.mark.parametrize("batch", [7, 1000, 1 << 20])
def test_scores_items_and_errors(
    tmp_path: Path, answers: pd.DataFrame, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "BATCH", batch)
    path = tmp_path / "items.parquet"
    answers.to_parquet(path, row_group_size=500)
    panel = load(path)
    assert panel.items == str(path)
    rows = panel.scores.set_index(["model", "benchmark"]).sort_index()
    expected = answers.groupby(["model", "benchmark"])["score"].agg(["mean", "size", "sem", "sum"])
    assert rows["score"].to_numpy() == pytest.approx(expected["mean"].to_numpy())
    assert rows["n"].to_numpy() == pytest.approx(expected["size"].to_numpy())
    assert rows["stderr"].to_numpy() == pytest.approx(expected["sem"].to_numpy())
    assert rows["successes"].to_numpy() == pytest.approx(expected["sum"].to_numpy())


def test_right_or_wrong_as_booleans_and_no_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "riddles.parquet"
    pd.DataFrame(
        {"model": ["a", "a", "b"], "doc": [1, 2, 1], "score": [True, False, True]}
    ).to_parquet(path)
    assert load(path).scores["score"].tolist() == [0.5, 1.0]


def test_unanswered_items_are_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"model": ["a"] * 3, "item": [1, 2, 3], "score": [1.0, None, 0.0]}).to_parquet(
        path
    )
    panel = load(path)
    assert panel.scores[["score", "n"]].to_numpy().tolist() == [[0.5, 2]]
    [found] = [f for f in panel.findings if f.rule == "empty-score"]
    assert found.rows == ("a | items",)


def test_a_row_without_a_model_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"model": ["a", None], "item": [1, 2], "score": [1.0, 0.0]}).to_parquet(path)
    with pytest.raises(InputError, match="row 2: no model"):
        load(path)


def test_text_where_scores_belong_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"model": ["a"], "item": [1], "score": ["right"]}).to_parquet(path)
    with pytest.raises(InputError, match="column 'score': cannot be read as numbers"):
        load(path)


def test_memory_does_not_grow_with_answers(tmp_path: Path) -> None:
    """Ten times the answers of the same models: the same sums are held, no more."""
    held = []
    for count in (200, 2000):
        path = tmp_path / f"{count}.parquet"
        frame = pd.DataFrame(
            {
                "model": np.repeat(["a", "b"], count),
                "item": np.tile(np.arange(count), 2),
                "score": 1.0,
            }
        )
        frame.to_parquet(path)
        held.append(len(load(path).scores))
    assert held == [2, 2]
