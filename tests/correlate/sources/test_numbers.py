"""Cells of text become numbers, or the message says which cell is none."""

import math

import numpy as np
import pandas as pd
import pytest

from correlate.errors import InputError
from correlate.sources.numbers import numbers


def read(*cells: str) -> np.ndarray:
    return numbers(pd.Series(cells), "t.csv: column 'x'").values


def test_plain_numbers_and_empty_cells() -> None:
    assert read("0.5", " 1e-2 ", "3").tolist() == [0.5, 0.01, 3.0]
    assert np.isnan(read("", "n/a", "-", "NaN")).all()


def test_percent_signs_divide_by_a_hundred_and_are_marked() -> None:
    got = numbers(pd.Series(["45.3%", "0.5"]), "t")
    assert got.values == pytest.approx([0.453, 0.5])
    assert got.percent.tolist() == [True, False]


def test_commas_are_decimal_points_where_nothing_else_fits() -> None:
    got = numbers(pd.Series(["0,45", "12,125"]), "t")
    assert got.comma
    assert got.values.tolist() == [0.45, 12.125]


def test_commas_are_thousands_marks_where_nothing_else_fits() -> None:
    got = numbers(pd.Series(["1,319", "1,234,567"]), "t")
    assert got.grouped
    assert got.values.tolist() == [1319, 1234567]


@pytest.mark.parametrize("cells", [("1,319", "14,042"), ("0,45", "0.45"), ("1,31,9", "2")])
def test_ambiguous_commas_are_refused_by_name(cells: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"column 'x'.*decimal points or thousands marks"):
        read(*cells)


def test_a_word_is_refused_with_its_line() -> None:
    with pytest.raises(InputError, match=r"t.csv: column 'x', line 3: 'failed' is not a number"):
        read("0.5", "failed")


def test_infinities_pass_for_the_gate_to_name() -> None:
    assert math.isinf(read("inf")[0])
    assert read("-Infinity")[0] == -math.inf
