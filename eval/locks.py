"""One lock a cell, on a file system that several machines share; it needs no lock server.

A lock is a file ``NAME@``, made whole by ``link``: one step on the server, which NFS, Lustre and
GPFS do for one caller only, and whose outcome is read off the link count even where the reply
was lost. It names its holder, and its time is renewed while the holder lives.

**A dead holder's lock** is not removed, for between looking and removing another process may
have taken it over. It gets a successor, ``NAME@TOKEN``, linked likewise under the dead holder's
token: tokens are of one lock only, so each dead lock is taken over at most once. The last of the
chain holds. Who lets go removes the chain from its head; who linked a successor looks whether
the chain from the head still leads to it, and if not starts again.

**Who is dead.** On the holder's own machine its process is looked up; elsewhere Slurm is asked
for its job; where neither can tell, a lock is dead that has not been renewed for ``STALE``
seconds. Whoever takes a lock compares times on the server's clock alone.

A holder cut off from the file system for longer than that may come back; so it looks whether
the lock is still its own (``Lock.held``) before it puts a cell in place.
"""

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from eval.errors import InputError
from eval.holder import Holder

BEAT = 20.0  # seconds between renewals
STALE = 300.0  # seconds without renewal after which an unknown holder counts as dead


class Lock:
    """A lock that this process holds, renewed by a thread until it is let go."""

    def __init__(self, locks: "Locks", name: str, path: Path, token: str) -> None:
        self._locks, self._name, self._path, self._token = locks, name, path, token
        self._over = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    def held(self) -> bool:
        """Whether the lock is still this process's, and nobody's after it."""
        chain = self._locks.chain(self._name)
        return bool(chain) and chain[-1][1].token == self._token

    def release(self) -> None:
        """Let go; nothing happens where the lock has been taken over."""
        self._over.set()
        chain = self._locks.chain(self._name)
        if chain and chain[-1][1].token == self._token:
            for path, _ in chain:  # the head first: what is left then leads nowhere
                path.unlink(missing_ok=True)
            self._locks.tidy(self._name)

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            with contextlib.suppress(OSError):  # gone: ``held`` will say so
                os.utime(self._path)  # the server's time, not ours

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.release()


class Locks:
    """The locks kept in one folder. Names have no ``@``; a slash in one makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, name: str) -> Lock | None:
        """The lock called ``name``, at once; None where a live process holds it.

        Raises
        ------
        InputError
            If the file system has no hard links.
        """
        own = Holder.this_process()
        with self._draft(name, own) as draft:
            while True:
                chain = self.chain(name)
                if chain and _lives(*chain[-1], _clock(draft)):
                    return None
                path = self._path(name, chain[-1][1].token if chain else "")
                if not _link(draft, path):
                    continue  # somebody was faster: look again
                tokens = [holder.token for _, holder in self.chain(name)]
                if own.token not in tokens:
                    path.unlink(missing_ok=True)  # what it followed had just been let go
                elif tokens[-1] == own.token:
                    return Lock(self, name, path, own.token)
                else:
                    return None

    def holder(self, name: str) -> Holder | None:
        """Who holds ``name``, dead or alive."""
        chain = self.chain(name)
        return chain[-1][1] if chain else None

    def chain(self, name: str) -> list[tuple[Path, Holder]]:
        """The lock's file and its successors, in order; empty where nobody holds it."""
        found: list[tuple[Path, Holder]] = []
        path = self._path(name, "")
        while (holder := Holder.read(path)) is not None:
            found.append((path, holder))
            path = self._path(name, holder.token)
        return found

    def live(self) -> dict[str, Holder]:
        """All locks that are held by someone not known to be dead, by name. Writes nothing."""
        found = {}
        for head in (path for path in self._files() if path.name.endswith("@")):
            name = str(head.relative_to(self.folder))[:-1]
            chain = self.chain(name)
            if chain and _lives(*chain[-1], time.time):
                found[name] = chain[-1][1]
        return found

    def sweep(self) -> None:
        """Remove what dead processes left: their locks, and files that were never made locks."""
        for path in (path for path in self._files() if "@" in path.name):
            name = str(path.relative_to(self.folder)).rpartition("@")[0]
            if lock := self.take(name):
                kept = {link for link, _ in self.chain(name)}
                for orphan in set(path.parent.glob(f"{path.name.rpartition('@')[0]}@*")) - kept:
                    orphan.unlink(missing_ok=True)
                lock.release()
        for path in (path for path in self._files() if path.name.endswith(".tmp")):
            with self._draft("sweep", Holder.this_process()) as own:
                if path != own and not _lives(path, Holder.read(path), _clock(own)):
                    path.unlink(missing_ok=True)
        for folder, _, _ in os.walk(self.folder, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def tidy(self, name: str) -> None:
        """Remove the folders of ``name`` that hold no other lock."""
        folder = self._path(name, "").parent
        with contextlib.suppress(OSError):
            while folder != self.folder.parent:
                folder.rmdir()
                folder = folder.parent

    def _files(self) -> list[Path]:
        """All files here; folders may come and go meanwhile."""
        return sorted(Path(at, name) for at, _, names in os.walk(self.folder) for name in names)

    def _path(self, name: str, after: str) -> Path:
        return self.folder / f"{name}@{after}"

    @contextlib.contextmanager
    def _draft(self, name: str, own: Holder) -> Iterator[Path]:
        """A file of ours with the holder in it, beside where it is to be linked."""
        draft = self._path(name, "").parent / f".{uuid.uuid4().hex}.tmp"
        while True:
            try:
                draft.parent.mkdir(parents=True, exist_ok=True)
                with draft.open("x", encoding="utf-8") as file:
                    file.write(own.text())
                    file.flush()
                    os.fsync(file.fileno())
                break
            except (FileNotFoundError, FileExistsError):
                continue  # the folder has been tidied away in between
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)
            self.tidy(name)


def _lives(path: Path, holder: Holder | None, now: Callable[[], float]) -> bool:
    """Whether the holder that a file names is there, or renewed the file lately."""
    life = holder.life() if holder else "unknown"
    if life != "unknown":
        return life == "live"
    try:
        return now() - path.stat().st_mtime < STALE
    except FileNotFoundError:
        return False  # let go just now


def _clock(draft: Path) -> Callable[[], float]:
    """The server's time, told by a file of ours."""

    def now() -> float:
        os.utime(draft)
        return draft.stat().st_mtime

    return now


def _link(draft: Path, path: Path) -> bool:
    """Give ``draft`` the name ``path``; False where that is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return draft.stat().st_nlink > 1  # NFS may answer so to the repeat of a call that worked
    except OSError as error:
        raise InputError(
            f"{path.parent}: {error.strerror}: locks need hard links; "
            "put --out on a file system that has them"
        ) from error
    return True
