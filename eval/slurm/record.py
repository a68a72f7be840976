"""What was handed to Slurm: one file an array in the study's ``jobs`` folder, beside the logs."""

import getpass
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from eval.store import Key, Study


@dataclass(frozen=True)
class Record:
    """One submission. ``tasks`` has a task's cells as ``rung/benchmark``; the last job has none.

    ``array`` tells whether the tasks are an array's, so that their job ids are ``job_0`` ...
    """

    job: str
    cluster: str
    array: bool
    tasks: list[list[str]]
    submitted: str
    by: str

    def id(self, task: int) -> str:
        """The job id of a task, as squeue has it."""
        return f"{self.job}_{task}" if self.array else self.job


def write(study: Study, job: str, cluster: str, array: bool, tasks: Iterable[list[Key]]) -> Record:
    """Keep a submission."""
    record = Record(
        job=job,
        cluster=cluster,
        array=array,
        tasks=[[f"{key.rung}/{key.benchmark}" for key in keys] for keys in tasks],
        submitted=datetime.now(UTC).isoformat(timespec="seconds"),
        by=f"{getpass.getuser()}@{socket.gethostname()}",
    )
    path = folder(study) / f"{job}.json"
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(json.dumps(asdict(record)) + "\n", encoding="utf-8")
    os.replace(draft, path)
    return record


def read(study: Study) -> list[Record]:
    """All submissions, in order of time."""
    found = [
        Record(**json.loads(path.read_text(encoding="utf-8")))
        for path in folder(study).glob("[0-9]*.json")
    ]
    return sorted(found, key=lambda record: (record.submitted, int(record.job)))


def folder(study: Study) -> Path:
    """Where submitit keeps its scripts, pickles and logs, and we the records."""
    return study.folder / "jobs"


def log(study: Study, job: str) -> Path:
    """The log of a job or array task; what it did not expect is in ``.err`` beside it."""
    return folder(study) / f"{job}_0_log.out"
