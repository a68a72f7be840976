"""Local files in place of a hub's data set: for machines without a network, and for own copies.

``data`` in a suite, or ``--data openai/gsm8k=FOLDER``, maps the data set that a task's file names
(``dataset_path``) to a folder with a file a split: ``train.jsonl``, ``test.jsonl`` and so on, as
JSON lines, JSON, CSV or Parquet. A task's ``dataset_name`` is looked for as a folder in it first.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.errors import InputError

KINDS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


def files(folder: Path, subset: str | None) -> dict[str, Path]:
    """The file of each split in ``folder``, or in its folder named like the ``subset``.

    Raises
    ------
    InputError
        If there is none.
    """
    place = folder / subset if subset and (folder / subset).is_dir() else folder
    paths = sorted(place.iterdir()) if place.is_dir() else []
    found = {path.stem: path for path in paths if path.suffix in KINDS}
    if not found:
        raise InputError(f"{place}: no data; put a file for each split there, such as test.jsonl")
    return found


def digest(folder: Path, subset: str | None) -> dict[str, str]:
    """The hash of each split's file; where the files lie does not matter."""
    return {
        split: hashlib.sha256(path.read_bytes()).hexdigest()
        for split, path in files(folder, subset).items()
    }


@contextmanager
def redirected(data: Mapping[str, Path]) -> Iterator[None]:
    """Within it, ``datasets.load_dataset`` reads the data sets in ``data`` from their folders."""
    import datasets

    original = datasets.load_dataset

    def load(path: str, name: str | None = None, *more: Any, **options: Any) -> Any:
        if path not in data:
            return original(path, name, *more, **options)
        found = files(data[path], name)
        kinds = {KINDS[file.suffix] for file in found.values()}
        if len(kinds) > 1:
            raise InputError(f"{data[path]}: splits in several formats; keep one of them")
        paths = {split: str(file) for split, file in found.items()}
        return original(kinds.pop(), data_files=paths, split=options.get("split"))

    datasets.load_dataset = load
    try:
        yield
    finally:
        datasets.load_dataset = original
