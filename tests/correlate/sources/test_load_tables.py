"""Tables load by their header, in the panel's own words, or by a mapping; else one clear line."""

from pathlib import Path

import pandas as pd
import pytest

from correlate.errors import InputError
from correlate.sources import load


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


LONG = "model,benchmark,score\na-1b,GSM8K,0.5\na-2b,GSM8K,0.25\n"


def test_a_long_table_with_the_least_columns(tmp_path: Path) -> None:
    panel = load(write(tmp_path, LONG))
    rows = panel.scores
    assert rows["score"].tolist() == [0.5, 0.25]
    assert rows["band"].tolist() == ["grade-school"] * 2
    assert rows["n"].tolist() == [1319, 1319]
    assert rows["source"].tolist() == ["t.csv:2", "t.csv:3"]
    assert rows["family"].tolist() == ["a", "a"]
    assert {f.rule for f in panel.findings} == {"covariates-unmatched", "family-from-name"}


def test_a_byte_order_mark_is_removed_and_said(tmp_path: Path) -> None:
    panel = load(write(tmp_path, "\ufeff" + LONG))
    assert "byte-order-mark" in [f.rule for f in panel.findings]
    assert panel.scores["model"].tolist() == ["a-1b", "a-2b"]


def test_semicolons_decimal_commas_and_percent_signs(tmp_path: Path) -> None:
    panel = load(write(tmp_path, "model;benchmark;score\na;GSM8K;45,5%\nb;GSM8K;7,25%\n"))
    assert panel.scores["score"].tolist() == pytest.approx([0.455, 0.0725])
    assert {"percent-strings", "decimal-comma"} <= {f.rule for f in panel.findings}


def test_compute_is_filled_in_from_active_parameters_and_tokens(tmp_path: Path) -> None:
    text = "model,benchmark,score,params,active_params,tokens,flops\n"
    text += "a,X,0.5,100,10,7,\nb,X,0.5,100,,7,\nc,X,0.5,100,,7,99\n"
    assert load(write(tmp_path, text)).scores["flops"].tolist() == [420, 4200, 99]


def test_an_empty_score_is_dropped_with_a_line(tmp_path: Path) -> None:
    panel = load(write(tmp_path, LONG + "a-3b,GSM8K,\n"))
    [finding] = [f for f in panel.findings if f.rule == "empty-score"]
    assert finding.rows == ("t.csv:4 a-3b",)
    assert len(panel.scores) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no header"),
        ("model,benchmark,score\n", "line 2: the table has a header and no rows"),
        ("model,benchmark,score\na,X,high\n", r"column 'score', line 2: 'high' is not a number"),
        ("model,benchmark,score\na,X,1,2\n", "line 2: 4 fields where the header has 3"),
        ("model,benchmark,score\na,X,.1\nb,X\n", "line 3: 2 fields where the header has 3"),
        ("model,model,score\na,X,.1\n", "column 'model' stands twice"),
        ("model,,score\na,X,.1\n", "column 2 has no name"),
        ("model,benchmark,score,colour\na,X,.1,red\n", "column 'colour': not in results/schema"),
        ("model,benchmark,score\n,X,.1\n", "line 2: no model"),
        ("who,what\na,.1\n", "no column 'model'.*python -m correlate map"),
        ("model,benchmark,score\na,X,\n", "no scores in it"),
        ("model,benchmark,score\na,X,.1\nb,X,.1\na,X,.2\n", "lines 2 and 4: a . X is 0.1 and 0.2"),
    ],
)
def test_bad_tables_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(str(path)) or str(caught.value).startswith(path.name)
    assert "\n" not in str(caught.value)


def test_text_that_is_not_utf8_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"model,benchmark,score\nmod\xe8le,X,0.5\n")
    with pytest.raises(InputError, match="line 2: not UTF-8"):
        load(path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        load(tmp_path / "missing")
    with pytest.raises(InputError, match="nothing known in this folder"):
        load(tmp_path)


WIDE = """
layout: wide
columns:
  model: Name
  params: {column: Size, times: 1.0e+9}
fixed: {stage: base}
benchmarks:
  gsm: {benchmark: GSM8K, unit: percent}
  bpb: {benchmark: text, unit: bits_per_byte}
ignore: [Link]
skip_rows: [Average]
"""
WIDE_CSV = "Name,Size,gsm,bpb,Link\nm1,7,50,0.9,u\nm2,13,,0.8,u\nAverage,,50,0.85,u\n"


def test_a_wide_table_by_mapping(tmp_path: Path) -> None:
    mapping = write(tmp_path, WIDE, "map.yaml")
    panel = load(write(tmp_path, WIDE_CSV), mapping)
    rows = panel.scores
    assert rows[["model", "benchmark", "score"]].to_numpy().tolist() == [
        ["m1", "GSM8K", 0.5],
        ["m1", "text", 0.9],
        ["m2", "text", 0.8],
    ]
    assert rows["params"].tolist() == [7e9, 7e9, 13e9]
    assert rows["band"].tolist() == ["grade-school", "loss", "loss"]
    assert rows["metric"].tolist() == ["", "bits_per_byte", "bits_per_byte"]
    assert rows["stage"].unique().tolist() == ["base"]
    assert "not-a-model" in [f.rule for f in panel.findings]


@pytest.mark.parametrize("suffix", ["parquet", "xlsx"])
def test_parquet_and_excel_load_like_csv(tmp_path: Path, suffix: str) -> None:
    mapping = write(tmp_path, WIDE, "map.yaml")
    frame = pd.read_csv(write(tmp_path, WIDE_CSV))
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_excel(path, index=False)
    of_csv = load(tmp_path / "t.csv", mapping).scores.drop(columns="source")
    of_other = load(path, mapping).scores.drop(columns="source")
    pd.testing.assert_frame_equal(of_csv, of_other)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns: [", "malformed YAML"),
        ("- 1", "a mapping is a YAML table"),
        ("columns: {model: Name}", "a wide table needs benchmarks"),
        ("columns: {model: Name}\nbenchmarks: {gsm: {benchmark: X}}", "benchmarks.gsm.unit"),
        ("columns: {modle: Name}\nbenchmarks: {gsm: {benchmark: X, unit: percent}}", "'modle'"),
        ("columns: {model: Name}\nbenchmarks: {gsm: {benchmark: X, unit: percent}}",
         "column 'Size': not in the mapping"),
        ("columns: {model: Nome}\nbenchmarks: {gsm: {benchmark: X, unit: percent}}",
         "column 'Nome': named in the mapping, not in the table"),
    ],
)  # fmt: skip
def test_bad_mappings_are_refused_in_one_line(tmp_path: Path, mapping: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load(write(tmp_path, WIDE_CSV), write(tmp_path, mapping, "map.yaml"))
    assert "\n" not in str(caught.value)
