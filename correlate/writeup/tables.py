"""Tables: one frame as CSV, Markdown, LaTeX (booktabs), HTML, and as rows for the page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from correlate.writeup.style import count, number, percent

COUNTS = ("params", "tokens", "flops")
SHARES = ("score", "models lowest", "models median", "models highest")
CHANCES = ("p", "p_holm", "p_bend")
CUT = 240  # signs of one cell on the page
WRAP_AT, WRAP_CM = 40, 5  # texts longer than so many signs wrap in a column so wide
PAGE = 40  # rows beyond which a table runs over pages (longtable)
SIGNS = {"−": "$-$", "→": r"$\rightarrow$", "–": "--", "…": r"\ldots{}", "×": r"$\times$",
         "≥": r"$\ge$", "≤": r"$\le$", "<": "$<$", ">": "$>$", "|": "$|$"}  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """A table of the page: header (text, is numeric) and rows of (text, value to sort by)."""

    key: str
    head: list[tuple[str, bool]]
    rows: list[list[tuple[str, str]]]


def grid(key: str, frame: pd.DataFrame) -> Grid:
    """``frame`` as texts, with the bare value beside a text that would sort wrongly."""
    names = [str(c) for c in frame.columns]
    numeric = _numeric(frame)
    head = [(c.replace("_", " "), n) for c, n in zip(names, numeric, strict=True)]
    rows = []
    for values in frame.itertuples(index=False):
        cells = []
        for name, is_number, value in zip(names, numeric, values, strict=True):
            bare = f"{float(value):.6g}" if is_number and pd.notna(value) else ""
            cells.append((_cut(text_of(name, value)), bare))
        rows.append(cells)
    return Grid(key, head, rows)


def _cut(text: str) -> str:
    """Long lists are cut on the page, saying so; the CSV has them whole."""
    if len(text) <= CUT:
        return text
    head, *tail = text[:CUT].rsplit("; ", 1)
    more = text[len(head) :].count("; ")
    return f"{head}; and {more} more in the CSV" if tail else f"{text[:CUT]} … (whole in the CSV)"


def text_of(column: str, value: object) -> str:
    """How one value is shown: counts with a letter, scores as percentages, the rest rounded."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)) or value is pd.NA:
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.integer | np.floating):
        if column in COUNTS:
            return count(float(value))
        if column in SHARES and 0 <= float(value) <= 1:
            return percent(float(value))
        if column in CHANCES:
            return "< 0.001" if float(value) < 0.001 else number(float(value), 3)
        if float(value) == int(value):
            return str(int(value))
        return number(float(value))
    return str(value)


def exports(frame: pd.DataFrame, caption: str, label: str, note: str = "") -> dict[str, str]:
    """The frame as text by file ending: csv (full precision), md, tex (booktabs), html.

    ``note`` stands below the table in all of them but the csv.
    """
    names = [str(c) for c in frame.columns]
    texts = {
        name: [_cut(text_of(name, value)) for value in frame.iloc[:, i]]
        for i, name in enumerate(names)
    }
    plain = pd.DataFrame(texts).rename(columns=lambda name: name.replace("_", " "))
    numeric = _numeric(frame)
    aligned = ["right" if n else "left" for n in numeric]
    markdown = plain.to_markdown(index=False, colalign=aligned, disable_numparse=True)
    return {
        "csv": frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"),
        "md": markdown + "\n" + (f"\nNotes: {note}\n" if note else ""),
        "tex": _latex(plain, numeric, caption, label, note),
        "html": plain.to_html(index=False, border=0)
        + (f"\n<p>Notes: {escape(note)}</p>\n" if note else ""),
    }


def _latex(plain: pd.DataFrame, numeric: list[bool], caption: str, label: str, note: str) -> str:
    """booktabs; long text wraps in a paragraph column; signs pdflatex knows only as commands."""
    longest = [max([len(str(v)) for v in plain.iloc[:, i]] or [0]) for i in range(plain.shape[1])]
    kinds = [
        "r" if n else f"p{{{WRAP_CM}cm}}" if size > WRAP_AT else "l"
        for n, size in zip(numeric, longest, strict=True)
    ]
    styler = plain.style.hide(axis="index").format(escape="latex")
    long = len(plain) > PAGE
    text = styler.format_index(escape="latex", axis=1).to_latex(
        hrules=True,
        caption=_plain(caption),
        label=label,
        environment="longtable" if long else None,
        position=None if long else "htbp",
        position_float=None if long else "centering",
        column_format="".join(kinds),
    )
    if note:
        below = rf"\par\smallskip{{\footnotesize Notes: {_plain(note)}\par}}" + "\n"
        text = text.replace(r"\end{table}", below + r"\end{table}")
    for sign, command in SIGNS.items():
        text = text.replace(sign, command)
    return str(text)


def _plain(text: str) -> str:
    """Words for LaTeX: the signs it would read as commands, escaped."""
    return text.translate({ord(c): f"\\{c}" for c in "&%$#_{}"})


def _numeric(frame: pd.DataFrame) -> list[bool]:
    return [pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]
