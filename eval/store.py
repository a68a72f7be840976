"""A study on disk: write a cell whole or not at all, read cells back."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from eval.errors import InputError
from eval.holder import Holder
from eval.locks import Lock, Locks


@dataclass(frozen=True)
class Key:
    """A cell's place: rung name and benchmark name."""

    rung: str
    benchmark: str

    def __str__(self) -> str:
        return f"{self.rung} / {self.benchmark}"


@dataclass(frozen=True)
class Study:
    """The folder ``results/<study>``."""

    folder: Path

    @property
    def name(self) -> str:
        """The study's name: that of its folder."""
        return self.folder.resolve().name

    def cell(self, key: Key) -> Path:
        """The folder of a cell, there or not."""
        return self.folder / "cells" / key.rung / key.benchmark

    def journal(self, key: Key) -> Path:
        """Where answers of an unfinished cell are kept."""
        return self.folder / "cells" / key.rung / f".{key.benchmark}.answers.jsonl"

    def on_disk(self) -> Iterator[Key]:
        """All cells on disk, finished or failed, sorted."""
        for path in sorted(self.folder.glob("cells/*/*")):
            if path.is_dir() and not path.name.startswith("."):
                yield Key(path.parent.name, path.name)

    def result(self, key: Key) -> dict[str, Any] | None:
        """A finished cell's result.json; None where the cell is missing or failed."""
        return _json(self.cell(key) / "result.json")

    def error(self, key: Key) -> dict[str, Any] | None:
        """A failed cell's error.json; None where there is none."""
        return _json(self.cell(key) / "error.json")

    def items(self, key: Key) -> pd.DataFrame:
        """A finished cell's items; an imported cell may have none (FileNotFoundError)."""
        return pd.read_parquet(self.cell(key) / "items.parquet")

    def write_cell(self, key: Key, result: dict[str, Any], items: pd.DataFrame | None) -> None:
        """Put a finished cell in place, instead of what was there; its journal goes.

        Raises
        ------
        InputError
            If the folder cannot be written, as when the disk is full.
        """
        with self._replacing(key) as folder:
            if items is not None:
                path = folder / "items.parquet"
                items.to_parquet(path, index=False, compression="zstd")
                result = {**result, "items_sha256": hash_of(path)}
            _dump(folder / "result.json", result)
        self.journal(key).unlink(missing_ok=True)

    def write_error(self, key: Key, error: dict[str, Any]) -> None:
        """Record that a cell failed, and why, instead of what was there."""
        with self._replacing(key) as folder:
            _dump(folder / "error.json", error)

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the study whole or not at all; within ``writing``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.{_writer()}.tmp"
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, self.folder / name)

    def lock(self, key: Key) -> Lock | None:
        """The cell's lock; None while another process has it. Whoever writes a cell holds it."""
        return self.locks.take(f"{key.rung}/{key.benchmark}")

    def holder(self, key: Key) -> Holder | None:
        """Who holds the cell's lock, dead or alive."""
        return self.locks.holder(f"{key.rung}/{key.benchmark}")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the study's own files, not its cells, waiting while another process has them.

        What is derived from cells within it is never put in place of something newer.
        """
        while (lock := self.locks.take("study")) is None:
            time.sleep(0.1)
        with lock:
            for draft in self.folder.glob(".*.tmp"):
                draft.unlink()  # of a writer that was cut off
            yield

    @property
    def locks(self) -> Locks:
        """All locks of the study."""
        return Locks(self.folder / "locks")

    def sweep(self) -> None:
        """Remove drafts and locks of runs that were cut off; those of live runs stay."""
        for draft in self.folder.glob("cells/*/.*.tmp"):
            benchmark = draft.name[1:].rsplit("~", 1)[0]
            if lock := self.lock(Key(draft.parent.name, benchmark)):
                with lock:
                    shutil.rmtree(draft, ignore_errors=True)
        self.locks.sweep()

    @contextlib.contextmanager
    def _replacing(self, key: Key) -> Iterator[Path]:
        """A draft folder beside the cell that takes its place when the block ends well."""
        final = self.cell(key)
        draft = final.parent / f".{final.name}~{_writer()}.tmp"
        shutil.rmtree(draft, ignore_errors=True)
        try:
            draft.mkdir(parents=True)
            yield draft
            if final.exists():
                # a folder cannot be renamed onto a full one; a kill between the two renames
                # leaves no cell, and the next run scores it again
                old = final.parent / f".{final.name}~{_writer()}.old.tmp"
                os.replace(final, old)
                os.replace(draft, final)
                shutil.rmtree(old)
            else:
                os.replace(draft, final)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)


class Unwritable(InputError):
    """A study that cannot be written: no fault of a cell, and no other could be kept either."""


def unwritable(folder: Path, error: OSError) -> Unwritable:
    """What to do when a study cannot be written in the middle of a run."""
    remedy = "free some space" if error.errno == errno.ENOSPC else "make it writable"
    return Unwritable(
        f"{folder}: {error.strerror or error}; {remedy} and give the same command again: finished "
        "cells are kept"
    )


def check_writable(folder: Path) -> None:
    """Refuse a study folder that cannot be written, leaving nothing behind.

    Raises
    ------
    InputError
        If the folder, or the nearest parent that exists, is no folder or cannot be written.
    """
    parent = folder
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{folder}: {parent}: {reason}; give a writable --out") from error


def hash_of(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _writer() -> str:
    """What tells this process's drafts from those of others, here and on other machines."""
    return f"{socket.gethostname()}.{os.getpid()}"


def _json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise InputError(
            f"{path}: {error}; not written by this program: remove the cell's folder and run again"
        ) from error
    return dict(content)


def _dump(path: Path, content: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False, default=str)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
