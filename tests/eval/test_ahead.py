"""The next rung is read while one is scored, where memory allows; no run hangs on it."""

import ctypes
import mmap
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eval import ahead, score
from eval import run as runs
from eval.ahead import Ahead, chosen
from eval.ladder import Rung
from eval.request import plan

FOLDER = {
    "model.safetensors": 300_000, "pytorch_model.bin": 300_000, "config.json": 50,
    "tokenizer.json": 5_000, "README.md": 100,
}  # fmt: skip
WANTED = {"model.safetensors", "config.json", "tokenizer.json"}


@pytest.fixture
def rung(tmp_path: Path) -> Rung:
    folder = tmp_path / "next"
    folder.mkdir()
    for name, size in FOLDER.items():
        (folder / name).write_bytes(os.urandom(size))
    return Rung(name="next", family="f", path=folder)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, int]]:
    """Files that were read ahead to their end, and how much of each, as it goes on."""
    done: list[tuple[Path, int]] = []
    real = Path.open

    def counting(path: Path, *arguments: Any, **options: Any) -> Any:
        file = real(path, *arguments, **options)
        if options.get("buffering") != 0:
            return file

        class Counting:
            total = 0

            def __enter__(self) -> "Counting":
                return self

            def __exit__(self, *_: object) -> None:
                done.append((path, self.total))
                file.close()

            def readinto(self, buffer: bytearray) -> int:
                count = file.readinto(buffer)
                self.total += count
                return int(count)

        return Counting()

    monkeypatch.setattr(Path, "open", counting)
    return done


def wait(what: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not what() and time.monotonic() < deadline:
        time.sleep(0.005)
    return what()


def bring(rung: Rung, engine: str = "shared-prefix") -> None:
    """Bring it in and wait for the thread to end."""
    before = set(threading.enumerate())
    Ahead().bring(rung, engine)
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
        assert thread.daemon
        assert not thread.is_alive()


def test_what_transformers_loads_is_read_whole(rung: Rung, opened: list[tuple[Path, int]]) -> None:
    bring(rung)
    assert {path.name: size for path, size in opened} == {name: FOLDER[name] for name in WANTED}


def cached(path: Path) -> list[bool]:
    """Whether each page of a file lies in the page cache."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = path.stat().st_size
    with path.open("r+b") as file, mmap.mmap(file.fileno(), size) as mapped:
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        pages = (ctypes.c_ubyte * (-(-size // mmap.PAGESIZE)))()
        assert libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), pages) == 0
        return [bool(page & 1) for page in pages]


def test_it_lies_in_the_page_cache_then(rung: Rung) -> None:
    assert rung.path is not None
    weights = rung.path / "model.safetensors"
    with weights.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if any(cached(weights)):
        pytest.skip("this file system keeps its pages")
    bring(rung)
    assert all(cached(weights))


@pytest.mark.parametrize("share", [1.9, 0])
def test_nothing_is_read_where_memory_is_short(
    rung: Rung, opened: list[tuple[Path, int]], monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    size = sum(FOLDER[name] for name in WANTED)
    monkeypatch.setattr(ahead, "available", lambda: int(size * share))
    bring(rung)
    assert opened == []
    monkeypatch.setattr(ahead, "available", lambda: 2 * size)
    bring(rung)
    assert len(opened) == len(WANTED)


def test_memory_available_is_some_of_what_there_is() -> None:
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < ahead.available() < whole


@pytest.mark.parametrize("engine", ["local-completions", "openai-completions"])
def test_a_server_has_its_own_weights(
    rung: Rung, opened: list[tuple[Path, int]], engine: str
) -> None:
    bring(rung, engine)
    bring(rung.model_copy(update={"engine": engine}))
    assert opened == []


def test_what_is_missing_is_said_to_the_log_alone(
    rung: Rung, caplog: pytest.LogCaptureFixture
) -> None:
    assert rung.path is not None
    (rung.path / "model.safetensors").unlink()
    (rung.path / "model.safetensors").symlink_to(rung.path / "nowhere")
    with caplog.at_level("DEBUG", logger="eval.ahead"):
        bring(rung)
        bring(rung.model_copy(update={"path": rung.path / "nowhere"}))
    assert [record.levelname for record in caplog.records] == ["DEBUG", "DEBUG"]
    assert "next not brought in ahead" in caplog.text


def test_it_leaves_off_when_the_rung_is_reached(
    rung: Rung, opened: list[tuple[Path, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "CHUNK", 1000)
    over = threading.Event()
    over.set()
    ahead.read([Path(str(rung.path)) / "model.safetensors"], over)
    assert [size for _, size in opened] == [0]


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["model.safetensors", "pytorch_model.bin", "tf_model.h5"], ["model.safetensors"]),
        (["model.fp16.safetensors", "pytorch_model.bin"], ["pytorch_model.bin"]),
        (
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
             "model.safetensors.index.json", "consolidated.safetensors", "original/model.bin"],
            ["model.safetensors.index.json", "model-00001-of-00002.safetensors",
             "model-00002-of-00002.safetensors"],
        ),
        (["pytorch_model-00001-of-00001.bin", "training.pt"],
         ["pytorch_model-00001-of-00001.bin"]),
        (["config.json", "onnx/config.json", "tokenizer.model", "modeling_x.py", ".gitattributes"],
         ["config.json", "modeling_x.py", "tokenizer.model"]),
        ([], []),
    ],
)  # fmt: skip
def test_one_kind_of_weights_is_chosen(names: list[str], taken: list[str]) -> None:
    assert chosen(names) == taken


@pytest.mark.parametrize("offline", [False, True])
def test_a_rung_of_the_hub_is_downloaded_first_unless_offline(
    rung: Rung, opened: list[tuple[Path, int]], monkeypatch: pytest.MonkeyPatch, offline: bool
) -> None:
    import huggingface_hub

    folder = Path(str(rung.path))
    asked: list[Any] = []

    def one(hub: str, name: str, revision: str) -> str:
        asked.append((hub, name, revision))
        return str(folder / name)

    def whole(hub: str, revision: str, local_files_only: bool) -> str:
        asked.append((hub, local_files_only, revision))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "is_offline_mode", lambda: offline)
    monkeypatch.setattr(
        huggingface_hub.HfApi, "list_repo_files", lambda self, hub, revision: list(FOLDER)
    )
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", one)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", whole)
    bring(Rung(name="next", family="f", hub="o/next", revision="step1"))
    if offline:
        assert asked == [("o/next", True, "step1")]
    else:
        assert asked == [("o/next", name, "step1") for name in chosen(FOLDER)]
    assert {path.name for path, _ in opened} == WANTED


@pytest.mark.parametrize("workers", [1, 2])
def test_the_next_rung_is_read_while_one_is_scored(
    tiny: Path, tmp_path: Path, opened: list[tuple[Path, int]], workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = plan(str(tiny / "ladder.yaml"), None, tmp_path / "s", 4, "shared-prefix")
    settings = score.Settings(device="cpu")
    if workers == 2:  # told by the parent, in another process: what is sent is looked at
        from eval import workers as crews

        sent: list[tuple[str, str | None]] = []
        give = crews.Worker.give

        def telling(worker: Any, job: Any, after: Rung | None) -> None:
            sent.append((job.rung.name, after.name if after else None))
            give(worker, job, after)

        monkeypatch.setattr(crews.Worker, "give", telling)
        events = list(runs.run(made, settings, runs.local(2)))
        names = [job.rung.name for job in runs.pack(list(made.cells))]
        assert sent == list(zip(names, [*names[1:], None], strict=True))
    else:
        events = []
        names = [job.rung.name for job in runs.pack(list(made.cells))]
        for event in runs.run(made, settings, runs.local(1)):
            events.append(event)
            if event.what == "done" and event.key.rung == names[0]:  # it waits for us meanwhile
                assert wait(lambda: {p.parent.name for p, _ in opened} == {names[1]})
    assert [e.what for e in events].count("done") == 9
