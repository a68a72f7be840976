"""The numbers in both READMEs are those of the shipped tables, and of the scores behind them."""

import re
import shutil
import tomllib

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from correlate.claims import thresholds_hash
from correlate.errors import InputError
from correlate.sources import load
from correlate.verbs.report import compose
from correlate.writeup import answer, findings, shelf
from correlate.writeup.prints.paper import slug
from correlate.writeup.style import number


@pytest.fixture(scope="module")
def results(repo):
    return repo / "results"


@pytest.fixture(scope="module")
def study(results):
    return results / "published"


def test_the_texts_are_what_the_shipped_tables_make_them(results, repo):
    for path, text in findings.texts(results, repo / "README.md").items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run make published"


def test_no_number_stands_in_the_template_itself():
    text = (findings.Path(findings.__file__).with_name("templates") / findings.TEMPLATE).read_text()
    words = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|`[^`]*`", "", text, flags=re.S)
    assert not re.findall(r"\d", words)


def test_every_number_of_the_readme_is_accounted_for(repo):
    text = (repo / "README.md").read_text(encoding="utf-8")
    text = re.sub(f"{findings.START}.*?{findings.END}", "", text, flags=re.S)
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    least = tomllib.loads((repo / "pyproject.toml").read_text())["project"]["requires-python"]
    level = shelf.table(repo / "results" / "published", "tests").query("sense == 'rank'")["level"]
    known = {
        "90": "% efficient engine" in text,  # the argument, quoted
        least.removeprefix(">="): True,
        f"{100 * level.max():.0f}": True,
        "2.0": "Apache-2.0" in text,
    }
    for token in re.findall(r"\d+(?:\.\d+)?", re.sub(r"GSM8K", "", text)):
        assert known.get(token), f"README.md: {token}: where is it from?"
    assert "has seven senses" in text
    assert shelf.table(repo / "results" / "published", "tests")["sense"].nunique() == 7


def test_order_is_what_scipy_finds_in_the_shipped_scores(study):
    scores = pd.read_csv(study / "scores.csv", dtype=str)
    filed = set(zip(scores["model"], scores["benchmark"], strict=True))
    tests = shelf.table(study, "tests").query("sense == 'rank'").dropna(subset=["value"])
    assert len(tests) >= 5
    for row in tests.itertuples():
        data = shelf.numbers(study, f"scatter-{slug(row.easy)}-{slug(row.hard)}")
        data = data[data["kind"] == "rung"]
        if row.models < len(data):  # all senses share the rungs of known compute where enough
            data = data[data["flops"].notna()]
        assert (len(data), data["family"].nunique()) == (row.models, row.families)
        assert spearmanr(data["easy"], data["hard"]).statistic == pytest.approx(row.value, abs=1e-4)
        for model in data["model"]:
            assert (model, row.hard) in filed
            assert (model, row.easy) in filed


def test_the_page_prints_the_tables_numbers(study):
    text = findings.rendered(study)
    for row in shelf.table(study, "tests").query("sense == 'gains'").itertuples():
        cell = row.verdict
        if np.isfinite(row.value):
            cell += f": {number(row.value)} [{number(row.low)}, {number(row.high)}]"
        assert f"| {cell} |" in text
    assert thresholds_hash() in text


@pytest.mark.slow
def test_the_report_on_the_shipped_scores_is_the_one_that_ships(study):
    made = compose(load(study), study, [], 0, 10_000)
    fresh = answer.tests_table(made.evidence)
    filed = shelf.table(study, "tests")
    for name in ("easy", "hard", "sense", "verdict", "models", "families"):
        assert list(fresh[name]) == list(filed[name]), name
    for name in ("value", "low", "high", "p"):
        np.testing.assert_allclose(fresh[name].astype(float), filed[name], rtol=1e-3, atol=1e-3)
    cards = shelf.table(study, "cards")
    assert [c.verdict.value for c in made.cards] == list(cards["verdict"])
    assert [c.reason for c in made.cards] == list(cards["reason"])


def test_a_moved_number_moves_the_text(study, tmp_path):
    copy = tmp_path / "published"
    shutil.copytree(study / "tables", copy / "tables")
    shutil.copytree(study / "figures", copy / "figures")
    table = pd.read_csv(copy / "tables" / "tests.csv")
    at = table.index[table["value"].notna()][0]
    table.loc[at, "value"] = 0.123
    table.to_csv(copy / "tables" / "tests.csv", index=False)
    assert "0.12 [" in findings.rendered(copy)
    assert "0.12 [" not in findings.rendered(study)


def test_a_readme_without_a_place_for_the_answer_is_refused(results, tmp_path):
    bare = tmp_path / "README.md"
    bare.write_text("no place")
    with pytest.raises(InputError, match="put them where the answer belongs"):
        findings.texts(results, bare)
