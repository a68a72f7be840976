"""Accelerators that plans reckon with: eval/accelerators.yaml, and the one found here."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from eval import reading

FILE = Path(__file__).with_name("accelerators.yaml")

CPU = "cpu-core"


class Accelerator(BaseModel):
    """Peak ``flops`` (operations a second), ``memory`` (bytes), ``bandwidth`` (bytes a second).

    ``layer_seconds`` is what one layer of a model costs a decoding step whatever its size:
    launching kernels, and Python between them. ``matches``: a pattern for nvidia-smi's name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    flops: float = Field(gt=0)
    memory: float = Field(gt=0)
    bandwidth: float = Field(gt=0)
    layer_seconds: float = Field(default=8e-4, gt=0)
    matches: str = ""
    source: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accelerators: list[Accelerator]


@cache
def known() -> dict[str, Accelerator]:
    """The accelerators in eval/accelerators.yaml, by name."""
    return {a.name: a for a in reading.read(FILE, _File).accelerators}


def load(name: str) -> Accelerator:
    """The accelerator called ``name``.

    Raises
    ------
    InputError
        If eval/accelerators.yaml has none of that name.
    """
    if name not in known():
        raise reading.pick("accelerator", name, known())
    return known()[name]


@cache
def here() -> Accelerator:
    """This machine's first accelerator with its real memory, otherwise its CPU cores as one.

    An accelerator that eval/accelerators.yaml does not know is taken for the slowest it knows.
    """
    for line in _nvidia_smi().splitlines():
        name, _, megabytes = line.rpartition(",")
        gpus = [a for a in known().values() if a.matches]
        fits = [a for a in gpus if re.search(a.matches, name)]
        model = fits[0] if fits else min(gpus, key=lambda a: a.flops)
        found = {"name": name.strip(), "memory": float(megabytes) * 2**20}
        return model.model_copy(update=found)
    core, count = known()[CPU], len(os.sched_getaffinity(0))
    return core.model_copy(
        update={"name": f"{count} x {CPU}", "flops": core.flops * count, "memory": _ram()}
    )


def _nvidia_smi() -> str:
    """Name and MiB of each GPU, a line each; empty where there is none. Quicker than torch."""
    query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _ram() -> float:
    """Memory of this machine in bytes."""
    return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
