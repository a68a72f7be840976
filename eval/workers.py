"""Worker processes: one rung at a time each; a process that dies fails one cell, not the run.

Where there are several accelerators each worker has one of its own.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from eval import score
from eval.job import Event, Job, Scorer, Work, done_since, record
from eval.ladder import Rung
from eval.plan import Cell
from eval.store import Study, Unwritable

# spawn, because forking a process that has used torch or tokenizers can hang
SPAWN = multiprocessing.get_context("spawn")

# what asks a run to stop; the parent is told too, and stops its workers
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)

# seconds; were all of this run being killed, this process would be gone by then as well
AFTER_KILL = 1.0


class Worker:
    """A child process, the pipe to it, and the cells it has not reported on yet.

    ``place`` counts from 0 and says which accelerator is its own.
    """

    def __init__(self, work: Work, place: int, size: int) -> None:
        self.place = place
        self.pipe, theirs = SPAWN.Pipe()
        self.process: BaseProcess = SPAWN.Process(
            target=_work, args=(theirs, work, place, size), daemon=True
        )
        # blocked here, a signal waits; the child inherits that until it can ignore it
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        self.waiting: list[Cell] = []

    def give(self, job: Job, after: Rung | None) -> None:
        """Hand over a job, and the rung that is likely next; the worker must be idle."""
        self.waiting = list(job.cells)
        with contextlib.suppress(OSError):  # it has died: the pipe's end, read next, says so
            self.pipe.send((job, after))

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
        self.process.kill()
        self.process.join()
        self.pipe.close()


def crew(work: Work, size: int) -> Generator[Event, None, None]:
    """The executor that does the work in ``size`` processes, or fewer where jobs are few."""
    queue = deque(work.jobs)
    size = min(size, len(queue))
    shared = replace(work, jobs=())  # each job is sent when its turn comes

    def hire(place: int) -> Worker:
        return Worker(shared, place, size)

    workers = [hire(place) for place in range(size)]
    try:
        while workers:
            ready = wait([worker.pipe for worker in workers])
            for worker in [w for w in workers if w.pipe in ready]:
                try:
                    event = worker.take()
                except EOFError:
                    workers.remove(worker)
                    yield from _bury(worker, work.study, queue)
                    if queue:
                        workers.append(hire(worker.place))
                    continue
                if event is not None:
                    yield event
                elif queue:
                    job = queue.popleft()
                    worker.give(job, queue[0].rung if queue else None)
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
    if rest:
        queue.append(Job(tuple(rest)))
    if code == -signal.SIGKILL:
        time.sleep(AFTER_KILL)
    how = f"signal {-code}" if code is not None and code < 0 else f"status {code}"
    hint = "; likely out of memory" if code == -signal.SIGKILL else ""
    reason = f"the worker process died ({how}){hint}"
    lock = study.lock(lost.key)
    if lock is not None:
        with lock:
            if not done_since(study, lost):
                record(study, lost, reason, out_of_memory=code == -signal.SIGKILL)
                yield Event("failed", lost.key, reason)
                return
    yield Event("elsewhere", lost.key, reason)  # it had just been written, or is another run's


def _work(pipe: Connection, work: Work, place: int, size: int) -> None:
    """The child: ask for a job, send its events, ask again."""
    for sign in STOPS:
        signal.signal(sign, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    threading.Thread(target=_follow_parent, daemon=True).start()
    score.quiet()
    import torch

    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // size))
    try:
        scorer = Scorer(replace(work, settings=_own_device(work.settings, place)))
    except Exception as error:
        pipe.send(error)
        return
    while True:
        pipe.send(None)
        try:
            given = pipe.recv()
        except EOFError:
            return  # the parent has gone
        if given is None:
            return
        try:
            for event in scorer(*given):
                pipe.send(event)
        except Unwritable as error:
            pipe.send(error)
            return


def _own_device(settings: score.Settings, place: int) -> score.Settings:
    """The settings with an accelerator for this worker alone, where there are several."""
    import torch

    count = torch.cuda.device_count()
    if settings.device not in (None, "cuda") or count < 2:
        return settings
    return replace(settings, device=f"cuda:{place % count}")


def _follow_parent() -> None:
    """End this process when the parent does, even by SIGKILL."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
