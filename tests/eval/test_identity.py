"""The identity changes with what changes numbers, and with nothing else."""

import shutil
from pathlib import Path

import pytest
import yaml

from eval import catalog, identity, suite
from eval import ladder_file as ladder
from eval.errors import InputError
from eval.ladder import Ladder
from eval.suite import Suite


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """The tiny ladder and suite in another place, to be changed."""
    folder = tmp_path / "copy"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("out*"))
    for path in folder.glob("**/*.yaml"):
        path.write_text(path.read_text().replace(str(tiny), str(folder)))
    return folder


def identities(folder: Path, engine: str = "hf") -> dict[str, str]:
    """Benchmark -> identity on the first rung, computed afresh."""
    for cached in (catalog.index, catalog._one, catalog._config, identity._folder):
        cached.cache_clear()
    rungs: Ladder = ladder.read(folder / "ladder.yaml")
    tasks: Suite = suite.read(folder / "suite.yaml")
    hashes = catalog.definitions(tasks)
    return {
        b.name: identity.name(identity.content(rungs.rungs[0], b, hashes[b.name], engine))
        for b in tasks.benchmarks
    }


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_neither_place_nor_names_nor_covariates_matter(tiny: Path, copy: Path) -> None:
    before = identities(tiny)
    edit(copy / "ladder.yaml", "tokens: 1000000.0", "tokens: 5")
    edit(copy / "ladder.yaml", "name: small", "name: tall")
    edit(copy / "suite.yaml", "chance: 0.33", "chance: 0.25")
    (copy / "models" / "small" / "README.md").write_text("a card")
    assert identities(copy) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("suite.yaml", "limit: 20", "limit: 21", {"sums"}),
        ("suite.yaml", "name: picks\n", "name: picks\n  shots: 2\n", {"picks"}),
        ("ladder.yaml", "dtype: float32", "dtype: bfloat16", {"sums", "picks", "text"}),
        ("tasks/tiny_sums.yaml", "Q : {{", "Question : {{", {"sums"}),
        ("tasks/sums.jsonl", "0 plus 0", "0 plus 00", {"sums"}),
        ("tasks/tiny_picks.yaml", "acc_norm", "acc_bytes", {"picks"}),
        ("tasks/tiny_text.yaml", "version: 1.0", "version: 1.5", set()),
    ],
)
def test_what_changes_numbers_changes_it(
    copy: Path, file: str, old: str, new: str, changes: set[str]
) -> None:
    before = identities(copy)
    edit(copy / file, old, new)
    after = identities(copy)
    assert {name for name in before if before[name] != after[name]} == changes


def test_weights_and_engine_change_it(copy: Path) -> None:
    before = identities(copy)
    assert set(identities(copy, "other").values()).isdisjoint(before.values())
    weights = copy / "models" / "small" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert set(identities(copy).values()).isdisjoint(before.values())


def test_a_missing_model_is_named(copy: Path) -> None:
    shutil.rmtree(copy / "models" / "small")
    with pytest.raises(InputError, match=r"small: .*config\.json"):
        identities(copy)


def test_an_unknown_task_is_answered_with_near_ones(copy: Path) -> None:
    edit(copy / "suite.yaml", "task: tiny_sums", "task: tiny_sum")
    with pytest.raises(InputError, match="tiny_sums"):
        identities(copy)


def test_a_function_module_counts(copy: Path) -> None:
    path = copy / "tasks" / "tiny_picks.yaml"
    (copy / "tasks" / "own.py").write_text("def text(doc):\n    return doc['question']\n")
    config = yaml.safe_load(path.read_text())
    config.pop("doc_to_text")
    path.write_text(yaml.safe_dump(config) + "doc_to_text: !function own.text\n")
    before = identities(copy)["picks"]
    (copy / "tasks" / "own.py").write_text("def text(doc):\n    return 'x' + doc['question']\n")
    assert identities(copy)["picks"] != before
