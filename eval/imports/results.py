"""Find what lm-eval (v0.3 and v0.4) has written: which model, task, shots, and which samples."""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eval import quick
from eval.errors import InputError
from eval.ladder import Rung
from eval.store import Key

LONGEST = 120
"""Characters that a rung or a task may have: drafts of its folder add to them."""
UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


@dataclass(frozen=True)
class Found:
    """One task in one result file."""

    file: Path
    rung: Rung
    task: str
    shots: str
    date: float
    samples: Path | None

    @property
    def document(self) -> dict[str, Any]:
        """The result file, read again where it is needed: many would not fit in memory."""
        return read(self.file) or {}

    @property
    def metrics(self) -> dict[str, Any]:
        """The task's metrics as the file has them."""
        return dict(self.document["results"][self.task])

    @property
    def place(self) -> str:
        """Where the figure stands, for messages."""
        return f"{self.file} [{self.task}]"


def find(path: Path) -> tuple[list[Found], list[str]]:
    """Tasks of all lm-eval result files at ``path``, and a line for each file that is none.

    Raises
    ------
    InputError
        If there is no result at all, or a file is broken.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; give lm-eval's --output_path")
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    found: list[Found] = []
    other: list[str] = []
    for file in files:
        document = read(file)
        if document is None:
            other.append(f"{file}: no result of lm-eval")
            continue
        found += _tasks(file, document)
    if not found:
        raise InputError(f"{path}: no result file of lm-eval in it; give lm-eval's --output_path")
    return found, other


@lru_cache(maxsize=4)
def read(file: Path) -> dict[str, Any] | None:
    """A result file's content; None where the JSON is of another kind.

    Raises
    ------
    InputError
        If it is no JSON.
    """
    try:
        content = decode(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{file}: broken JSON ({' '.join(str(error).split())[:100]}); mend or remove the file"
        ) from None
    named = isinstance(content, dict) and isinstance(content.get("config"), dict)
    return content if named and isinstance(content.get("results"), dict) else None


def _tasks(file: Path, document: dict[str, Any]) -> Iterator[Found]:
    config = document["config"]
    date = number(document.get("date"))
    rung = rung_of(file, document)
    for task, metrics in document["results"].items():
        if not isinstance(metrics, dict):
            raise InputError(f"{file}: results: {task}: no table of metrics; mend the file")
        shots = table(document, "n-shot").get(task, config.get("num_fewshot"))
        yield Found(
            file, rung, str(task),
            "" if shots is None else str(shots),
            date or 0.0, _samples_file(file, str(task)),
        )  # fmt: skip


def rung_of(file: Path, document: dict[str, Any]) -> Rung:
    """The model a result file names in its own configuration.

    Raises
    ------
    InputError
        If it names none.
    """
    config = document["config"]
    given = model_arguments(config.get("model_args"))
    place = given.get("pretrained") or given.get("model") or document.get("model_name")
    place = str(place or config.get("model") or "").rstrip("/")
    revision = given.get("revision") or str(config.get("model_revision") or "")
    revision = "" if revision == "main" else revision
    try:
        if re.fullmatch(r"[\w.-]+/[\w.-]+", place):
            rung = quick.of_hub(place, revision or None)
        else:
            name = UNSAFE.sub("_", Path(place).name)
            family = quick.SIZE.sub("", name) or name
            rung = Rung(name=name, family=family, path=Path(place), revision=revision or None)
    except ValidationError:
        raise InputError(f"{file}: config: names no model (model_args, model_name)") from None
    size = config.get("model_num_parameters")
    if rung.params is None and isinstance(size, int) and 0 < size < 1e18:
        rung = rung.model_copy(update={"params": float(size)})
    return rung


def model_arguments(given: Any) -> dict[str, str]:
    """'pretrained=a/b,revision=step1', or a table, as a table of texts."""
    if isinstance(given, dict):
        return {str(k): str(v) for k, v in given.items() if v is not None}
    parts = re.split(r",(?=\w+=)", given) if isinstance(given, str) else []
    return {k.strip(): v.strip() for k, sign, v in (p.partition("=") for p in parts) if sign}


def newest(found: list[Found]) -> tuple[list[Found], list[str]]:
    """Of several runs of one model, task and number of shots the newest, and what was left out.

    Raises
    ------
    InputError
        If two runs differ and neither says when it was made.
    """
    groups: dict[tuple[str, str, str], list[Found]] = defaultdict(list)
    for one in found:
        groups[one.rung.name, one.task, one.shots].append(one)
    kept, left = [], []
    for several in groups.values():
        *older, last = sorted(several, key=lambda one: one.date)
        for one in older:
            same = one.metrics == last.metrics
            if one.date == last.date and not same:
                raise InputError(
                    f"{one.place} and {last.place}: two runs of {one.rung.name}, neither newer; "
                    "move one away"
                )
            left.append(f"{one.place}: {'the same as' if same else 'older than'} {last.place}")
        kept.append(last)
    return kept, left


def named(found: list[Found]) -> list[tuple[Key, Found]]:
    """A key for each: the task, with its shots where the study has the task with several.

    Two models of one name are told apart by their owners.
    """
    shots: dict[str, set[str]] = defaultdict(set)
    places: dict[str, set[str]] = defaultdict(set)
    for one in found:
        shots[one.task].add(one.shots)
        places[one.rung.name].add(one.rung.place)
    keys = []
    for one in found:
        rung = one.rung
        if len(places[rung.name]) > 1:
            rung = rung.model_copy(update={"name": UNSAFE.sub("_", str(rung.hub or rung.path))})
        suffix = f"-{one.shots or 0}shot" if len(shots[one.task]) > 1 else ""
        task = UNSAFE.sub("_", one.task).lstrip("._-+")
        if not task or max(len(task), len(rung.name)) > LONGEST:
            raise InputError(
                f"{one.file}: results: '{one.task[:40]}' of {rung.name[:40]}: no name for a "
                "cell's folder; rename the task or the model"
            )
        key = Key(rung.name, task + suffix)
        keys.append((key, replace(one, rung=rung)))
    clash = [str(key) for key, count in Counter(key for key, _ in keys).items() if count > 1]
    if clash:
        raise InputError(f"{clash[0]}: two results have this place; rename one of the tasks")
    return keys


def _samples_file(file: Path, task: str) -> Path | None:
    """The samples lm-eval wrote beside a result file: samples_<task>_<date>.jsonl."""
    stamp = file.stem.removeprefix("results_") if file.name.startswith("results_") else None
    beside = file.with_name(f"samples_{task}_{stamp}.jsonl")
    return beside if stamp and beside.is_file() else None


def decode(raw: bytes) -> Any:
    """The JSON in ``raw``.

    Raises
    ------
    ValueError
        If it is none, or holds half a character ('\\ud83d' alone), which no file can hold.
    """
    content = json.loads(raw)
    if b"\\ud" in raw or b"\\uD" in raw:
        json.dumps(content, ensure_ascii=False).encode()
    return content


def number(value: Any) -> float | None:
    """``value`` as a float where it is a finite number; None where it is none."""
    try:
        good = isinstance(value, int | float) and math.isfinite(value)
        return float(value) if good and not isinstance(value, bool) else None
    except OverflowError:
        return None


def table(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The table called ``name`` in a document; an empty one where there is none."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}
