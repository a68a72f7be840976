"""Hostile processes meet the walls of the sandbox."""

import os
import resource
import time
from pathlib import Path

import pytest

from eval.proofs import budget
from eval.proofs.budget import used
from eval.proofs.checker import Limits
from eval.proofs.sandbox import Outcome, strongest
from eval.proofs.toolchain import stopped

SANDBOX, HELD = strongest()
LIMITS = Limits(cpu_s=5, memory_mb=256, disk_mb=4, output_mb=1, processes=8)
BURN = "while :; do :; done"


def run(script: str, limits: Limits = LIMITS) -> Outcome:
    with SANDBOX.folder() as folder:
        return SANDBOX.run(["sh", "-c", script], folder, limits)


def needs(protection: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(protection not in HELD, reason=f"no wall here holds {protection}")


def test_an_honest_process_runs() -> None:
    outcome = run("echo hello > file; cat file; echo oops >&2; exit 3")
    assert (outcome.returncode, outcome.output, outcome.stopped) == (3, "hello\noops\n", "")


def test_it_starts_empty_and_leaves_nothing() -> None:
    with SANDBOX.folder() as folder:
        assert SANDBOX.run(["ls", "-A"], folder, LIMITS).output == ""
        SANDBOX.run(["touch", "left"], folder, LIMITS)
    assert not folder.exists()


def test_nothing_of_our_environment_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert "secret" not in run("env").output


@needs("cpu-time")
def test_cpu_time_is_what_counts() -> None:
    """As on a busy machine: twice its time by the clock, and not stopped."""
    assert run("sleep 2; echo over", Limits(cpu_s=1)).output == "over\n"
    began = time.monotonic()
    assert run(BURN, Limits(cpu_s=1)).stopped == "time"
    assert time.monotonic() - began > 0.9


@needs("cpu-time")
def test_cpu_time_is_that_of_the_whole_group() -> None:
    """Four that burn a second each, one after another: the dead count too."""
    part = f"sh -c 'ulimit -t 1; {BURN}'"
    assert run(f"{part}; {part}; {part}; {part}; echo over", Limits(cpu_s=2.5)).stopped == "time"


@needs("cpu-time")
def test_it_agrees_with_the_kernel_s_other_count() -> None:
    sum(range(3_000_000))
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    rusage = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    assert used(os.getpid())[0] == pytest.approx(rusage, abs=0.3)
    assert used(2**22 + 1) == (None, False)


def test_the_clock_is_an_outer_bound_and_says_whose_fault_it_was() -> None:
    assert run(BURN, Limits(wall_s=1)).stopped == "machine"
    began = time.monotonic()
    assert run("sleep 60 & sleep 60", Limits(wall_s=1)).stopped == "idle"
    assert time.monotonic() - began < 20
    assert stopped("machine", 1000).value is None
    assert {stopped(limit, 1000).value for limit in ("time", "idle", "output", "disk")} == {0.0}


def test_who_sleeps_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_IDLE_S", 1.0)
    assert run("sleep 60").stopped == "idle"
    assert run("exec >&- 2>&-; sleep 60").stopped == "idle"


def test_where_cpu_time_is_hidden_the_clock_stands_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "used", lambda _: (None, False))
    assert run("sleep 60", Limits(cpu_s=1)).stopped == "time"


def test_output_without_end_is_stopped() -> None:
    outcome = run("yes")
    assert outcome.stopped == "output"
    assert len(outcome.output) <= 1 << 20


def test_one_huge_file_is_stopped() -> None:
    outcome = run("dd if=/dev/zero of=big bs=1M count=64 2>/dev/null; echo survived")
    assert outcome.stopped == "disk" or "survived" in outcome.output


def test_many_files_are_stopped() -> None:
    outcome = run("i=0; while :; do i=$((i+1)); head -c 500000 /dev/zero > f$i; done")
    assert outcome.stopped == "disk"


def test_memory_is_capped() -> None:
    outcome = run("head -c 400M /dev/zero | tail -c 350M | wc -c", Limits(memory_mb=256))
    assert outcome.stopped == ""
    assert str(350 << 20) not in outcome.output


@needs("forks")
def test_a_fork_bomb_is_contained() -> None:
    outcome = run(
        "bomb() { bomb | bomb & }; bomb; sleep 1; echo over", Limits(cpu_s=3, processes=8)
    )
    assert "fork" in outcome.output.lower() or outcome.stopped == "time"
    uid_processes = [p for p in Path("/proc").glob("[0-9]*/stat") if b"(bomb)" in _read(p)]
    assert uid_processes == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@needs("files")
def test_nothing_outside_can_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    outcome = run(f"echo x > {tmp_path}/x; echo x > /usr/x; ls {Path.home()} | head -3")
    assert list(tmp_path.iterdir()) == []
    assert not Path("/usr/x").exists()
    assert "cannot access" in outcome.output


@needs("network")
def test_there_is_no_network() -> None:
    names = run("tail -n +3 /proc/net/dev | cut -d: -f1").output.split()
    assert names == ["lo"]


@needs("processes")
def test_other_processes_cannot_be_touched() -> None:
    assert run(f"kill -0 {os.getpid()} 2>/dev/null && echo reached").output == ""


@needs("user")
def test_it_is_not_root() -> None:
    assert run("id -u").output.strip() != "0"
