"""The report's files: what is in them, that they repeat, and that nothing is half written."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from correlate.writeup import folder, page
from correlate.writeup.prints import paper, scores


@pytest.fixture(scope="module")
def files(made_writeup):
    return folder.contents(made_writeup)


def test_every_figure_has_the_csv_it_was_drawn_from(files):
    figures = {name.rsplit(".", 1)[0] for name in files if name.startswith("figures/")}
    assert {
        "forest", "correlations", "calibration", "scatter-sums-contest", "curve-tale",
        "gains-sums-contest", "holdout-sums-contest",
    } <= {name.removeprefix("figures/") for name in figures}  # fmt: skip
    for name in figures:
        assert {f"{name}.{e}" for e in ("png", "svg", "pdf", "csv")} <= set(files)


def test_a_figures_csv_holds_the_scores(files, made_writeup):
    table = pd.read_csv(io.BytesIO(files["figures/scatter-sums-quiz.csv"]))
    a = made_writeup.evidence[1].aligned
    rungs = table[table["kind"] == "rung"]
    assert list(rungs["model"]) == list(a.models)
    np.testing.assert_allclose(rungs["hard"], a.hard.score, rtol=1e-5)


def test_the_page_loads_nothing(files):
    page = files["report.html"].decode()
    assert len(page) < 5e6
    loaded = re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']*)""", page)
    assert all(u.startswith(("#", "data:")) for u in loaded)
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", page)


def test_the_page_shows_every_verdict_reason_finding_and_warning(files, made_writeup):
    page = files["report.html"].decode()
    for e in made_writeup.evidence:
        for result in e.results.values():
            assert result.reason in page
    assert "tokens are 1000 times those of its family" in page
    assert "two models share a source" in page
    assert "0123456789ab" in page


def test_one_seed_gives_the_same_bytes(files, made_writeup):
    assert page.render(made_writeup).encode() == files["report.html"]
    with paper.paper():
        again = paper.saved(scores.scatter(made_writeup.evidence[0], made_writeup.families))
    for ending, data in again.items():
        assert files[f"figures/scatter-sums-contest.{ending}"] == data


def test_files_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    (tmp_path / "report.html").write_bytes(b"old")

    def breaks(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(folder.os, "replace", breaks)
    with pytest.raises(OSError, match="disk full"):
        folder.write({"report.html": b"new"}, tmp_path)
    assert (tmp_path / "report.html").read_bytes() == b"old"
