"""A real Slurm of one node, started for the tests and stopped after them."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("one-node")


@pytest.fixture(scope="module")
def slurm() -> Iterator[Callable[[str], None]]:
    """Slurm's commands work in these tests; the value calls the script again, as to restart it."""
    from eval.slurm import queue

    folder = Path(tempfile.mkdtemp(prefix="slurm.", dir="/tmp"))

    def call(does: str) -> None:
        subprocess.run([SCRIPT, does, folder], check=True, capture_output=True)

    started = subprocess.run([SCRIPT, "start", folder], capture_output=True, text=True)
    before = os.environ.get("SLURM_CONF")
    try:
        if started.returncode:
            pytest.skip(f"no Slurm: {started.stderr.strip()}")
        os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
        queue.config.cache_clear()
        yield call
        subprocess.run(["scancel", "--full", "--signal=KILL", "-u", str(os.getuid())])
    finally:
        call("stop")
        if before is None:
            os.environ.pop("SLURM_CONF", None)
        else:
            os.environ["SLURM_CONF"] = before
        queue.config.cache_clear()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(true: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until ``true()`` is, or fail saying ``what`` was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.3)


@pytest.fixture
def wait() -> Callable[[Callable[[], object], float, str], None]:
    """Wait until something is so."""
    return wait_for


@pytest.fixture
def empty_queue(slurm: object) -> Callable[[], bool]:
    """Whether the queue is empty."""

    def empty() -> bool:
        said = subprocess.run(["squeue", "-h"], capture_output=True, text=True)
        return said.returncode == 0 and not said.stdout.strip()

    return empty
