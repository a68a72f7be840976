"""Who holds a lock: machine, process and Slurm job, and whether they are still there."""

import json
import os
import socket
import uuid
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from eval.slurm import queue

Life = Literal["live", "dead", "unknown"]


@dataclass(frozen=True)
class Holder:
    """A process that holds a lock, or held it.

    ``machine`` tells apart boots and containers, in which process numbers mean other processes;
    ``started`` is the process's start in clock ticks since boot, so that a number used again is
    not taken for it. ``job`` is the Slurm job (``12`` or ``12_3``), ``restarts`` how often it
    had been requeued. ``token`` is of this lock alone.
    """

    host: str
    machine: str
    pid: int
    started: int
    cluster: str
    job: str
    restarts: int
    token: str

    @classmethod
    def this_process(cls) -> "Holder":
        """This process, with a token of its own for one lock."""
        environ = os.environ
        array, index = environ.get("SLURM_ARRAY_JOB_ID"), environ.get("SLURM_ARRAY_TASK_ID")
        job = f"{array}_{index}" if array else environ.get("SLURM_JOB_ID", "")
        pid = os.getpid()
        return cls(
            host=socket.gethostname(),
            machine=_machine(),
            pid=pid,
            started=_started(pid) or 0,
            cluster=environ.get("SLURM_CLUSTER_NAME", "") if job else "",
            job=job,
            restarts=int(environ.get("SLURM_RESTART_COUNT") or 0),
            token=uuid.uuid4().hex,
        )

    @classmethod
    def read(cls, path: Path) -> "Holder | None":
        """The holder that a file names; None where the file has gone or is not yet written."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
            return None

    def text(self) -> str:
        """What :meth:`read` reads."""
        return json.dumps(asdict(self)) + "\n"

    def __str__(self) -> str:
        job = f", job {self.job}" if self.job else ""
        return f"{self.host}, process {self.pid}{job}"

    def life(self) -> Life:
        """Whether the process is there: asked of this machine, else of Slurm, else unknown."""
        if self.machine == _machine():
            return "live" if _started(self.pid) == self.started else "dead"
        if not self.job:
            return "unknown"
        found = queue.state(self.job, self.cluster)
        if found is None:
            return "unknown"
        same = found.restarts == self.restarts
        return "live" if found.running and same else "dead"


@cache
def _machine() -> str:
    """Names this boot of this machine and this container's own numbering of processes."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{socket.gethostname()} {boot} {os.readlink('/proc/self/ns/pid')}"


def _started(pid: int) -> int | None:
    """When a process of this machine started, in ticks since boot; None where it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if state in "ZX" else int(fields[18])
