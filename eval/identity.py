"""The identity of a cell: a versioned hash of everything that changes its numbers.

Version 1 hashes (canonical JSON, SHA-256, first 20 hex digits, prefix ``eval1-``):

- ``weights``   SHA-256 over the names and bytes of a local folder's model and tokenizer files,
                or ``hub:owner/name@revision``
- ``dtype``     as the ladder has it
- ``engine``    lm-eval model name and its arguments, but for those that say where and how fast
- ``task``      hash of the task's definition (``catalog.definitions``)
- ``shots``, ``limit``   as the suite has them
- ``seeds``     of random, numpy, torch and the few-shot sampler
- ``lm_eval``   its version, which fixes prompts, filters and metrics
- ``precision`` where a cell stops early: the target and the version of the rule; a full cell has
                no such entry, and stands for any that would have stopped

Left out because numbers do not depend on them: names, folders, covariates, bands, chance,
batch size, device, number of workers, dates. Versions of torch and transformers move the last
digits of logits; they are recorded in the provenance of the cell instead.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eval import precision
from eval.catalog import digest
from eval.errors import InputError
from eval.ladder import Rung
from eval.suite import Benchmark

VERSION = 1

# the defaults of the lm_eval command: random, numpy, torch, few-shot
SEEDS = (0, 1234, 1234, 1234)

# arguments of engines that change where and how fast, not what
NO_NUMBERS = (
    "base_url", "num_concurrent", "max_retries", "timeout", "auth_token", "ca_cert_path",
    "verify_certificate", "batch_size", "max_batch_size", "device", "device_map", "parallelize",
    "gpu_memory_utilization", "tensor_parallel_size", "data_parallel_size", "swap_space", "memory",
)  # fmt: skip

# files of a model folder that change what the model says; cards and logs do not
WEIGHTS = (
    "*.safetensors", "*.safetensors.index.json", "*.bin", "*.bin.index.json", "*.model", "*.gguf",
    "*.py", "*.jinja", "config.json", "generation_config.json", "tokenizer*.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
)  # fmt: skip


def content(
    rung: Rung, benchmark: Benchmark, definition: str, engine: str, target: float | None = None
) -> dict[str, Any]:
    """What the identity hashes.

    ``definition`` is the benchmark's entry in the catalog, ``target`` the standard error at which
    the cell stops, None for a full one.
    """
    early = {} if target is None else {"precision": precision.parts(target)}
    return {
        **early,
        "identity": VERSION,
        "weights": weights(rung),
        "dtype": rung.dtype,
        "engine": {
            "name": rung.engine or engine,
            "args": {k: v for k, v in rung.engine_args.items() if k not in NO_NUMBERS},
        },
        "task": {"name": benchmark.task, "definition": definition},
        "shots": benchmark.shots,
        "limit": benchmark.limit,
        "seeds": list(SEEDS),
        "lm_eval": _lm_eval(),
    }


def name(parts: dict[str, Any]) -> str:
    """The identity of what :func:`content` gave."""
    return f"eval{parts['identity']}-{digest(parts)[:20]}"


@cache
def _lm_eval() -> str:
    return version("lm_eval")


def weights(rung: Rung) -> str:
    """What names a rung's weights.

    Raises
    ------
    InputError
        If the rung's folder is missing or holds no ``config.json``.
    """
    if rung.path is None:
        return f"hub:{rung.place}"
    if not (rung.path / "config.json").is_file():
        raise InputError(
            f"{rung.name}: {rung.path}: no config.json there; give a Hugging Face model folder"
        )
    return _folder(rung.path)


@cache
def _folder(folder: Path) -> str:
    sha = hashlib.sha256()
    for path in sorted({path for pattern in WEIGHTS for path in folder.glob(pattern)}):
        sha.update(path.name.encode() + b"\0")
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                sha.update(chunk)
    return f"sha256:{sha.hexdigest()}"
