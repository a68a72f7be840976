"""Read a table file (CSV, TSV, Parquet, Excel) as text cells whose index says where they stood."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow
from pyarrow import csv as pyarrow_csv

from correlate.errors import InputError

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")


def read_table(path: Path) -> pd.DataFrame:
    """The table at ``path``; index = line (row) numbers of the file, header on line 1.

    Text formats give columns of strings, an absent cell an empty one; Parquet keeps its types.

    Raises
    ------
    InputError
        If the file cannot be read, is empty, has a row of another width than the header, or
        names a column twice.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        frame = _parquet(path)
    elif suffix == ".xlsx":
        frame = _excel(path)
    elif suffix in SUFFIXES:
        frame = _text(path)
    else:
        raise InputError(f"{path}: not a table this reads; give one of {', '.join(SUFFIXES)}")
    frame.columns = pd.Index([str(c).strip() for c in frame.columns])
    _check_header(path, list(frame.columns))
    if frame.empty:
        raise InputError(f"{path}: line 2: the table has a header and no rows; add the scores")
    return frame


def header(path: Path) -> list[str]:
    """Column names of the table at ``path``, without reading its rows where that can be avoided."""
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        first = _first_line(_decode(path, head=1 << 20))
        return _names(path, first, _separator(first))
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        try:
            return [str(c) for c in pq.read_schema(path).names]
        except Exception as error:  # pyarrow raises many kinds on a broken file
            raise InputError(f"{path}: not a Parquet file ({_one_line(error)}); {_AGAIN}") from None
    return list(read_table(path).columns)


_AGAIN = "write it again or give another file"


def _text(path: Path) -> pd.DataFrame:
    text = _decode(path)
    first = _first_line(text)
    if not first.strip():
        raise InputError(f"{path}: line 1: no header; the first line must name the columns")
    separator = _separator(first)
    _check_header(path, _names(path, first, separator))
    frame = _parse(path, text, separator)
    frame.index = _line_numbers(text, len(frame))
    return frame[(frame != "").any(axis=1)]


def _first_line(text: str) -> str:
    return re.split(r"\r\n|\n|\r", text, maxsplit=1)[0]


def _names(path: Path, first: str, separator: str) -> list[str]:
    """Column names on the header line."""
    try:
        return [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    except csv.Error as error:
        raise InputError(
            f"{path}: line 1: malformed header ({_one_line(error)}); mend it"
        ) from None


def _parse(path: Path, text: str, separator: str) -> pd.DataFrame:
    """The cells as strings; pyarrow refuses rows of another width, where pandas pads and cuts."""
    wrong: list[pyarrow_csv.InvalidRow] = []

    def keep(row: pyarrow_csv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    try:
        table = pyarrow_csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pyarrow_csv.ReadOptions(use_threads=False, block_size=1 << 26),
            parse_options=pyarrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=keep
            ),
            convert_options=pyarrow_csv.ConvertOptions(
                default_column_type=pyarrow.string(), strings_can_be_null=False
            ),
        )
    except pyarrow.ArrowInvalid as error:
        raise InputError(f"{path}: {_one_line(error)}; quote cells that hold commas") from None
    if wrong:
        row = wrong[0]
        line = _filled_lines(text)[(row.number or 1) - 1]
        raise InputError(
            f"{path}: line {line}: {row.actual_columns} fields where the header has "
            f"{row.expected_columns}; complete the line, quote cells that hold commas, or delete it"
        )
    return table.to_pandas()


def _line_numbers(text: str, rows: int) -> pd.Index:
    """Line of the file each row stands on; rows are counted where cells span lines."""
    filled = _filled_lines(text)
    return pd.Index(filled[1:] if len(filled) == rows + 1 else range(2, rows + 2))


def _filled_lines(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if line]


def _decode(path: Path, head: int | None = None) -> str:
    """The file's text, byte-order mark removed."""
    try:
        with path.open("rb") as file:
            raw = file.read(head) if head else file.read()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; give a file that can be read") from None
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    encoding = "utf-16" if wide else "utf-8-sig"
    try:
        text = raw.decode(encoding, errors="ignore" if head else "strict")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"{path}: line {line}: not UTF-8 text; save it as UTF-8") from None
    if "\0" in text:
        raise InputError(f"{path}: holds NUL bytes: not a text table; save it as UTF-8 CSV")
    return text


def has_byte_order_mark(path: Path) -> bool:
    """Whether a text file starts with a byte-order mark."""
    with path.open("rb") as file:
        start = file.read(3)
    return start == b"\xef\xbb\xbf" or start[:2] in (b"\xff\xfe", b"\xfe\xff")


def _separator(first: str) -> str:
    """The character that parts the header's names: the commonest of tab, semicolon, comma."""
    unquoted = "".join(first.split('"')[::2])
    counts = {mark: unquoted.count(mark) for mark in (",", ";", "\t")}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _parquet(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises many kinds on a broken file
        raise InputError(f"{path}: not a Parquet file ({_one_line(error)}); {_AGAIN}") from None
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _excel(path: Path) -> pd.DataFrame:
    try:
        sheet = pd.read_excel(path, header=None, dtype=object, engine="openpyxl")
    except Exception as error:  # openpyxl and zipfile raise many kinds on a broken file
        raise InputError(f"{path}: not an Excel workbook ({_one_line(error)}); {_AGAIN}") from None
    if sheet.empty:
        raise InputError(f"{path}: row 1: the first sheet is empty; put the table there")
    names = ["" if pd.isna(c) else str(c) for c in sheet.iloc[0]]
    body = sheet.iloc[1:].map(lambda cell: "" if pd.isna(cell) else str(cell)).astype(str)
    body.columns = pd.Index(names)
    body.index = pd.RangeIndex(2, len(body) + 2)
    return body[(body != "").any(axis=1)]


def sheets(path: Path) -> list[str]:
    """Names of a workbook's sheets, in order."""
    with pd.ExcelFile(path, engine="openpyxl") as book:
        return [str(name) for name in book.sheet_names]


def _check_header(path: Path, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        raise InputError(f"{path}: line 1: column '{twice[0]}' stands twice; rename or delete one")
    if "" in names:
        at = names.index("") + 1
        raise InputError(f"{path}: line 1: column {at} has no name; name it or delete it")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
