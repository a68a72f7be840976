"""The study on disk: a cell is there whole or not at all."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eval.errors import InputError
from eval.store import Key, Study, check_writable

KEY = Key("rung", "bench")
ITEMS = pd.DataFrame({"doc": [1, 2], "score": [0.0, 1.0]})


def without_hash(result: dict[str, Any] | None) -> dict[str, Any]:
    """The result as given to write_cell; what that adds is tested with 'eval verify'."""
    assert result
    return {k: v for k, v in result.items() if k != "items_sha256"}


def test_a_cell_reads_back_as_written(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    assert study.result(KEY) is None
    study.write_cell(KEY, {"a": 1}, ITEMS)
    assert without_hash(study.result(KEY)) == {"a": 1}
    pd.testing.assert_frame_equal(study.items(KEY), ITEMS)
    assert list(study.on_disk()) == [KEY]


def test_writing_again_replaces_the_whole_cell(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.write_error(KEY, {"reason": "r"})
    study.write_cell(KEY, {"a": 2}, ITEMS)
    assert study.error(KEY) is None
    assert without_hash(study.result(KEY)) == {"a": 2}
    assert [p.name for p in study.cell(KEY).parent.iterdir()] == ["bench"]


def test_a_fault_while_writing_leaves_what_was_there(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.write_cell(KEY, {"a": 1}, ITEMS)
    unwritable = pd.DataFrame({"x": [object()]})
    with pytest.raises(Exception, match="object"):
        study.write_cell(KEY, {"a": 2}, unwritable)
    assert without_hash(study.result(KEY)) == {"a": 1}
    assert [p.name for p in study.cell(KEY).parent.iterdir()] == ["bench"]


def test_drafts_of_a_killed_run_are_no_cells_and_are_swept(tmp_path: Path) -> None:
    study = Study(tmp_path)
    draft = tmp_path / "cells" / "rung" / ".bench~host.123.tmp"
    draft.mkdir(parents=True)
    (draft / "result.json").write_text("{")
    assert list(study.on_disk()) == []
    lock = study.lock(KEY)
    assert lock is not None
    study.sweep()
    assert draft.exists()  # a run that lives may be writing it
    lock.release()
    study.sweep()
    assert not draft.exists()


def test_the_file_of_a_writer_that_was_cut_off_is_cleared_by_the_next(tmp_path: Path) -> None:
    study = Study(tmp_path)
    (tmp_path / ".scores.csv.host.1.tmp").write_text("half")
    with study.writing():
        study.write_text("scores.csv", "whole")
    assert [p.name for p in tmp_path.iterdir()] == ["scores.csv"]


def test_an_unwritable_place_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--out"):
        check_writable(tmp_path / "file" / "study")
    check_writable(tmp_path / "new" / "study")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_mangled_cell_is_named(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.write_cell(KEY, {"a": 1}, ITEMS)
    (study.cell(KEY) / "result.json").write_text("{")
    with pytest.raises(InputError, match=r"result\.json"):
        study.result(KEY)
