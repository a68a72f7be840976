"""Mangled lm-eval output under `eval import`: an error of one line and nothing written, or all."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from eval.cli import app
from eval.errors import InputError

TRIES = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
RESULT = {
    "results": {"t": {"acc,none": 0.5, "acc_stderr,none": "N/A"}},
    "versions": {"t": 1}, "configs": {"t": {}}, "n-shot": {"t": 5},
    "n-samples": {"t": {"effective": 2}}, "date": 1.0,
    "config": {"model_args": "pretrained=a/b-7b", "model_num_parameters": 7, "limit": None},
}  # fmt: skip
LINE = {"doc_id": 0, "filter": "none", "metrics": ["acc"], "acc": 1.0, "doc_hash": "x",
        "prompt_hash": "y", "target": "z", "resps": [["r"]], "filtered_resps": ["r"]}  # fmt: skip
JSONS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
    | st.sampled_from([10**400, "모델", "..", "\ud83d", "x" * 300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)  # fmt: skip


def places(document: object, path: tuple = ()) -> list[tuple]:
    """Every place inside a JSON document."""
    inner = document.items() if isinstance(document, dict) else ()
    return [path] + [p for k, v in inner for p in places(v, (*path, k))]


def replaced(document: dict, path: tuple, value: object) -> object:
    if not path:
        return value
    return {**document, path[0]: replaced(document[path[0]], path[1:], value)}


def imported(folder: Path) -> dict | str:
    """What the import says; an error must be one line, with nothing written."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    arguments = ["import", "lm-eval", str(folder / "in"), "--out", str(out), "--json"]
    try:
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    except InputError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert len(refused.splitlines()) == 1
        assert not out.exists()
        return refused
    assert done.exit_code == 0
    return dict(json.loads(done.stdout))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


@TRIES
@given(data=st.data())
def test_wrong_types_anywhere_in_a_result_file(folder: Path, data: st.DataObject) -> None:
    place, value = data.draw(st.sampled_from(places(RESULT))), data.draw(JSONS)
    document = replaced(RESULT, place, value)
    (folder / "in" / "results_1.json").write_text(json.dumps(document))
    said = imported(folder)
    if isinstance(said, dict) and isinstance(document, dict):
        wanted = [k for m in document["results"].values() for k in m
                  if "_stderr" not in k and k.partition(",")[0] not in ("alias", " ")]  # fmt: skip
        assert said["scores"] + len(said["left_out"]) >= len(wanted)


@TRIES
@given(data=st.data())
def test_wrong_types_in_samples(folder: Path, data: st.DataObject) -> None:
    key, value = data.draw(st.sampled_from(sorted(LINE))), data.draw(JSONS)
    lines = [{**LINE, key: value}, {**LINE, "doc_id": 1, "acc": 0.0}]
    (folder / "in" / "results_1.json").write_text(json.dumps(RESULT))
    (folder / "in" / "samples_t_1.jsonl").write_text("\n".join(map(json.dumps, lines)))
    said = imported(folder)
    assert isinstance(said, str) or (said["scores"], said["with_items"]) == (1, 1)


def test_truncated_files(folder: Path) -> None:
    result, samples = folder / "in" / "results_1.json", folder / "in" / "samples_t_1.jsonl"
    text = json.dumps(RESULT)
    for length in range(0, len(text), 41):
        result.write_text(text[:length])
        assert "broken JSON" in imported(folder)
    result.write_text(text)
    samples.write_text(json.dumps(LINE)[:-9])
    assert "line 1: no sample" in imported(folder)
    samples.write_bytes(b"\xff\xfe\n")
    assert "line 1: no sample" in imported(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "N/A", None, 10**400])
def test_a_value_that_is_no_number_is_left_out_and_said(folder: Path, value: object) -> None:
    document = replaced(RESULT, ("results", "t"), {"acc,none": 0.5, "f1,none": value})
    (folder / "in" / "results_1.json").write_text(json.dumps(document))
    said = imported(folder)
    assert isinstance(said, dict)
    assert said["scores"] == 1
    assert "f1,none is" in said["left_out"][0]
