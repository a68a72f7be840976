"""The Coq on this machine: where it is, which version, and how to run it fenced in."""

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from eval.proofs.checker import CheckerError, Limits, Verdict
from eval.proofs.sandbox import Outcome, Sandbox, strongest
from eval.proofs.session import Session

_FLAGS = ("-q", "-w", "none", "-native-compiler", "no")
# Debian's Coq finds its plugins through findlib, which stops without its settings.
_CONFIG = [path for path in (Path("/etc/ocamlfind.conf"),) if path.exists()]
EXHAUSTED = re.compile(r"Stack overflow|Out of memory|Cannot allocate memory", re.IGNORECASE)
# Folders as Coq sees them: each with the logical name of its files.
Roots = dict[Path, str]


@dataclass(frozen=True)
class Toolchain:
    """Coq's programs, and the sandbox they run in with the protections that hold there."""

    folder: Path
    version: str
    sandbox: Sandbox
    protections: frozenset[str]

    def compile(
        self, folder: Path, name: str, roots: Roots, limits: Limits, cpu_s: float
    ) -> Outcome:
        """Compile `name`.v in `folder`, in a fresh process that can read the other roots."""
        argv = [str(self.folder / "coqc"), *_FLAGS, "-noglob", *_paths(roots), f"{name}.v"]
        read = [*_CONFIG, *(path for path in roots if path != folder)]
        return self.sandbox.run(argv, folder, replace(limits, cpu_s=cpu_s), read)

    def session(self, folder: Path, roots: Roots, limits: Limits) -> Session:
        """A fresh coqtop that can read the roots."""
        argv = [str(self.folder / "coqtop"), *_FLAGS, "-emacs", *_paths(roots)]
        return Session(self.sandbox, folder, limits, argv, [*_CONFIG, *roots])


@functools.cache
def find() -> Toolchain:
    """Coq as found on the path. Raises `CheckerError` where it is missing or does not run."""
    coqc, coqtop = shutil.which("coqc"), shutil.which("coqtop")
    if not coqc or not coqtop:
        raise CheckerError("coqc is not on this machine; install it with `make proofs`")
    try:
        out = subprocess.run([coqc, "--print-version"], capture_output=True, text=True, timeout=60)
        version = out.stdout.split()[0]
    except (OSError, IndexError, subprocess.SubprocessError) as error:
        raise CheckerError(f"{coqc} does not run: {error}") from None
    sandbox, protections = strongest()
    return Toolchain(Path(coqc).resolve().parent, version, sandbox, protections)


def one_line(message: str) -> str:
    """Coq's message on one line, from `Error:` on where there is one, at most 300 characters."""
    at = message.find("Error:")
    return " ".join(message[max(at, 0) :].split())[:300]


def stopped(limit: str, took_ms: float) -> Verdict:
    """The verdict on a candidate that met a limit (budget.py)."""
    seconds = f"{took_ms / 1000:.0f} s"
    match limit:
        case "time":
            return Verdict(
                "timeout", f"no verdict within its CPU time ({seconds} by the clock)", took_ms
            )
        case "idle":
            return Verdict(
                "timeout", f"Coq waited for more and was stopped after {seconds}", took_ms
            )
        case "machine":
            return Verdict(
                "checker_error", f"this machine was too busy to say within {seconds}", took_ms
            )
    return Verdict("resource", f"stopped at the limit on {limit}", took_ms)


def _paths(roots: Roots) -> list[str]:
    return [arg for path, root in roots.items() for arg in ("-Q", str(path), root)]
