"""A coqtop process that judges one sentence after another and goes back to a state at will.

Loading the library of reals takes a second, a tactic proof ten milliseconds: one session tries
many candidates. What a session says decides only who goes on to be checked in files (coq.py), so
a candidate that fakes its output can fail itself and nobody else.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.proofs.budget import Budget, LimitReached
from eval.proofs.checker import Limits
from eval.proofs.sandbox import Sandbox, kill, read_chunk

_PROMPT = re.compile(rb"<prompt>[^<>]* < (\d+) \|[^<>]*\| \d+ < </prompt>")


class SessionDied(Exception):
    """coqtop ended by itself; the argument is the last it said."""


@dataclass(frozen=True)
class Reply:
    """What coqtop made of a sentence: whether it was accepted, its message, the state after it."""

    ok: bool
    message: str
    state: int


class Session:
    """One coqtop. Not shared between threads; `close` it, or use it in a `with`."""

    def __init__(
        self,
        sandbox: Sandbox,
        folder: Path,
        limits: Limits,
        argv: Sequence[str],
        read: Sequence[Path],
    ) -> None:
        self._folder, self._limits = folder, limits
        self._process = sandbox.start(argv, folder, limits, read)
        self._unread = b""
        self.state = 1
        try:
            self._read(self.budget(limits.cpu_s))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process."""
        kill(self._process)

    def budget(self, cpu_s: float) -> Budget:
        """CPU seconds from now on, for what is said next."""
        return Budget(self._process.pid, cpu_s, self._limits.wall_s)

    def say(self, sentence: str, budget: Budget) -> Reply:
        """Give coqtop one sentence. Raises `LimitReached` or `SessionDied`."""
        before = self.state
        self._write(sentence)
        message, self.state = self._read(budget)
        return Reply(self.state != before, message, self.state)

    def back_to(self, state: int, budget: Budget) -> None:
        """Return to a state. A random word makes sure that nothing is left unread."""
        nonce = "sync_" + secrets.token_hex(8)
        self._write(f"BackTo {state}.")
        self._write(f"Locate {nonce}.")
        message = ""
        while nonce not in message:
            message, self.state = self._read(budget)

    def _write(self, sentence: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(sentence.encode("utf-8") + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, OSError) as error:
            raise SessionDied(str(error)) from None

    def _read(self, budget: Budget) -> tuple[str, int]:
        """Everything up to the next prompt, and the state that the prompt names."""
        seen, looked = self._unread, 0
        while True:
            match = _PROMPT.search(seen, looked)
            if match:
                self._unread = seen[match.end() :]
                return seen[: match.start()].decode("utf-8", "replace"), int(match.group(1))
            looked = max(len(seen) - 1000, 0)
            chunk = read_chunk(self._process, budget, self._folder, self._limits)
            if not chunk:
                raise SessionDied(seen[-500:].decode("utf-8", "replace"))
            seen += chunk
            if len(seen) > self._limits.output_mb << 20:
                raise LimitReached("output")
