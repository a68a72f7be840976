"""Known causes beside what was found."""

import numpy as np
import pandas as pd
import pytest

from correlate.cards.task import tasks
from correlate.errors import InputError
from correlate.writeup import truth


@pytest.fixture(scope="module")
def known(made_writeup):
    scores = made_writeup.panel.scores
    return tasks(made_writeup.evidence), dict(zip(scores["model"], scores["family"], strict=True))


def test_the_offset_is_that_of_the_families(known):
    every, families = known
    contest = next(t for t in every if t.name == "contest")
    value, low, high = truth.offset("fam-6", "fam-0", contest, families)
    own = np.array([families[m] for m in contest.models])
    by_hand = contest.y[own == "fam-6"].mean() - contest.y[own == "fam-0"].mean()
    assert value == pytest.approx(by_hand)  # both families have the same computes
    assert low < value < high
    assert truth.offset("fam-6", "nobody", contest, families) is None


def test_expected_effects_are_compared(known, tmp_path):
    every, families = known
    (tmp_path / "truth.yaml").write_text(
        "about: made\nexpected:\n"
        "- {a: fam-8, b: fam-0, benchmark: quiz, direction: higher, why: better data}\n"
        "- {a: fam-8, b: fam-0, benchmark: quiz, direction: lower}\n"
        "- {a: fam-8, b: fam-0, benchmark: nought, direction: higher}\n"
    )
    table = truth.compared(tmp_path, every, families)
    assert list(table["agree"]) == ["yes", "no", "–"]
    assert list(table["found"]) == ["higher", "higher", "not told"]


def test_nothing_filed_nothing_said(known, tmp_path):
    assert truth.compared(tmp_path, *known) is None
    (tmp_path / "truth.yaml").write_text("about: made\nexpected: []\n")
    assert truth.compared(tmp_path, *known) is None


def test_a_bad_truth_is_one_line(known, tmp_path):
    (tmp_path / "truth.yaml").write_text("expected:\n- {a: x, b: y, benchmark: z, direction: up}\n")
    with pytest.raises(InputError, match="higher, lower or same") as caught:
        truth.compared(tmp_path, *known)
    assert "\n" not in str(caught.value)


def test_baselines_stand_beside_the_models(made_panel, tmp_path):
    file = tmp_path / "baselines.csv"
    file.write_text("benchmark,prover,score,n\nlemma,random step,0.1,200\n")
    table = truth.baselines(tmp_path, made_panel.scores)
    lemma = made_panel.scores.query("benchmark == 'lemma'")["score"]
    assert table["models highest"].iloc[0] == lemma.max()
    assert table["models"].iloc[0] == 40
    pd.DataFrame({"benchmark": ["lemma"]}).to_csv(file, index=False)
    with pytest.raises(InputError, match="no column prover"):
        truth.baselines(tmp_path, made_panel.scores)
    assert truth.baselines(tmp_path / "elsewhere", made_panel.scores) is None
