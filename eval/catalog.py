"""Which lm-eval tasks there are, what defines each, and loading them.

lm-eval's own index parses 14,000 YAML files in 11-17 s. Here the names alone are read (under
a second), and only the folders that a suite needs are handed to its TaskManager.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from eval import built, reading, redirect
from eval.engines import templates
from eval.errors import InputError
from eval.suite import Benchmark, Suite

NAMED = re.compile(r"^(?:task|group):[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)

OWN_IMPORT = re.compile(r"^\s*(?:from|import)\s+(eval(?:\.\w+)+)", re.MULTILINE)

# what a task's file says about itself, not about how it is scored
NOT_SCORING = ("tag", "task_alias", "group_alias", "metadata")


@cache
def index(folder: Path | None) -> dict[str, Path]:
    """Task and group names -> the YAML file each is in; ``None`` is what lm-eval ships."""
    root = folder or _lm_eval_tasks()
    names: dict[str, Path] = {}
    for path in sorted(root.glob("**/*.yaml")):
        for name in NAMED.findall(path.read_text(encoding="utf-8", errors="replace")):
            names.setdefault(name, path)
    return names


def definitions(suite: Suite) -> dict[str, str]:
    """Benchmark name -> hash of all that defines its task, offline and without loading data.

    Hashed: the resolved configuration, the Python modules it calls and what these import from
    here, the local data files it names, reads or is redirected to, and so on for each task of a
    group. Where a file lies does not matter.

    Raises
    ------
    InputError
        If a task is unknown or its file is malformed, or no task uses a redirected data set.
    """
    used = {str(c.get("dataset_path")) for b in suite.benchmarks for c in configs(suite, b)}
    for name in suite.data:
        if name not in used:
            raise reading.pick("data set", name, used)
    hashes = {b.task: _definition(suite, b) for b in suite.benchmarks}
    return {b.name: hashes[b.task] for b in suite.benchmarks}


def config(task: str, suite: Suite | None = None) -> dict[str, Any]:
    """The file of a task, with its includes: the suite's own tasks first, then lm-eval's.

    Raises
    ------
    InputError
        If there is no such task.
    """
    known = _known(suite, task) if suite else index(None)
    if task not in known:
        raise reading.pick("task", task, known)
    return dict(_config(known[task]))


def configs(suite: Suite, benchmark: Benchmark) -> list[dict[str, Any]]:
    """The files, with their includes, of a benchmark's task and of all below it if a group."""
    return [dict(_config(path)) for path in _files(suite, benchmark).values()]


def open_tasks(suite: Suite, names: list[str]) -> dict[str, Any]:
    """Load the tasks of the benchmarks ``names``: benchmark name -> lm-eval task dictionary.

    Two benchmarks of one task get a copy each, so that their shots stay apart. Requests are built
    once for all models.
    """
    from lm_eval.tasks import TaskManager

    templates.compile_once()
    wanted = [b for b in suite.benchmarks if b.name in names]
    folders = sorted({p.parent for b in wanted for p in _files(suite, b).values()})
    manager = TaskManager(include_path=[str(f) for f in folders], include_defaults=False)
    with redirect.redirected(suite.data):
        opened = {b.name: manager.load([b.task]) for b in wanted}
    for loaded in opened.values():
        for task in loaded["tasks"].values():
            built.keep(task)
    return opened


def joint(hashes: Iterable[str]) -> str:
    """One hash for a set of them."""
    return digest(sorted(set(hashes)))[:20]


def _files(suite: Suite, benchmark: Benchmark) -> dict[str, Path]:
    """The task and, where it is a group, all below it: name -> YAML file."""
    known = _known(suite, benchmark.task)
    found: dict[str, Path] = {}
    waiting = [benchmark.task]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in known:
            raise InputError(
                f"suite {suite.name}: {benchmark.name}: {reading.pick('task', name, known)}"
            )
        found[name] = known[name]
        waiting += _members(_config(found[name]).get("task"))
    return found


def _known(suite: Suite, task: str) -> dict[str, Path]:
    """The suite's own tasks, and behind them those of lm-eval where ``task`` is not among them."""
    own = index(suite.tasks_path) if suite.tasks_path else {}
    return own if task in own else index(None) | own


def _members(field: Any) -> list[str]:
    """Names of the tasks below a group; a plain task has none."""
    if not isinstance(field, list):
        return []
    names = [m if isinstance(m, str) else m.get("task") or m.get("group") for m in field]
    inner = [n for m in field if isinstance(m, dict) for n in _members(m.get("task"))]
    return [n for n in names if isinstance(n, str)] + inner


def _definition(suite: Suite, benchmark: Benchmark) -> str:
    parts = {name: _one(path) for name, path in sorted(_files(suite, benchmark).items())}
    local = {
        name: redirect.digest(suite.data[config["dataset_path"]], config.get("dataset_name"))
        for name, path in sorted(_files(suite, benchmark).items())
        if (config := _config(path)).get("dataset_path") in suite.data
    }
    return digest({"tasks": parts, "local": local} if local else parts)


@cache
def _one(path: Path) -> dict[str, Any]:
    """What scoring depends on in one task file: configuration, code, and data that lie here."""
    config = {k: v for k, v in _config(path).items() if k not in NOT_SCORING}
    found: dict[str, str] = {}
    for text in _texts(config):
        for file in _named(path.parent, text):
            found[file.name] = _hash(file.read_bytes())
            if file.suffix == ".py":
                found |= {name: _hash(code) for name, code in _imported(file.read_text())}
    if "custom_dataset" in config and not path.is_relative_to(_lm_eval_tasks()):
        found["custom_dataset"] = _data(config)
    placeless = json.dumps(config, sort_keys=True, default=str).replace(str(path.parent), ".")
    return {"config": placeless, "found": found}


def _named(folder: Path, text: str) -> list[Path]:
    """Local files that a configuration value names: data, or the module of a function."""
    if len(text) > 400 or "\n" in text:
        return []
    module = Path(text.rsplit(".", 1)[0] + ".py") if text.startswith(str(folder)) else None
    candidates = [folder / text, *([module] if module else [])]
    return [path for path in candidates if path.is_file()]


def _imported(code: str, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, bytes]]:
    """This project's modules that a task's code imports, and what those import in turn."""
    for name in OWN_IMPORT.findall(code):
        path = Path(__file__).parent.joinpath(*name.split(".")[1:]).with_suffix(".py")
        if path.is_file() and name not in seen:
            seen |= {name}
            yield name, path.read_bytes()
            yield from _imported(path.read_text(encoding="utf-8"), seen)


def _data(config: dict[str, Any]) -> str:
    """Hash of the items that a task of our own makes or reads with its ``custom_dataset``."""
    from lm_eval.tasks._yaml_loader import _import_fun_from_str

    splits = _import_fun_from_str(config["custom_dataset"])(**(config.get("dataset_kwargs") or {}))
    return digest({name: [dict(row) for row in rows] for name, rows in splits.items()})


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for v in value.values() for text in _texts(v)]
    if isinstance(value, list):
        return [text for v in value for text in _texts(v)]
    return []


@cache
def _config(path: Path) -> dict[str, Any]:
    """A task file with its includes; functions stand as text."""
    from lm_eval.tasks._yaml_loader import load_yaml

    try:
        return load_yaml(path, resolve_func=False)
    except Exception as error:  # lm-eval raises whatever the YAML parser does
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: {reason}; correct the task file") from error


@cache
def _lm_eval_tasks() -> Path:
    import lm_eval.tasks

    return Path(lm_eval.tasks.__file__).parent


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digest(content: Any) -> str:
    """SHA-256 of ``content`` as canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _hash(text.encode())
