"""The paper's regression table against an independent implementation."""

import numpy as np
import pandas as pd
import pyfixest as pf
import pytest

from correlate.senses.sample import prepare
from correlate.senses.settings import Settings
from correlate.writeup import tables
from correlate.writeup.regressions import regressions


@pytest.fixture(scope="module")
def found(made_writeup):
    return regressions(made_writeup.evidence[1])


def test_column_4_is_what_pyfixest_finds(found, made_writeup):
    sample = prepare(made_writeup.evidence[1].aligned, Settings())
    used = sample.where(np.isfinite(sample.log_compute))
    data = pd.DataFrame({"y": used.y, "x": used.x, "c": used.log_compute, "family": used.family})
    theirs = pf.feols("y ~ x + c", data, vcov={"CRV1": "family"})
    ours = found.fits[3]
    assert ours.params["x"] == pytest.approx(theirs.coef()["x"])
    assert ours.bse["x"] == pytest.approx(theirs.se()["x"], rel=1e-6)
    assert found.families == 9  # one family has no compute


def test_the_table_has_what_a_reader_checks(found):
    table = found.table().set_index("quiz")
    assert list(table.columns) == ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"]
    assert list(table.loc["N"]) == ["36"] * 6
    assert list(table.loc["Family effects"]) == ["no"] * 5 + ["yes"]
    assert table.loc["sums", "(1)"] == ""
    assert float(table.loc["sums", "(4)"]) == pytest.approx(found.fits[3].params["x"], abs=6e-4)
    tex = tables.exports(found.table(), found.caption, "tab:r")["tex"]
    assert r"\toprule" in tex
    assert "*" not in tex
