"""The notebooks run on the shipped results, show figures, and hold no logic."""

import ast
import json
import os
from pathlib import Path

import pytest

BOOKS = ("01_curves", "02_transfer", "03_claims")
PLAIN = (
    ast.Module, ast.ImportFrom, ast.Import, ast.alias, ast.Assign, ast.Expr, ast.Call, ast.Name,
    ast.Attribute, ast.Constant, ast.Starred, ast.Load, ast.Store, ast.keyword,
)  # fmt: skip


def cells(repo: Path, name: str) -> list[dict]:
    return json.loads((repo / "notebooks" / f"{name}.ipynb").read_text())["cells"]


def test_these_are_all_there_are(repo):
    assert sorted(f.stem for f in (repo / "notebooks").glob("*.ipynb")) == list(BOOKS)


@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_imports_and_displays_and_nothing_else(repo, name):
    code = "\n".join("".join(c["source"]) for c in cells(repo, name) if c["cell_type"] == "code")
    assert {type(n).__name__ for n in ast.walk(ast.parse(code))} <= {k.__name__ for k in PLAIN}


@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_runs_and_shows_figures_and_tables(repo, name, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(repo), os.environ.get("PYTHONPATH", "")]))
    book = nbformat.read(repo / "notebooks" / f"{name}.ipynb", as_version=4)
    run = client.NotebookClient(
        book, timeout=120, startup_timeout=300,
        resources={"metadata": {"path": str(repo / "notebooks")}},
    )  # fmt: skip
    run.execute()
    shown = [kind for cell in book.cells for out in cell.get("outputs", ())
             for kind in out.get("data", {})]  # fmt: skip
    assert "image/svg+xml" in shown
    assert "text/html" in shown
