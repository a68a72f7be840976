"""What a job asks of Slurm: ``--slurm key=value,...`` and a profile's ``slurm:``, for submitit."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from eval.errors import InputError

# we set these ourselves: where logs go, which signal comes first, what waits for what
OURS = frozenset({"array", "output", "error", "signal", "dependency", "open_mode", "num_gpus"})

# as sbatch writes them, and as submitit does
NUMBERS = frozenset({"nodes", "ntasks_per_node", "cpus_per_task", "cpus_per_gpu", "gpus_per_node",
                     "gpus_per_task", "array_parallelism", "signal_delay_s"})  # fmt: skip
LISTS = frozenset({"setup", "teardown", "srun_args"})

# submitit's own default is five minutes
MINUTES = 60
REQUEUES = 10  # times a job may run into its time limit and go on


@dataclass(frozen=True)
class Options:
    """One kind of job. ``minutes`` is its time limit, ``gpus`` what one task of it gets.

    ``parameters`` are submitit's (sbatch's own, with underscores); ``more`` are options of
    sbatch that submitit does not know, handed on as they are. ``python`` is the command that
    starts Python on the node, such as one inside a container.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    minutes: int = MINUTES
    requeues: int = REQUEUES
    python: str | None = None

    @property
    def gpus(self) -> int:
        """Accelerators of one task, read off ``gres``, ``gpus_per_node`` and their kin."""
        for name in ("gpus_per_node", "gpus_per_task", "gres", "gpus"):
            value = self.parameters.get(name, self.more.get(name))
            if value is not None:
                return _gpus(str(value), named=name == "gres")
        return 0

    @property
    def cores(self) -> int:
        """CPU cores of one task."""
        return int(self.parameters.get("cpus_per_task", 1))

    def with_gpus(self, count: int) -> "Options":
        """The same with ``count`` accelerators a task, asked for as they were before."""
        changed = dict(self.parameters)
        for name in ("gpus_per_node", "gpus_per_task"):
            if name in changed:
                changed[name] = count
        if "gres" in changed:
            kind = re.match(r"gpu(?::[A-Za-z]\w*)?", str(changed["gres"]))
            changed["gres"] = f"{kind[0] if kind else 'gpu'}:{count}"
        more = {**self.more, **({"gpus": count} if "gpus" in self.more else {})}
        return replace(self, parameters=changed, more=more)

    def with_more_memory(self) -> "Options":
        """The same with twice the memory; all of a node's where none was named."""
        names = [n for n in ("mem", "mem_per_gpu", "mem_per_cpu") if n in self.parameters]
        changed: dict[str, Any] = {n: _twice(str(self.parameters[n])) for n in names}
        changed = changed or {"mem": "0"}
        return replace(self, parameters={**self.parameters, **changed})

    def without_gpus(self) -> "Options":
        """The same on CPU cores alone."""
        drop = ("gres", "gpus_per_node", "gpus_per_task", "cpus_per_gpu", "mem_per_gpu")
        kept = {k: v for k, v in self.parameters.items() if k not in drop}
        return replace(
            self, parameters=kept, more={k: v for k, v in self.more.items() if k != "gpus"}
        )


def parse(text: str) -> dict[str, str]:
    """``partition=gpu,gres=gpu:1,time=4:00:00`` -> a mapping; a value may have commas.

    Raises
    ------
    InputError
        If a part is no ``key=value``.
    """
    parts = re.split(r",(?=[A-Za-z][\w-]*=)", text.strip().strip(","))
    given = {}
    for part in filter(None, parts):
        key, equals, value = part.partition("=")
        if not equals or not value or not key.strip():
            raise InputError(f"--slurm: '{part}': give key=value, as in partition=gpu,time=4:00:00")
        given[key.strip()] = value.strip()
    return given


def options(given: dict[str, Any], place: str) -> Options:
    """Options from what a profile and a command line say; ``place`` names these in errors.

    Raises
    ------
    InputError
        If an option is set here by this program, or a value cannot be read.
    """
    from submitit import SlurmExecutor

    known = SlurmExecutor._valid_parameters()
    found = Options()
    for name, value in given.items():
        key = name.replace("-", "_")
        where = f"{place}: {name}"
        if key in OURS:
            raise InputError(f"{where}: set by this program; remove it")
        if key == "time":
            found = replace(found, minutes=minutes(value, where))
        elif key == "requeues":
            found = replace(found, requeues=_number(value, where))
        elif key == "python":
            found = replace(found, python=str(value))
        elif key in NUMBERS:
            found = replace(found, parameters={**found.parameters, key: _number(value, where)})
        elif key in LISTS:
            lines = [value] if isinstance(value, str) else list(value)
            found = replace(found, parameters={**found.parameters, key: lines})
        elif key in known and key != "additional_parameters":
            found = replace(found, parameters={**found.parameters, key: value})
        else:
            found = replace(found, more={**found.more, name: value})
    return found


def minutes(value: object, where: str) -> int:
    """A time limit as sbatch(1) takes it, in minutes, rounded up.

    Minutes, minutes:seconds, hours:minutes:seconds, and days-hours with or without the rest.
    """
    text = str(value)
    found = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", text)
    # YAML reads 4:00:00 without quotes as a number of seconds
    if found is None or not isinstance(value, str):
        raise InputError(f'{where}: {text}: no time; write it in quotes, as "4:00:00" or "90"')
    days, *parts = found.groups()
    numbers = [int(part) for part in parts if part is not None]
    if days is not None:
        hours, mins, secs = (*numbers, 0, 0)[:3]
    elif len(numbers) == 3:
        hours, mins, secs = numbers
    else:
        hours, (mins, secs) = 0, (*numbers, 0)[:2]
    total = (int(days or 0) * 24 + hours) * 3600 + mins * 60 + secs
    if total == 0:
        raise InputError(f"{where}: {text}: no time at all; give a limit")
    return -(-total // 60)


def _gpus(value: str, named: bool) -> int:
    """``2``, ``h100:2``; where ``named``, ``gpu:2`` among others, which is one without a count."""
    parts = [part for part in value.split(",") if part.startswith("gpu") or not named]
    counts = [re.search(r"(?:^|:)(\d+)(?:\(.*)?$", part) for part in parts]
    return sum(int(count[1]) if count else 1 for count in counts)


def _number(value: object, where: str) -> int:
    if not re.fullmatch(r"\d+", str(value)):
        raise InputError(f"{where}: {value}: a whole number is needed")
    return int(str(value))


def _twice(memory: str) -> str:
    """``32G`` -> ``64G``; what cannot be read stays."""
    found = re.fullmatch(r"(\d+)(\w*)", memory)
    return f"{2 * int(found[1])}{found[2]}" if found else memory
