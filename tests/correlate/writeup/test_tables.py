"""Tables in every form."""

import io

import numpy as np
import pandas as pd

from correlate.writeup import tables

FRAME = pd.DataFrame(
    {
        "model": ["a_b & c", "d → e"],
        "params": [7.0e9, np.nan],
        "score": [0.125, 0.5],
        "p": [0.0004, np.nan],
        "models": [12, 8],
    }
)


def test_csv_keeps_the_numbers_other_forms_round_them():
    got = tables.exports(FRAME, "A caption", "tab:x")
    back = pd.read_csv(io.StringIO(got["csv"]))
    pd.testing.assert_frame_equal(back, FRAME)
    assert "12.5 %" in got["md"]
    assert "7B" in got["html"]


def test_latex_is_booktabs_and_escaped():
    tex = tables.exports(FRAME, "A caption", "tab:x")["tex"]
    assert r"\toprule" in tex
    assert r"\bottomrule" in tex
    assert r"a\_b \& c" in tex
    assert r"d $\rightarrow$ e" in tex
    assert tex.count(r"\begin") == tex.count(r"\end")
    assert tex.isascii()


def test_the_page_sorts_by_values_not_by_texts():
    g = tables.grid("x", FRAME)
    assert g.head[1] == ("params", True)
    assert g.rows[0][1] == ("7B", "7e+09")
    assert g.rows[1][1] == ("–", "")


def test_values_in_words():
    assert tables.text_of("score", 0.5) == "50.0 %"
    assert tables.text_of("p", 0.0123) == "0.012"
    assert tables.text_of("p_holm", 0.0004) == "< 0.001"
    assert tables.text_of("value", -0.5) == "−0.50"
    assert tables.text_of("models", 12) == "12"
    assert tables.text_of("flag", True) == "yes"
    assert tables.text_of("any", None) == "–"
