"""Formal statements from folders on disk or the hub; none is copied into the repository.

`$PROOF_DATA` names the folder that holds them, one subfolder a source (see SOURCES), or a task's
`dataset_kwargs: {path: FOLDER}` or `{hub: owner/name}` says where else to look.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.errors import InputError
from eval.proofs.checker import Problem
from eval.proofs.loading import left_out


@dataclass(frozen=True)
class Source:
    """Where a benchmark's statements lie: subfolder, repository to clone, checker, split folders.

    An empty split folder is the subfolder itself.
    """

    folder: str
    repository: str
    checker: str
    splits: dict[str, str]


SOURCES = {
    "minif2f_coq": Source(
        "minif2f-rocq", "LLM4Rocq/miniF2F-rocq", "coq", {"test": "test", "validation": "valid"}
    ),
    "putnambench_coq": Source("putnambench-coq", "trishullab/PutnamBench", "coq", {"test": ""}),
    "minif2f_lean4": Source(
        "minif2f-lean4",
        "yangky11/miniF2F-lean4",
        "lean",
        {"test": "MiniF2F/Test", "validation": "MiniF2F/Valid"},
    ),
    "putnambench_lean4": Source(
        "putnambench-lean4", "trishullab/PutnamBench", "lean", {"test": ""}
    ),
    "proofnet_lean4": Source(
        "proofnet-lean4",
        "rahul3613/ProofNet-lean4",
        "lean",
        {"test": "test", "validation": "valid"},
    ),
}
# Fields that data sets on the hub use for a name, a statement and what stands before it.
_NAME = ("name", "id", "theorem_name", "problem_name")
_STATEMENT = ("formal_statement", "lean4_formalization", "lean4_statement", "statement")
_HEADER = ("header", "lean4_header", "lean4_src_header")


def problems(benchmark: str, split: str, path: str = "", hub: str = "") -> list[Problem]:
    """The statements of one split, by name; those known not to load here are left out.

    Raises
    ------
    InputError
        If the folder is missing or holds no statement, or a row lacks a name or a statement.
    """
    source = SOURCES[benchmark]
    if hub:
        found = list(_from_rows(_hub_rows(hub, split), f"{hub} ({split})"))
    else:
        found = list(_from_folder(_folder(benchmark, path), source, split))
    seen = {problem.name for problem in found}
    if len(seen) < len(found):
        raise InputError(f"{benchmark}: {split}: two statements share a name; rename one")
    skip = left_out(benchmark)
    return sorted((p for p in found if p.name not in skip), key=lambda p: p.name)


def _folder(benchmark: str, path: str) -> Path:
    source = SOURCES[benchmark]
    root = os.environ.get("PROOF_DATA", "")
    if not path and not root:
        raise InputError(
            f"{benchmark}: PROOF_DATA: not set; clone github.com/{source.repository} into a folder "
            f"as '{source.folder}' and set PROOF_DATA to that folder"
        )
    folder = Path(path).expanduser() if path else Path(root).expanduser() / source.folder
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; clone github.com/{source.repository} there, or set "
            "PROOF_DATA to the folder that holds it"
        )
    return folder


def _from_folder(folder: Path, source: Source, split: str) -> Iterator[Problem]:
    """Files of a split: one statement a file, or rows of JSON lines named after the split."""
    suffix = "*.v" if source.checker == "coq" else "*.lean"
    place = folder / source.splits[split]
    files = sorted(place.rglob(suffix)) if place.is_dir() else []
    rows = folder / f"{split}.jsonl"
    if rows.is_file():
        lines = rows.read_text(encoding="utf-8").splitlines()
        yield from _from_rows([json.loads(line) for line in lines if line.strip()], str(rows))
    elif files:
        yield from (Problem(file.stem, file.read_text(encoding="utf-8")) for file in files)
    else:
        raise InputError(
            f"{place}: no {suffix} files and no {rows.name}; see eval/proofs/README.md"
        )


def _hub_rows(hub: str, split: str) -> list[dict[str, Any]]:
    import datasets

    return [dict(row) for row in datasets.load_dataset(hub, split=split)]


def _from_rows(rows: list[dict[str, Any]], place: str) -> Iterator[Problem]:
    for number, row in enumerate(rows, 1):
        name, statement = _field(row, _NAME), _field(row, _STATEMENT)
        if not name or not statement:
            raise InputError(
                f"{place}: row {number}: no name or statement; name the columns "
                f"{_NAME[0]} and {_STATEMENT[0]}"
            )
        header = _field(row, _HEADER)
        clean = re.sub(r"[^\w.]", "_", name.split("|")[-1])
        yield Problem(clean, f"{header}\n\n{statement}" if header else statement)


def _field(row: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")
