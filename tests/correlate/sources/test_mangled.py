"""Mangled files: a clear one-line error or a named finding; no traceback, no silent drop."""

import json
import string
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlate.errors import InputError
from correlate.quality import gate
from correlate.sources import load

TRIES = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.sampled_from(["0.5", "50", "50%", "0,5", "1,319", "", "N/A", "1e999", "-3", "9" * 400]),
    st.integers(min_value=-(10**30), max_value=10**30).map(str),
)
NAMES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["m-7b", "M_7B", "모델-7b", "m\u200b-7b", "a,b", 'a"b', "=1+1", "\u202eabc", "7b"]
    ),
)


def account(path: Path, written: int | None = None) -> None:
    """Load and gate; every row is either kept or named in a finding that drops it."""
    raw = panel = None
    said = "no error, and a panel in its place"
    try:
        raw = load(path)
        panel = gate(raw)
    except InputError as error:
        said = str(error)
    assert "\n" not in said
    assert len(said) > 20
    if raw is None or panel is None:
        return
    dropped_by_gate = sum(
        len(f.rows) for f in panel.findings[len(raw.findings) :] if f.action == "dropped"
    )
    assert len(raw.scores) - len(panel.scores) == dropped_by_gate
    if written is not None:
        empty = sum(len(f.rows) for f in raw.findings if f.rule == "empty-score")
        assert len(raw.scores) + empty == written
    assert pd.api.types.is_float_dtype(panel.scores["score"])
    assert panel.scores["score"].notna().all()


@TRIES
@given(rows=st.lists(st.tuples(NAMES, NAMES, NUMBERS, NUMBERS), min_size=1, max_size=12))
def test_any_cells_in_a_long_table(tmp_path: Path, rows: list[tuple[str, ...]]) -> None:
    path = tmp_path / "t.csv"
    frame = pd.DataFrame(rows, columns=["model", "benchmark", "score", "n"])
    try:
        frame.to_csv(path, index=False)
    except UnicodeEncodeError:  # lone surrogates cannot be written at all
        return
    account(path, len(frame))


@TRIES
@given(data=st.binary(max_size=300))
@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "xlsx", "eval"])
def test_any_bytes_under_any_suffix(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(data)
    account(path)


JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(string.printable, max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
RESULT = {
    "results": {"gsm8k": {"acc,none": 0.5, "acc_stderr,none": 0.01}},
    "versions": {"gsm8k": 1},
    "n-shot": {"gsm8k": 5},
    "n-samples": {"gsm8k": {"effective": 100}},
    "config": {"model_args": "pretrained=a/b", "limit": None},
    "date": 1.0,
}
LIGHTEVAL = {
    "config_general": {"model_name": "a/b", "model_config": {"revision": "main"}},
    "results": {"suite|gsm8k|5": {"em": 0.5, "em_stderr": 0.1}},
    "versions": {"suite|gsm8k|5": 0},
    "config_tasks": {"suite|gsm8k": {"effective_num_docs": 3}},
}
INSPECT = {
    "status": "success",
    "eval": {"task": "gsm8k", "model": "a/b", "task_args": {}, "config": {}, "model_args": {}},
    "results": {"scores": [{"name": "match", "metrics": {"accuracy": {"value": 0.5}}}]},
}


def places(document: object, path: tuple = ()) -> list[tuple]:
    """Every place inside a JSON document."""
    inner = document.items() if isinstance(document, dict) else ()
    return [path] + [p for k, v in inner for p in places(v, (*path, k))]


def replaced(document: object, path: tuple, value: object) -> object:
    if not path:
        return value
    return {**document, path[0]: replaced(document[path[0]], path[1:], value)}  # type: ignore[dict-item,index]


@TRIES
@given(data=st.data())
@pytest.mark.parametrize(
    "document", [RESULT, LIGHTEVAL, INSPECT], ids=["lm-eval", "lighteval", "inspect"]
)
def test_wrong_types_anywhere_in_a_result_file(
    tmp_path: Path, document: dict, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(places(document)))
    path = tmp_path / "r.json"
    path.write_text(json.dumps(replaced(document, place, data.draw(JSONS))))
    account(path)


@pytest.mark.parametrize(
    "document", [RESULT, LIGHTEVAL, INSPECT], ids=["lm-eval", "lighteval", "inspect"]
)
def test_truncated_result_files(tmp_path: Path, document: dict) -> None:
    text = json.dumps(document)
    path = tmp_path / "r.json"
    for length in range(0, len(text), 7):
        path.write_text(text[:length])
        with pytest.raises(InputError, match=r"broken JSON|no result"):
            load(path)


def test_ten_thousand_columns_are_refused_or_mapped_by_name(tmp_path: Path) -> None:
    path, mapping = tmp_path / "t.csv", tmp_path / "map.yaml"
    names = [f"task{i}" for i in range(10_000)]
    path.write_text("model," + ",".join(names) + "\nm-1b" + ",0.5" * 10_000 + "\n")
    with pytest.raises(InputError, match="no column 'benchmark'"):
        load(path)
    mapping.write_text(
        "columns: {model: model}\nignore_rest: true\n"
        "benchmarks: {task7: {benchmark: X, unit: fraction}}\n"
    )
    assert load(path, mapping).scores["benchmark"].tolist() == ["X"]


def test_a_parquet_file_of_odd_types(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame(
        {"model": ["a", None], "benchmark": [1, 2], "score": [True, False], "n": [[1], [2]]}
    )
    frame.to_parquet(path)
    account(path)
