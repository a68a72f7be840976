"""Which pairs a report tests."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from correlate import pairs
from correlate.errors import InputError
from correlate.panel import Pair


def test_bands_give_easy_against_each_harder_one_with_the_placebo(made_panel, tmp_path):
    got = pairs.default(made_panel, tmp_path)
    assert [q.pair for q in got] == [Pair("sums", h, "tale") for h in ("contest", "quiz", "lemma")]


def test_rates_and_bits_per_byte_are_never_put_against_each_other(made_panel, tmp_path):
    bits = made_panel.scores.assign(
        benchmark=made_panel.scores["benchmark"] + "-bits", metric="bits_per_byte", chance=None
    )
    both = replace(made_panel, scores=pd.concat([made_panel.scores, bits]))
    got = [q.pair for q in pairs.default(both, tmp_path)]
    assert Pair("sums-bits", "contest-bits", "tale-bits") in got
    assert all(p.easy.endswith("-bits") == p.hard.endswith("-bits") for p in got)


def test_a_study_may_file_its_own_pairs(made_panel, tmp_path):
    filed = "easy: sums\nhard: [{benchmark: Quiz, stages: [base]}]\n"
    (tmp_path / "report.yaml").write_text(filed)
    (question,) = pairs.default(made_panel, tmp_path)
    assert question == pairs.Question(Pair("sums", "quiz", None), ("base",))


def test_stages_set_models_aside_and_say_so(made_panel):
    tuned = made_panel.scores["model"] == "fam-2-1"
    mixed = replace(
        made_panel, scores=made_panel.scores.assign(stage=tuned.map({True: "math", False: "base"}))
    )
    cut = pairs.Question(Pair("sums", "quiz"), ("base",)).among(mixed)
    assert "fam-2-1" not in set(cut.scores["model"])
    assert cut.findings[-1].rows == ("fam-2-1",)
    assert cut.findings[-1].action == "dropped"
    assert pairs.Question(Pair("sums", "quiz")).among(mixed) is mixed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("easy: sums\nhard: [{benchmark: nought}]\n", "nought: not in the panel; it has sums"),
        ("easy: sums\n", "hard"),
        ("easy: [\n", "report.yaml"),
    ],
)
def test_a_bad_file_is_one_line(made_panel, tmp_path: Path, text, says):
    (tmp_path / "report.yaml").write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        pairs.default(made_panel, tmp_path)
    assert "\n" not in str(caught.value)


def test_pairs_as_asked_take_the_placebo_of_the_bands(made_panel):
    two = pairs.parse(["sums:quiz", "sums:quiz:lemma"], made_panel)
    assert [q.pair.placebo for q in two] == ["tale", "lemma"]


@pytest.mark.parametrize("text", ["sums", "sums:", "a:b:c:d", "sums:nought"])
def test_a_pair_that_is_none_is_refused(made_panel, text):
    with pytest.raises(InputError):
        pairs.parse([text], made_panel)


def test_no_grade_school_benchmark_says_what_to_do(made_panel, tmp_path):
    hard = replace(
        made_panel, scores=made_panel.scores[made_panel.scores["band"] != "grade-school"]
    )
    with pytest.raises(InputError, match="--pairs easy:hard"):
        pairs.default(hard, tmp_path)


def test_a_hard_benchmark_without_an_easy_one_of_its_kind_takes_the_other(made_panel, tmp_path):
    bits = made_panel.scores["benchmark"] == "quiz"
    metric = bits.map({True: "bits_per_byte", False: "acc"})
    mixed = replace(made_panel, scores=made_panel.scores.assign(metric=metric))
    got = [q.pair for q in pairs.default(mixed, tmp_path)]
    assert got[-1] == Pair("sums", "quiz", "tale")
    assert len(got) == 3
