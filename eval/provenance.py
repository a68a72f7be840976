"""Where a number comes from: versions, code commit, machine."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("lm_eval", "torch", "transformers", "tokenizers", "datasets", "numpy")


@cache
def software() -> dict[str, Any]:
    """Versions of what computes the numbers, and the commit of this code."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {"versions": versions, "code": _code()}


@cache
def hardware(device: str) -> dict[str, Any]:
    """The machine and the accelerator that ran a cell."""
    found: dict[str, Any] = {"machine": platform.machine(), "device": device}
    if device.startswith("cuda"):
        import torch

        found["accelerator"] = torch.cuda.get_device_name(device)
    return found


def _code() -> dict[str, Any]:
    """Commit and dirtiness of the checkout this package stands in; empty outside one."""
    folder = Path(__file__).parent
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain", "--", "."))}
    except (OSError, subprocess.SubprocessError):
        return {}


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    return done.stdout.strip()
