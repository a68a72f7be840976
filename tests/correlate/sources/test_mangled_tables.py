"""Mangled item tables, matrices, samples, workbooks, drafts: an error of one line or a finding."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlate.errors import InputError
from correlate.panel import Panel
from correlate.quality import gate
from correlate.sources import load
from correlate.sources.draft import draft

TRIES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WRITTEN = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
NAMES = WRITTEN | st.sampled_from(["m-7b", "모델-7b", "m\u200b", "\u202eabc", "a\nb", "True", "7"])
CELLS = st.one_of(
    st.sampled_from(["0", "1", "true", "FALSE", "", "N/A", "0.5", "50%", "1e999", "yes", "1,0"]),
    st.floats().map(str),
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(-(2**63), 2**63 - 1), WRITTEN
)  # fmt: skip


def outcome(path: Path, mapping: Path | None = None) -> Panel | str:
    """The panel, which the gate has taken; or the error, which must be one line with the file."""
    try:
        panel = load(path, mapping)
        gate(panel)
    except InputError as error:
        said = str(error)
        assert len(said.splitlines()) == 1
        assert len(said) > 20
        return said
    return panel


def counted(panel: Panel, rule: str) -> int:
    """Rows that the findings of ``rule`` name."""
    return sum(len(f.rows) for f in panel.findings if f.rule == rule)


@TRIES
@given(data=st.data(), kind=st.sampled_from(["model", "benchmark", "item", "score"]))
def test_wrong_types_in_an_item_table(tmp_path: Path, data: st.DataObject, kind: str) -> None:
    path = tmp_path / "t.parquet"
    table = {"model": ["a", "b", "a"], "benchmark": ["x", "x", "y"], "item": [1, 2, 3],
             "score": [1.0, 0.0, 1.0]}  # fmt: skip
    same = data.draw(st.sampled_from([st.floats(), st.booleans(), WRITTEN, st.integers(0, 9)]))
    odd = data.draw(st.lists(st.none() | same, min_size=3, max_size=3) | st.just([[1], [2], [3]]))
    pq.write_table(pa.table({**table, kind: pa.array(odd)}), path)
    panel = outcome(path)
    if isinstance(panel, Panel):
        empty = [f for f in panel.findings if f.rule == "empty-score"]
        unanswered = sum(int(f.reason.split()[0]) for f in empty)
        assert panel.scores["n"].sum() + unanswered == 3


def test_a_column_that_stands_twice_in_an_item_table(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = [pa.array(["a"]), pa.array(["b"]), pa.array([1]), pa.array([1.0])]
    names = ["model", "model", "item", "score"]
    pq.write_table(pa.Table.from_arrays(columns, names=names), path)
    assert "'model' stands twice" in str(outcome(path))


@pytest.mark.parametrize("text", [b"\xff\xfe", b"", b"  "])
def test_names_that_are_no_text_in_an_item_table(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "t.parquet"
    names = pa.Array.from_buffers(pa.string(), 1, pa.array([text], pa.binary()).buffers())
    pq.write_table(pa.table({"model": names, "item": [1], "score": [1.0]}), path)
    assert "model" in str(outcome(path))
    assert isinstance(outcome(path), str)


def test_a_truncated_or_flipped_item_table(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    rng = np.random.default_rng(0)
    table = {"model": ["a", "b"] * 200, "item": range(400), "score": rng.random(400)}
    pd.DataFrame(table).to_parquet(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 12):
        path.write_bytes(whole[:length])
        assert isinstance(outcome(path), str)
    for at in rng.integers(0, len(whole), 60):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        outcome(path)


@TRIES
@given(cells=st.lists(st.tuples(NAMES, CELLS, CELLS), min_size=1, max_size=6))
@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_any_cells_in_an_item_matrix(
    tmp_path: Path, suffix: str, cells: list[tuple[str, ...]]
) -> None:
    path = tmp_path / f"t.{suffix}"
    frame = pd.DataFrame(cells, columns=["item", "m-1b", "m-7b"])
    write(frame, path)
    panel = outcome(path)
    if isinstance(panel, Panel) and suffix == "parquet":
        gaps = [r.rsplit(": ", 1)[1] for f in panel.findings if f.rule == "empty-score"
                for r in f.rows]  # fmt: skip
        assert panel.scores["n"].sum() + sum(int(g.split()[0]) for g in gaps) == 2 * len(frame)


def write(frame: pd.DataFrame, path: Path) -> None:
    """``frame`` as the suffix says; characters a workbook cannot hold are left out."""
    if path.suffix == ".xlsx":
        legal = frame.map(lambda c: "".join(x for x in c if x >= " ") if isinstance(c, str) else c)
        legal.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, encoding="utf-8")


def test_ten_thousand_models_in_a_matrix(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = [f"m{i}-7b" for i in range(10_000)]
    path.write_text("item," + ",".join(names) + "\n" + "x" + ",1" * 10_000 + "\n")
    panel = load(path)
    assert len(panel.scores) == 10_000
    path.write_text("item," + ",".join([*names[:-1], "m0-7b"]) + "\nx" + ",1" * 10_000 + "\n")
    assert "column 'm0-7b' stands twice" in str(outcome(path))


@TRIES
@given(rows=st.lists(st.tuples(NAMES, NAMES, VALUES, VALUES), min_size=1, max_size=8))
def test_any_cells_in_a_workbook(tmp_path: Path, rows: list[tuple]) -> None:
    path = tmp_path / "t.xlsx"
    frame = pd.DataFrame(rows, columns=["model", "benchmark", "score", "n"], dtype=object)
    write(frame, path)
    panel = outcome(path)
    if isinstance(panel, Panel):
        blank = int((pd.read_excel(path, dtype=object).isna()).all(axis=1).sum())
        assert len(panel.scores) + counted(panel, "empty-score") + blank == len(frame)


def test_a_workbook_says_which_sheets_it_leaves(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    frame = pd.DataFrame({"model": ["a"], "benchmark": ["x"], "score": [0.5]})
    with pd.ExcelWriter(path) as book:
        frame.to_excel(book, sheet_name="one", index=False)
        frame.to_excel(book, sheet_name="two", index=False)
    [found] = [f for f in load(path).findings if f.rule == "sheet-unread"]
    assert found.rows == ("t.xlsx: sheet 'two'",)


def test_truncated_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    pd.DataFrame({"model": ["a"], "benchmark": ["x"], "score": [0.5]}).to_excel(path, index=False)
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 8):
        path.write_bytes(whole[:length])
        assert "not an Excel workbook" in str(outcome(path))


HEADERS = st.lists(NAMES | st.sampled_from(["model", "score", "Params (B)", "Average", "GSM8K"]),
                   min_size=2, max_size=5, unique=True)  # fmt: skip


@TRIES
@given(data=st.data(), names=HEADERS)
def test_what_is_drafted_loads_or_says_why_not(
    tmp_path: Path, data: st.DataObject, names: list[str]
) -> None:
    path, mapping = tmp_path / "t.parquet", tmp_path / "map.yaml"
    rows = data.draw(st.lists(st.tuples(*[CELLS | NAMES for _ in names]), min_size=1, max_size=4))
    pd.DataFrame(rows, columns=names).to_parquet(path)
    try:
        text = draft(path)
    except InputError as error:
        text = str(error)
    if not text.startswith("#"):
        assert len(text.splitlines()) == 1
        return
    mapping.write_text(text, encoding="utf-8")
    panel = outcome(path, mapping)
    assert "malformed YAML" not in str(panel)
    if isinstance(panel, Panel):
        said = {f.rows for f in panel.findings if f.rule in ("empty-score", "not-a-model")}
        gone = {int(r.split(":")[1].split()[0]) for rows in said for r in rows}
        kept = {int(s.split(":")[1].split()[0]) for s in panel.scores["source"]}
        assert gone | kept == set(range(1, len(rows) + 1))


def test_a_draft_of_ten_thousand_columns(tmp_path: Path) -> None:
    path, mapping = tmp_path / "t.csv", tmp_path / "map.yaml"
    path.write_text(
        "model," + ",".join(f"task{i}" for i in range(10_000)) + "\nm-1b" + ",0.5" * 10_000 + "\n"
    )
    text = draft(path)
    assert text.count("unit: fraction") == 10_000
    mapping.write_text("\n".join(text.splitlines()[:30]) + "\nignore_rest: true\n")
    assert len(load(path, mapping).scores) > 20


RESULT = {
    "results": {"t": {"acc,none": 0.5, "acc_stderr,none": "N/A"}},
    "versions": {"t": 1}, "config": {"model_args": "pretrained=a/b-7b", "limit": None},
}  # fmt: skip
LINE = {"doc_id": 0, "filter": "none", "metrics": ["acc"], "acc": 1.0}
JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@TRIES
@given(data=st.data())
def test_wrong_types_in_samples(tmp_path: Path, data: st.DataObject) -> None:
    key, value = data.draw(st.sampled_from(sorted(LINE))), data.draw(JSONS)
    lines = [{**LINE, key: value}, {**LINE, "acc": 0.0}]
    panel = with_samples(tmp_path, "\n".join(json.dumps(line) for line in lines))
    if key == "acc" and not isinstance(value, list | dict):
        right = value in (0, 1)
        assert (counted(panel, "samples-odd") == 1) or isinstance(value, bool | int | float | str)
        assert right or counted(panel, "samples-odd") + counted(panel, "samples-disagree") <= 1


@TRIES
@given(cut=st.integers(1, 100), junk=st.binary(max_size=20))
def test_truncated_and_scribbled_samples(tmp_path: Path, cut: int, junk: bytes) -> None:
    text = (json.dumps(LINE) + "\n" + json.dumps({**LINE, "acc": 0})).encode()
    with_samples(tmp_path, text[:-cut])
    panel = with_samples(tmp_path, text + b"\n{" + junk)
    assert counted(panel, "samples-broken") == 1


def with_samples(folder: Path, lines: str | bytes) -> Panel:
    """The panel of a result file with ``lines`` beside it: the result is never lost."""
    (folder / "results_1.json").write_text(json.dumps(RESULT))
    raw = lines.encode() if isinstance(lines, str) else lines
    (folder / "samples_t_1.jsonl").write_bytes(raw)
    panel = load(folder)
    assert panel.scores["score"].tolist() == [0.5]
    return panel


@pytest.mark.parametrize("place", ["model_args", "task"])
def test_half_a_character_in_a_result_file(tmp_path: Path, place: str) -> None:
    path = tmp_path / "r.json"
    given_ = json.loads(json.dumps(RESULT).replace('"t"', '"half"')) if place == "task" else RESULT
    path.write_text(json.dumps(given_).replace("half" if place == "task" else "a/b", "a/\\ud83d"))
    assert "broken JSON" in str(outcome(path))
