"""Item matrices, a model a column: means by hand; whatever is no answer is refused by its place."""

from pathlib import Path

import pytest

from correlate.errors import InputError
from correlate.sources import load


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_columns_become_scores(tmp_path: Path) -> None:
    path = write(
        tmp_path / "minif2f_test_item_matrix.csv",
        "theorem,llama-7b,llama-13b,other\na,0,1,\nb,1,1,\nc,0,,\nd,0,0,\n",
    )
    panel = load(path)
    rows = panel.scores.set_index("model")
    assert list(rows.index) == ["llama-7b", "llama-13b"]
    assert rows["score"].tolist() == [0.25, 2 / 3]
    assert rows["n"].tolist() == [4, 3]
    assert rows["successes"].tolist() == [1, 2]
    assert set(rows["benchmark"]) == {"miniF2F-test"}
    assert set(rows["band"]) == {"proof"}
    [empty] = [f for f in panel.findings if f.rule == "empty-score"]
    assert empty.rows == (
        "llama-13b | miniF2F-test: 1 of 4", "other | miniF2F-test: 4 of 4",
    )  # fmt: skip


def test_true_and_false_are_answers(tmp_path: Path) -> None:
    rows = load(write(tmp_path / "t.csv", "item,a,b\nx,true,False\ny,TRUE,1.0\nz,,0\n")).scores
    assert rows["score"].tolist() == [1, 1 / 3]
    assert rows["n"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item,a,b\nx,0,1\ny,0,0.5\n", "column 'b', line 3: '0.5' is neither 0 nor 1"),
        ("item,a,b\nx,0,1\nx,0,1\n", "line 3: item 'x' stands twice"),
        ("item,a,b\nx,0,yes\n", "line 2: 'yes' is neither 0 nor 1"),
        ("item,a\nx,\n", "no scores in it"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(write(tmp_path / "t.csv", text))


def test_the_real_matrix(shared_data: Path) -> None:
    panel = load(shared_data / "llemma")
    assert panel.scores["model"].nunique() == 4
    assert set(panel.scores["family"]) == {"CodeLlama", "Llemma"}
