"""The next rung's weights are brought in while this one is scored: from the hub, and into memory.

Loading a model beside one that runs is not safe, since transformers sets global state while it
loads. What is slow about it, network and disk, is done here below that, in a thread: the files of
the next rung are downloaded into the hub's cache, then read once, so that they lie in the page
cache, which all processes of the machine share, when the rung is loaded.

Nothing depends on it: what goes wrong here goes wrong again when the rung is loaded, and is
reported there.
"""

import fnmatch
import logging
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from eval import identity
from eval.ladder import Rung

log = logging.getLogger(__name__)

ENGINES = ("shared-prefix", "hf", "vllm")  # that read a model's folder themselves

MEMORY_SHARE = 0.5  # of what is available, for the next rung's files
CHUNK = 8 << 20  # bytes read between two looks whether to stop

# what transformers takes, the first kind that a model has: one file or numbered parts
WEIGHTS = (
    r"model\.safetensors",
    r"model-\d+-of-\d+\.safetensors",
    r"pytorch_model\.bin",
    r"pytorch_model-\d+-of-\d+\.bin",
)
HEAVY = ("*.safetensors", "*.bin", "*.gguf")


class Ahead:
    """Brings in one rung at a time, in a thread that ends with the process."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def bring(self, rung: Rung | None, engine: str) -> None:
        """Start on ``rung``, and leave the one before; ``engine`` is its own unless it names one.

        Nothing happens for None, and for engines that are servers or get their weights elsewhere.
        """
        self.stop()
        if rung is None or (rung.engine or engine) not in ENGINES:
            return
        self._over = threading.Event()
        thread = threading.Thread(target=_bring, args=(rung, self._over), daemon=True)
        thread.start()

    def stop(self) -> None:
        """Leave off at the next chunk or file: the rung is about to be loaded."""
        self._over.set()


def chosen(names: Iterable[str]) -> list[str]:
    """Those of a model's files that transformers loads: one kind of weights, and what is small."""
    known = [n for n in names if any(fnmatch.fnmatch(n, pattern) for pattern in identity.WEIGHTS)]
    known = sorted(name for name in known if "/" not in name)  # other formats lie in folders
    small = [n for n in known if not any(fnmatch.fnmatch(n, pattern) for pattern in HEAVY)]
    for kind in WEIGHTS:
        if found := [name for name in known if re.fullmatch(kind, name)]:
            return small + found
    return small


def read(paths: Sequence[Path], over: threading.Event) -> None:
    """Read the files and keep nothing, so that they lie in the page cache; none where too large.

    Raises
    ------
    OSError
        If one cannot be read.
    """
    size = sum(path.stat().st_size for path in paths)
    if size > available() * MEMORY_SHARE:
        log.debug("not read ahead: %d bytes do not fit beside the model that runs", size)
        return
    buffer = bytearray(CHUNK)
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while not over.is_set() and file.readinto(buffer):
                pass


def available() -> int:
    """Bytes of memory that could be had without swapping; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    found = {key: rest.split() for key, _, rest in (line.partition(":") for line in lines)}
    return int(found["MemAvailable"][0]) * 1024 if "MemAvailable" in found else 0


def _bring(rung: Rung, over: threading.Event) -> None:
    try:
        read(_local(rung.path) if rung.path else _fetched(rung, over), over)
    except Exception as error:
        log.debug("%s not brought in ahead: %s", rung.name, error)


def _local(folder: Path) -> list[Path]:
    return [folder / name for name in chosen(path.name for path in folder.iterdir())]


def _fetched(rung: Rung, over: threading.Event) -> list[Path]:
    """The files of a hub's model in its cache, downloaded unless offline."""
    from huggingface_hub import HfApi, hf_hub_download, is_offline_mode, snapshot_download

    hub = str(rung.hub)
    if is_offline_mode():
        return _local(Path(snapshot_download(hub, revision=rung.revision, local_files_only=True)))
    paths = []
    for name in chosen(HfApi().list_repo_files(hub, revision=rung.revision)):
        if over.is_set():
            break
        paths.append(Path(hf_hub_download(hub, name, revision=rung.revision)))
    return paths
