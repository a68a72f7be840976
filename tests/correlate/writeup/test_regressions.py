"""The paper's regression table against an independent implementation."""

import warnings

import numpy as np
import pandas as pd
import pyfixest as pf
import pytest

from correlate.senses.sample import prepare
from correlate.senses.settings import Settings
from correlate.writeup import tables
from correlate.writeup.regressions import FORMULAS, _fit, deviations, regressions


@pytest.fixture(scope="module")
def data(made_writeup):
    sample = prepare(made_writeup.evidence[1].aligned, Settings())
    used = sample.where(np.isfinite(sample.log_compute))
    return pd.DataFrame({"y": used.y, "x": used.x, "c": used.log_compute, "family": used.family})


@pytest.fixture(scope="module")
def found(made_writeup):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no singular matrix goes by unsaid
        return regressions(made_writeup.evidence[1])


def test_column_4_is_what_pyfixest_finds(found, data):
    theirs = pf.feols("y ~ x + c", data, vcov={"CRV1": "family"})
    ours = found.fits[3]
    assert ours.params["x"] == pytest.approx(theirs.coef()["x"])
    assert ours.bse["x"] == pytest.approx(theirs.se()["x"], rel=1e-6)
    assert found.families[3] == 9  # one family has no compute


def test_column_6_is_what_pyfixest_finds_with_family_effects(found, data):
    theirs = pf.feols("y ~ x + c | family", data, vcov={"CRV1": "family"})
    ours = found.fits[5]
    assert ours.params["x"] == pytest.approx(theirs.coef()["x"])
    # the packages count the absorbed effects differently in the factor of a few per cent
    assert ours.bse["x"] == pytest.approx(theirs.se()["x"], rel=0.03)
    assert ours.rsquared == pytest.approx(theirs._r2_within, rel=1e-6)


def test_families_of_one_rung_leave_column_6(data):
    one = data[~((data["family"] == 0) & (data.groupby("family").cumcount() > 0))]
    fit, families, reason = _fit(FORMULAS[5], deviations(one))
    assert (families, reason, fit.nobs) == (8, "", 32)


def test_a_column_that_cannot_be_estimated_says_why(found):
    # every rung of the made panel saw as many tokens
    assert [bool(r) for r in found.reasons] == [False, True, False, False, True, False]
    assert "Column (2) not estimated: its regressors cannot be told apart" in found.note
    assert set(found.table()["(2)"]) == {""}


def test_the_table_has_what_a_reader_checks(found):
    table = found.table().set_index("quiz")
    assert list(table.columns) == ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"]
    assert list(table.loc["N"]) == ["36", "", "36", "36", "", "36"]
    assert list(table.loc["Families"]) == ["9", "", "9", "9", "", "9"]
    assert list(table.loc["Family effects"]) == ["no", "", "no", "no", "", "yes"]
    assert table.loc["sums", "(1)"] == ""
    assert float(table.loc["sums", "(4)"]) == pytest.approx(found.fits[3].params["x"], abs=6e-4)
    made = tables.exports(found.table(), found.caption, "tab:r", found.note)
    assert r"\toprule" in made["tex"]
    assert "*" not in made["tex"]
    assert all("clustered by family" in made[form] for form in ("tex", "md", "html"))
