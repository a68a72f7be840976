"""Answers of an unfinished cell, kept on disk so that a run cut off in it goes on where it was.

A file of JSON lines beside the cell's folder: first the identity, then a line for each lot of
answers. A line is written in one go and synced; one that was cut off is not there for the reader.
"""

import json
import os
from pathlib import Path
from typing import Any


class Journal:
    """The journal at ``path`` of the cell with ``identity``; another identity's is thrown away."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.identity = identity

    def read(self) -> dict[str, Any]:
        """Answers by key, as JSON has them; from a damaged line on, the file is cut off."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        answers: dict[str, Any] = {}
        good = 0
        for number, line in enumerate(content.splitlines(keepends=True)):
            try:
                found = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                found = None
            if number == 0 and found != {"identity": self.identity}:
                self.remove()
                return {}
            if found is None:
                break
            answers |= found if number else {}
            good += len(line)
        if good < len(content):
            os.truncate(self.path, good)
        return answers

    def add(self, answers: dict[str, Any]) -> None:
        """Append a lot of answers; on return it is on disk.

        Raises
        ------
        OSError
            If it cannot be written; what was kept before stays.
        """
        text = json.dumps(answers, ensure_ascii=False) + "\n"
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"identity": self.identity}) + "\n" + text
        with self.path.open("ab") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """The cell is finished."""
        self.path.unlink(missing_ok=True)
