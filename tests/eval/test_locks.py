"""Locks between processes: one holder at a time, the dead replaced, the living left alone."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from eval import holder, locks
from eval.holder import Holder
from eval.locks import Locks
from eval.slurm import queue

NAME = "rung/bench"


def planted(at: Locks, **changes: object) -> Path:
    """A lock held by somebody on another machine, or as ``changes`` say."""
    owner = replace(Holder.this_process(), **{"machine": "elsewhere", **changes})
    path = at.folder / f"{NAME}@"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(owner.text())
    return path


def test_one_holds_and_nothing_is_left_when_it_lets_go(tmp_path: Path) -> None:
    at = Locks(tmp_path / "locks")
    lock = at.take(NAME)
    assert lock is not None
    assert lock.held()
    assert at.take(NAME) is None
    held = at.holder(NAME)
    assert held is not None
    assert (held.pid, held.job) == (os.getpid(), "")
    assert list(at.live()) == [NAME]
    other = at.take("rung/other")
    assert other is not None
    other.release()
    lock.release()
    assert not lock.held()
    assert list(tmp_path.iterdir()) == []


HOLD = """
import sys, time
from pathlib import Path
from eval.locks import Locks
lock = Locks(Path(sys.argv[1])).take("rung/bench")
print("held", flush=True)
time.sleep(60)
"""


def test_a_killed_process_is_replaced_and_a_running_one_is_not(tmp_path: Path, repo: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=repo, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    at = Locks(tmp_path)
    assert at.take(NAME) is None
    os.kill(other.pid, signal.SIGKILL)
    while Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    # not waited for yet: a zombie is dead, too
    lock = at.take(NAME)
    other.wait()
    other.stdout.close()
    assert lock is not None
    assert lock.held()
    lock.release()
    assert at.chain(NAME) == []


def test_a_number_used_again_is_not_taken_for_the_process(tmp_path: Path) -> None:
    at = Locks(tmp_path)
    own = Holder.this_process()
    planted(at, machine=own.machine, started=own.started - 1)
    assert at.take(NAME) is not None


@pytest.mark.parametrize(("age", "taken"), [(0.0, False), (200.0, False), (301.0, True)])
def test_on_another_machine_the_last_renewal_decides(
    tmp_path: Path, age: float, taken: bool
) -> None:
    at = Locks(tmp_path)
    path = planted(at)
    at_that_time = time.time() - age
    os.utime(path, (at_that_time, at_that_time))
    assert (at.take(NAME) is not None) is taken


@pytest.mark.parametrize(
    ("state", "taken"),
    [
        (queue.State("RUNNING", 1), False),
        (queue.State("COMPLETING", 1), False),
        (queue.State("RUNNING", 2), True),  # requeued since: its processes of then are gone
        (queue.State("PENDING", 1), True),
        (queue.State("TIMEOUT", 1), True),
        (queue.State("GONE"), True),
        (None, False),  # Slurm does not answer, and the lock has just been renewed
    ],
)
def test_on_another_machine_slurm_is_asked_for_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: queue.State | None, taken: bool
) -> None:
    at = Locks(tmp_path)
    planted(at, job="12_3", cluster="big", restarts=1)
    monkeypatch.setattr(
        queue, "state", lambda job, cluster: state if (job, cluster) == ("12_3", "big") else None
    )
    assert (at.take(NAME) is not None) is taken


def test_the_holder_renews_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT", 0.05)
    at = Locks(tmp_path)
    lock = at.take(NAME)
    assert lock is not None
    path = at.folder / f"{NAME}@"
    os.utime(path, (1, 1))
    deadline = time.monotonic() + 5
    while path.stat().st_mtime == 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert time.time() - path.stat().st_mtime < 60
    lock.release()


def test_a_holder_that_was_replaced_knows_and_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Locks(tmp_path)
    first = at.take(NAME)
    assert first is not None
    monkeypatch.setattr(holder, "_machine", lambda: "another")  # where nobody can tell ...
    os.utime(at.folder / f"{NAME}@", (1, 1))  # ... and it has long been silent
    second = at.take(NAME)
    assert second is not None
    assert not first.held()
    first.release()
    assert second.held()
    second.release()
    assert at.chain(NAME) == []


@pytest.mark.parametrize("then", ["free", "held"])
def test_a_lock_taken_over_and_let_go_between_looking_and_linking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """The slow one has seen a dead lock; before it acts, others take over, let go, begin anew."""
    at = Locks(tmp_path)
    own = Holder.this_process()
    planted(at, machine=own.machine, started=own.started - 1)
    link = locks._link
    others: list[locks.Lock | None] = []

    def slow(draft: Path, path: Path) -> bool:
        monkeypatch.setattr(locks, "_link", link)
        successor = at.take(NAME)
        assert successor is not None
        successor.release()
        if then == "held":
            others.append(at.take(NAME))
        return link(draft, path)

    monkeypatch.setattr(locks, "_link", slow)
    lock = at.take(NAME)
    if then == "free":
        assert lock is not None
        assert lock.held()
    else:
        assert lock is None
        assert others[0] is not None
        assert others[0].held()


def test_sweeping_clears_what_the_dead_left_and_nothing_else(tmp_path: Path) -> None:
    at = Locks(tmp_path / "locks")
    own = Holder.this_process()
    planted(at, machine=own.machine, started=own.started - 1)  # a dead lock
    folder = at.folder / "rung"
    (folder / "other@0123").write_text(own.text())  # a successor whose head has been let go
    (folder / ".dead.tmp").write_text(replace(own, started=own.started - 1).text())
    (folder / ".new.tmp").write_text("")  # somebody is about to write here
    (folder / ".old.tmp").write_text("")
    os.utime(folder / ".old.tmp", (1, 1))
    lock = at.take("live")
    assert lock is not None
    at.sweep()
    assert sorted(p.name for p in at.folder.rglob("*")) == [".new.tmp", "live@", "rung"]
    (folder / ".new.tmp").unlink()
    lock.release()
    at.sweep()
    assert lock.held() is False


RACE = """
import os, sys, time
from pathlib import Path
from eval.locks import Locks

at, folder, children = Locks(Path(sys.argv[1]) / "locks"), Path(sys.argv[1]), int(sys.argv[2])

def child(number):
    while (lock := at.take("cell")) is None:
        time.sleep(0.0005)
    inside = folder / "inside"
    os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails if anybody else is inside
    with open(folder / "log", "a") as log:
        log.write(f"{number}\\n")
    inside.unlink()
    if number % 2:
        lock.release()  # the others die holding it

running = set()
failed = 0
for number in range(children):
    if len(running) == 8:
        pid, status = os.wait()
        running.remove(pid)
        failed += status != 0
    if (pid := os.fork()) == 0:
        try:
            child(number)
        except BaseException:
            os._exit(1)
        os._exit(0)
    running.add(pid)
for pid in running:
    failed += os.waitpid(pid, 0)[1] != 0
sys.exit(failed)
"""


def test_eight_at_a_time_race_and_half_of_them_die_holding(tmp_path: Path, repo: Path) -> None:
    children = 160
    done = subprocess.run(
        [sys.executable, "-c", RACE, str(tmp_path), str(children)],
        cwd=repo, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    log = sorted(int(line) for line in (tmp_path / "log").read_text().split())
    assert log == list(range(children))
