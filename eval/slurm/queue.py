"""Ask Slurm what has become of jobs; every question is one command, and may have no answer."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

# the states of a job that has not ended (squeue(1), JOB STATE CODES)
RUNNING = frozenset({"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT"})
PENDING = frozenset({"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED",
                     "SPECIAL_EXIT", "RESV_DEL_HOLD", "RESIZING", "PREEMPTED"})  # fmt: skip

SECONDS = 30  # a controller that takes longer than this has no answer


@dataclass(frozen=True)
class State:
    """A job as Slurm has it. ``name`` is GONE where Slurm knows no such job any more."""

    name: str
    restarts: int = 0

    @property
    def running(self) -> bool:
        """Whether its processes may be there."""
        return self.name in RUNNING

    @property
    def pending(self) -> bool:
        """Whether it is still to start."""
        return self.name in PENDING


def state(job: str, cluster: str) -> State | None:
    """The state of one job or array task; None where this machine cannot tell."""
    if cluster != here():
        return None
    said = _ask("scontrol", "-o", "show", "job", job)
    if said is None:
        return None
    if "Invalid job id" in said:
        return State("GONE")
    name, restarts = re.search(r"JobState=(\w+)", said), re.search(r"Restarts=(\d+)", said)
    return State(name[1], int(restarts[1])) if name and restarts else None


def here() -> str:
    """The name of the cluster this machine belongs to; empty where there is none."""
    return os.environ.get("SLURM_CLUSTER_NAME") or config().get("ClusterName", "")


@cache
def config() -> dict[str, str]:
    """The controller's configuration; empty where there is none, or no answer."""
    said = _ask("scontrol", "show", "config") or ""
    found = re.findall(r"^(\w+)\s+= (.*?)\s*$", said, re.MULTILINE)
    return dict(found)


def _ask(*command: str) -> str | None:
    """What a command prints; None where it is missing or the controller does not answer."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    said = done.stdout + done.stderr
    return said if done.returncode == 0 or "Invalid job id" in said else None
