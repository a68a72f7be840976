"""Ask Slurm what has become of jobs; every question is one command, and may have no answer."""

import getpass
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


def states(jobs: list[str]) -> dict[str, State] | None:
    """The states of all tasks of ``jobs`` that have not ended; None where no controller answers.

    A job's tasks go by ``12_3``; jobs Slurm no longer knows are left out.
    """
    if not jobs:
        return {}
    said = _ask("squeue", "-h", "-r", "-o", "%i|%T", "-j", ",".join(jobs))
    if said is None:
        return None
    lines = [line.split("|") for line in said.splitlines() if "|" in line]
    return {job: State(name) for job, name in lines}


def room() -> int:
    """How many more jobs or array tasks this person may submit now, as far as Slurm says."""
    limits = [int(config().get("MaxJobCount", "10000"))]
    user = getpass.getuser()
    associations = _ask("sacctmgr", "-nP", "show", "assoc", f"user={user}", "format=MaxSubmit")
    limits += [int(line) for line in (associations or "").split() if line.isdigit()]
    queued = _ask("squeue", "-h", "-r", "-o", "%i", "-u", user) or ""
    return max(0, min(limits) - len(queued.split()))


def largest_array() -> int:
    """The most tasks one array may have."""
    return int(config().get("MaxArraySize", "1001"))


def cancel(jobs: list[str]) -> bool:
    """Take jobs out of the queue and stop what runs; False where no controller answers."""
    return not jobs or _ask("scancel", *jobs) is not None


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
