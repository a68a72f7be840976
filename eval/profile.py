"""Where and how runs are executed, as a YAML file: a Slurm cluster, or this machine."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from eval import reading

SHIPPED = Path(__file__).parent / "profiles"


class Profile(BaseModel):
    """One way to run. With ``slurm`` it is jobs of a cluster, otherwise processes here.

    ``slurm`` holds options of sbatch, and submitit's ``setup``, ``teardown`` and ``srun_args``;
    ``finish`` holds what differs for the job that comes last. ``accelerator`` is what predicted
    hours and memory are reckoned for, ``fill`` the share of a job's time that they may take.
    ``report``: ``correlate`` writes the report at the end, whatever happened (afterany) or if
    all cells are done (afterok).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    slurm: dict[str, Any] | None = None
    finish: dict[str, Any] = Field(default_factory=dict)
    accelerator: str | None = None
    fill: float = Field(default=0.5, gt=0, le=1)
    report: Literal["afterany", "afterok"] | None = None
    workers: int | None = Field(default=None, ge=1)
    device: str | None = None
    batch_size: int | None = Field(default=None, ge=1)


def folder() -> Path:
    """Where a person's own profiles are: ``~/.config/easy-predicts-hard``."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "easy-predicts-hard"


def load(name: str) -> Profile:
    """The profile called ``name``: a path, one of the person's own, or one that ships.

    Raises
    ------
    InputError
        If there is none, or its file is malformed.
    """
    own = {path.stem: path for path in folder().glob("*.yaml")}
    known = {path.stem: path for path in SHIPPED.glob("*.yaml")} | own
    path = Path(name) if Path(name).is_file() else known.get(name)
    if path is None:
        raise reading.pick("profile", name, known)
    return reading.read(path, Profile)
