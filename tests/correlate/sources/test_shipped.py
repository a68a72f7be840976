"""What ships under results/ is written anew to the same bytes, and checked on the way."""

import shutil
from pathlib import Path

import pytest

from correlate.errors import InputError
from correlate.sources.shipped import contents, write


@pytest.fixture
def results(repo: Path, tmp_path: Path) -> Path:
    """A copy of what ships."""
    folder = tmp_path / "results"
    (folder / "published").mkdir(parents=True)
    shutil.copy(repo / "results" / "schema.json", folder)
    for name in ("scores.csv", "models.csv", "README.md"):
        shutil.copy(repo / "results" / "published" / name, folder / "published")
    return folder


def test_every_shipped_file_has_the_bytes_its_target_writes(repo: Path) -> None:
    for path, text in contents(repo / "results").items():
        assert path.read_bytes() == text.encode("utf-8"), path


def test_a_readme_out_of_date_is_written_anew_and_nothing_else(results: Path) -> None:
    readme = results / "published" / "README.md"
    shipped = readme.read_bytes()
    readme.write_text("old\n")
    assert write(results) == [readme]
    assert readme.read_bytes() == shipped
    assert write(results) == []


def test_a_score_without_a_source_is_refused_and_nothing_written(results: Path) -> None:
    table = results / "published" / "scores.csv"
    text = table.read_bytes().decode()
    head, first, rest = text.split("\r\n", 2)
    broken = "\r\n".join([head, first.rsplit(",", 1)[0] + ",hearsay", rest])
    table.write_bytes(broken.encode())
    with pytest.raises(InputError, match="'hearsay' is not repository@commit:path"):
        write(results)
    assert table.read_bytes() == broken.encode()


def test_a_model_without_covariates_is_refused(results: Path) -> None:
    models = results / "published" / "models.csv"
    lines = models.read_bytes().decode().split("\r\n")
    models.write_bytes("\r\n".join([lines[0], *lines[2:]]).encode())
    with pytest.raises(InputError, match=r"is not in models\.csv"):
        write(results)
