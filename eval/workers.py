"""Worker processes: one rung at a time each; a process that dies fails one cell, not the run."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from eval import score
from eval.job import Event, Job, Scorer, record
from eval.plan import Cell, Plan
from eval.store import Study
from eval.suite import Suite

# spawn, because forking a process that has used torch or tokenizers can hang
SPAWN = multiprocessing.get_context("spawn")


class Worker:
    """A child process, the pipe to it, and the cells it has not reported on yet."""

    def __init__(
        self, suite: Suite, names: list[str], study: Study, settings: score.Settings
    ) -> None:
        self.pipe, theirs = SPAWN.Pipe()
        self.process: BaseProcess = SPAWN.Process(
            target=_work, args=(theirs, suite, names, study, settings), daemon=True
        )
        self.process.start()
        theirs.close()
        self.waiting: list[Cell] = []

    def give(self, job: Job) -> None:
        """Hand over a job; the worker must be idle."""
        self.waiting = list(job.cells)
        with contextlib.suppress(OSError):  # it has died: the pipe's end, read next, says so
            self.pipe.send(job)

    def take(self) -> Event | None:
        """The next event; None when it asks for a job. EOFError when the process has died."""
        event = self.pipe.recv()
        if isinstance(event, Exception):
            raise event
        if event is not None and event.what != "started":
            self.waiting = [cell for cell in self.waiting if cell.key != event.key]
        return event

    def dismiss(self) -> None:
        """Let an idle process end by itself."""
        self.pipe.send(None)
        self.process.join()
        self.pipe.close()

    def stop(self) -> None:
        """End the process; what it was scoring is lost, what it has written is not."""
        self.process.terminate()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


def crew(
    plan: Plan, names: list[str], settings: score.Settings, jobs: list[Job], size: int
) -> Iterator[Event]:
    """Events of all ``jobs``, scored by ``size`` processes."""
    queue = deque(jobs)

    def hire() -> Worker:
        return Worker(plan.suite, names, plan.study, settings)

    workers = [hire() for _ in range(size)]
    try:
        while workers:
            ready = wait([worker.pipe for worker in workers])
            for worker in [w for w in workers if w.pipe in ready]:
                try:
                    event = worker.take()
                except EOFError:
                    workers.remove(worker)
                    yield from _bury(worker, plan.study, queue)
                    if queue:
                        workers.append(hire())
                    continue
                if event is not None:
                    yield event
                elif queue:
                    worker.give(queue.popleft())
                else:
                    workers.remove(worker)
                    worker.dismiss()
    finally:
        for worker in workers:
            worker.stop()


def _bury(worker: Worker, study: Study, queue: deque[Job]) -> Iterator[Event]:
    """A worker died: fail the cell it was on, put the others of its rung back."""
    worker.process.join()
    code = worker.process.exitcode
    worker.pipe.close()
    if not worker.waiting:
        raise RuntimeError(f"a worker process ended by itself with status {code}; see above")
    lost, *rest = worker.waiting
    how = f"signal {-code}" if code is not None and code < 0 else f"status {code}"
    hint = "; likely out of memory" if code == -signal.SIGKILL else ""
    reason = f"the worker process died ({how}){hint}"
    record(study, lost, reason)
    if rest:
        queue.append(Job(tuple(rest)))
    yield Event("failed", lost.key, reason)


def _work(
    pipe: Connection, suite: Suite, names: list[str], study: Study, settings: score.Settings
) -> None:
    """The child: ask for a job, send its events, ask again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and stops us
    threading.Thread(target=_follow_parent, daemon=True).start()
    score.quiet()
    import torch

    torch.set_num_threads(1)
    try:
        scorer = Scorer(suite, names, study, settings)
    except Exception as error:
        pipe.send(error)
        return
    while True:
        pipe.send(None)
        try:
            job = pipe.recv()
        except EOFError:
            return  # the parent has gone
        if job is None:
            return
        for event in scorer(job):
            pipe.send(event)


def _follow_parent() -> None:
    """End this process when the parent does, even by SIGKILL."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
