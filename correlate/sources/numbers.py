"""Turn the text of a table's cells into numbers, or say which cell is none and why."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlate.errors import InputError

EMPTY = frozenset({"", "na", "n/a", "nan", "none", "null", "-", "–", "—", "?"})

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ALL_PLAIN = re.compile(r"(?:(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)?\n)*+", re.ASCII)
"""Cells one below the other, each plain or empty: most columns, and quickly told."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)


@dataclass(frozen=True)
class Numbers:
    """A column read as numbers (NaN where empty), and how it was written.

    ``percent`` marks the cells that carried a percent sign (already divided by 100);
    ``comma`` says that commas were read as decimal points, ``grouped`` as thousands.
    """

    values: NDArray[np.float64]
    percent: NDArray[np.bool_]
    comma: bool = False
    grouped: bool = False


def numbers(column: pd.Series, place: str, lines: pd.Index | None = None) -> Numbers:
    """Read ``column`` as numbers; ``place`` is 'file: column' for the message.

    A comma is a decimal point where no cell of the column can be read otherwise, and a
    thousands mark where at least one can only be that; where every comma could be either
    ('1,319') the column is refused.

    Raises
    ------
    InputError
        Naming the first line that is no number, or that the commas are ambiguous.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(float, na_value=np.nan)
        return Numbers(values, np.zeros(len(column), bool))
    cells = column.tolist()
    if all(isinstance(c, str) for c in cells) and _ALL_PLAIN.fullmatch("\n".join([*cells, ""])):
        plain = np.array([float(c or "nan") for c in cells])
        return Numbers(plain, np.zeros(len(cells), bool))
    text = column.astype(str).where(column.notna(), "").str.strip()
    text = text.str.replace("\u2212", "-").str.replace("\u00a0", "")
    percent = text.str.endswith("%").to_numpy(bool)
    text = text.str.removesuffix("%").str.strip()
    empty = text.str.casefold().isin(EMPTY)
    comma, grouped = _commas(text[~empty], place)
    if comma:
        text = text.str.replace(",", ".")
    if grouped:
        text = text.str.replace(",", "")
    good = empty | text.str.fullmatch(_PLAIN) | text.str.fullmatch(_INFINITE)
    if not good.all():
        at = int(np.flatnonzero(~good.to_numpy(bool))[0])
        line = (lines if lines is not None else pd.RangeIndex(2, len(text) + 2))[at]
        raise InputError(
            f"{place}, line {line}: '{_short(str(column.iloc[at]))}' is not a number; "
            "write a number or leave the cell empty"
        )
    values = text.where(~empty, "nan").astype(float).to_numpy(float)
    return Numbers(np.where(percent, values / 100, values), percent, comma, grouped)


def _commas(text: pd.Series, place: str) -> tuple[bool, bool]:
    """Whether commas are decimal points, or thousands marks; ambiguous columns are refused."""
    with_comma = text[text.str.contains(",", regex=False)]
    if with_comma.empty:
        return False, False
    decimal = with_comma.str.fullmatch(_DECIMAL_COMMA)
    grouped = with_comma.str.fullmatch(_GROUPED)
    points = text.str.contains(".", regex=False).any()
    if decimal.all() and not grouped.all() and not points:
        return True, False
    if grouped.all() and (points or not decimal.all()):
        return False, True
    raise InputError(
        f"{place}: commas as in '{_short(str(with_comma.iloc[0]))}' could be decimal points or "
        "thousands marks; write numbers with a point and no thousands mark"
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
