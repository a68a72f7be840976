"""The house stays as it was laid out: walls between the packages, small files, clean notebooks."""

import ast
import json
import subprocess
from pathlib import Path

import pytest

PACKAGES = ("eval", "correlate")
LONGEST_FILE = 300  # lines; about 250 is the aim


def tracked(repo: Path, pattern: str) -> list[Path]:
    """Files of the repository that git would carry and that match ``pattern``."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern]
    listed = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    return [repo / line for line in listed.stdout.splitlines() if (repo / line).exists()]


def imported(file: Path) -> set[str]:
    """Top-level names of the packages a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(("package", "other"), [PACKAGES, PACKAGES[::-1]])
def test_packages_never_import_each_other(repo, package, other):
    offenders = [f for f in tracked(repo, f"{package}/*.py") if other in imported(f)]
    assert not offenders


def test_files_can_be_read_at_a_sitting(repo):
    long = {
        str(f.relative_to(repo)): lines
        for package in PACKAGES
        for f in tracked(repo, f"{package}/*.py")
        if (lines := len(f.read_text().splitlines())) > LONGEST_FILE
    }
    assert not long


def test_every_module_says_what_it_is_for(repo):
    silent = [
        str(f.relative_to(repo))
        for package in PACKAGES
        for f in tracked(repo, f"{package}/*.py")
        if not ast.get_docstring(ast.parse(f.read_text()))
    ]
    assert not silent


def test_no_drawer_for_odds_and_ends(repo):
    assert not [f for f in tracked(repo, "*.py") if f.stem in {"utils", "util", "helpers", "misc"}]


def test_notebooks_are_stored_without_output(repo):
    for notebook in tracked(repo, "*.ipynb"):
        cells = json.loads(notebook.read_text())["cells"]
        assert not [c for c in cells if c.get("outputs")], notebook


def test_every_verb_has_help_with_an_example(repo):
    import sys

    for package in PACKAGES:
        verbs = sorted(f.stem for f in tracked(repo, f"{package}/verbs/*.py"))
        for verb in (v for v in verbs if not v.startswith("_")):
            name = verb.rstrip("_").replace("_", "-")
            shown = subprocess.run(
                [sys.executable, "-m", package, name, "--help"],
                cwd=repo, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert shown.returncode == 0, f"python -m {package} {name} --help: {shown.stderr}"
            assert f"python -m {package} {name}" in shown.stdout, f"{package} {name}: no example"
