"""Run a checker's process where a hostile candidate can do no harm, and say which walls held.

Walls, strongest first: bubblewrap (own namespaces, no network, only /usr and the named folders,
read-only but for the working folder); `unshare` (own process and network namespaces); nothing
but limits. As root the process also drops to a user id of its own, without which Linux does not
enforce a limit on processes. util-linux's `prlimit` sets memory, file size and processes; time
(budget.py), output and total disk are watched from outside, and the whole group is killed at once.
Commands are argument lists: no text of a candidate ever reaches a shell.
"""

import contextlib
import functools
import itertools
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.proofs.budget import LOOK_S, Budget, LimitReached, used
from eval.proofs.checker import Limits

_uids = itertools.count()


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `stopped` names the limit that ended it; `output` has stderr merged in."""

    returncode: int
    output: str
    wall_ms: float
    stopped: str = ""


@dataclass(frozen=True)
class Sandbox:
    """One way of fencing a process in.

    `wall` is bwrap, unshare or none; `drop_user` runs it as an unprivileged user (root only).
    """

    wall: Literal["bwrap", "unshare", "none"]
    drop_user: bool

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty working folder that the fenced process may write to; gone afterwards."""
        path = Path(tempfile.mkdtemp(prefix="proof-"))
        try:
            path.chmod(0o755)
            if self.drop_user:
                uid = 200_000 + (os.getpid() * 64 + next(_uids)) % 100_000
                os.chown(path, uid, uid)
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def command(
        self, argv: Sequence[str], folder: Path, limits: Limits, read: Sequence[Path] = ()
    ) -> list[str]:
        """The full command line that runs `argv` in `folder`, with `read` folders readable."""
        uid = folder.stat().st_uid
        user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"]
        return [
            *(user if self.drop_user else []),
            *_WALLS[self.wall](folder, read),
            "prlimit",
            f"--as={limits.memory_mb << 20}",
            f"--fsize={limits.disk_mb << 20}",
            f"--nproc={limits.processes}" if self.drop_user or self.wall == "bwrap" else "--core=0",
            "--core=0",
            "--nofile=256",
            "--",
            *argv,
        ]

    def start(
        self, argv: Sequence[str], folder: Path, limits: Limits, read: Sequence[Path] = ()
    ) -> subprocess.Popen[bytes]:
        """Start the process in a group of its own, stdin and (merged) output as pipes."""
        return subprocess.Popen(
            self.command(argv, folder, limits, read),
            cwd=folder,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(
        self, argv: Sequence[str], folder: Path, limits: Limits, read: Sequence[Path] = ()
    ) -> Outcome:
        """Run to the end or to the first limit, then kill whatever is left of the group."""
        began = time.monotonic()
        process = self.start(argv, folder, limits, read)
        assert process.stdin is not None
        process.stdin.close()
        budget = Budget(process.pid, limits.cpu_s, limits.wall_s)
        output, stopped = bytearray(), ""
        try:
            while chunk := read_chunk(process, budget, folder, limits):
                output += chunk
                if len(output) > limits.output_mb << 20:
                    raise LimitReached("output")
            _await(process, budget)
        except LimitReached as limit:
            stopped = limit.args[0]
        finally:
            kill(process)
        text = bytes(output[: limits.output_mb << 20]).decode("utf-8", "replace")
        return Outcome(process.returncode, text, 1000 * (time.monotonic() - began), stopped)


def read_chunk(
    process: subprocess.Popen[bytes], budget: Budget, folder: Path, limits: Limits
) -> bytes:
    """The next output of a process; empty at its end. Raises `LimitReached`."""
    assert process.stdout is not None
    while True:
        budget.check()
        if select.select([process.stdout], [], [], LOOK_S)[0]:
            return os.read(process.stdout.fileno(), 1 << 16)
        if _size(folder) > limits.disk_mb << 20:
            raise LimitReached("disk")


def _await(process: subprocess.Popen[bytes], budget: Budget) -> None:
    """Wait for a process that has closed its output."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_S)
            return
        budget.check()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and everything in its group, and reap it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()


def _size(folder: Path) -> int:
    """Bytes in a folder; files that vanish while we look count as nothing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_blocks * 512
    return total


def _bwrap(folder: Path, read: Sequence[Path]) -> list[str]:
    links = [name for name in ("bin", "sbin", "lib", "lib64") if Path("/", name).is_symlink()]
    plain = [name for name in ("bin", "sbin", "lib", "lib64") if _plain_folder(Path("/", name))]
    return [
        "bwrap",
        *("--unshare-all", "--unshare-user", "--disable-userns"),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--ro-bind", "/usr", "/usr"),
        *(a for n in links for a in ("--symlink", os.readlink(f"/{n}"), f"/{n}")),
        *(a for n in plain for a in ("--ro-bind", f"/{n}", f"/{n}")),
        *("--proc", "/proc", "--dev", "/dev"),
        *(a for path in read for a in ("--ro-bind", str(path), str(path))),
        *("--bind", str(folder), str(folder), "--chdir", str(folder), "--"),
    ]


def _plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _unshare(folder: Path, read: Sequence[Path]) -> list[str]:
    return ["unshare", "--user", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--"]


_WALLS = {"bwrap": _bwrap, "unshare": _unshare, "none": lambda folder, read: []}

_PROBE = """
[ "$(grep -c : /proc/net/dev)" = 1 ] && echo network
touch "$1/probe" 2>/dev/null || echo files
[ "$(id -u)" != 0 ] && echo user
kill -0 "$2" 2>/dev/null || echo processes
[ "$(ulimit -v)" != unlimited ] && echo memory
[ "$(ulimit -f)" != unlimited ] && echo file-size
(for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done) 2>/dev/null || echo forks
"""


@functools.cache
def strongest() -> tuple[Sandbox, frozenset[str]]:
    """The strongest sandbox that works here, and the protections that a real try found to hold.

    Protections: network (no interface but loopback), files (nothing outside the working folder
    can be written), user (not root), processes (others are out of sight or reach), memory,
    file-size, forks (the number of processes is capped), cpu-time (it can be measured).
    """
    root = os.geteuid() == 0
    tries = [
        Sandbox(w, d)
        for w in ("bwrap", "unshare", "none")
        for d in ((True, False) if root else (False,))
    ]  # type: ignore[arg-type]
    for sandbox in tries:
        held = _held(sandbox)
        if held is not None:
            return sandbox, held
    raise OSError("no process can be started here: prlimit (util-linux) is missing")


def _held(sandbox: Sandbox) -> frozenset[str] | None:
    limits = Limits(cpu_s=10, processes=8)
    with tempfile.TemporaryDirectory() as outside, sandbox.folder() as folder:
        os.chmod(outside, 0o777)
        try:
            ready = sandbox.run(["true"], folder, limits)
            if ready.returncode != 0:
                return None
            argv = ["sh", "-c", _PROBE, "probe", outside, str(os.getpid())]
            held = sandbox.run(argv, folder, limits).output.split()
            return frozenset(held) | ({"cpu-time"} if used(os.getpid())[0] is not None else set())
        except FileNotFoundError:
            return None
