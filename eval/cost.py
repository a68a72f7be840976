"""What a cell will cost: tokens, operations, hours, memory, disk, before anything is loaded.

Estimates for planning, on the high side: prompts are counted as if nothing were shared between
them. The counts of a model's layers and width, which ladders do not list, follow from its
parameters by the shape most decoders have (P = 12 L d^2 with d = 100 L; Llama-2-7B: 39 layers of
3,900 instead of 32 of 4,096).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eval.accelerator import Accelerator
from eval.ladder import Rung
from eval.suite import Benchmark, Size

# where a suite says nothing of a benchmark's size, or a ladder nothing of a model's
UNKNOWN_SIZE = Size(items=1000, prompt_tokens=500, answer_tokens=50)
UNKNOWN_PARAMS = 1e9

# share of an accelerator's peak that transformers reaches: reading prompts, reading weights
COMPUTE_SHARE = 0.4
BANDWIDTH_SHARE = 0.5

MOST_ROWS = 64  # that decode side by side
ITEM_SECONDS = 1e-3  # prompts, filters and metrics of one item, in Python
READ_BYTES = 1e9  # bytes of weights read from disk in a second
START_SECONDS = 0.5  # of loading any model
RUNTIME_BYTES = 1e9  # what torch and lm-eval hold beside any model
LONGEST_PROMPT = 4096  # of a single request, tokens; sizes count all requests of an item
STORED = (".safetensors", ".bin", ".gguf")  # files of weights

# metrics of tasks that are scored by likelihood; all other tasks write an answer
BY_LIKELIHOOD = ("acc", "bits_per_byte", "perplexity", "brier", "mcc", "likelihood")


@dataclass(frozen=True)
class Cost:
    """What one cell takes. ``read`` and ``written`` are tokens; memory and disk are bytes.

    ``memory`` is the least that works, for one request at a time; ``disk`` is what the cell's
    results take. ``guessed`` says that the size of the benchmark or of the model is unknown, so
    that the figures are those of a common one.
    """

    items: int
    read: float
    written: float
    flops: float
    hours: float
    memory: float
    disk: float
    guessed: bool


@dataclass(frozen=True)
class Loading:
    """What it takes to get a rung ready: hours, and bytes to download first."""

    hours: float
    download: float


def predict(rung: Rung, benchmark: Benchmark, on: Accelerator) -> Cost:
    """The cost of a cell on an accelerator; loading the model is :func:`loading`'s.

    Operations are 2 x active parameters a token (Kaplan et al. 2020, Scaling Laws, table 1).
    Prompts run at a share of the peak; each decoding step of a batch takes as long as reading the
    weights, computing the batch or launching the layers, whichever is longest.
    """
    size = benchmark.size or UNKNOWN_SIZE
    items = min(size.items, benchmark.limit or size.items)
    active = rung.active_params or rung.params or UNKNOWN_PARAMS
    writes = generates(benchmark)
    read = items * (size.prompt_tokens + (0 if writes else size.answer_tokens))
    written = items * size.answer_tokens if writes else 0
    rate = on.flops * COMPUTE_SHARE
    rows = min(items, MOST_ROWS, _rows_that_fit(rung, size, on))
    step = max(
        bytes_of(rung, active) / (on.bandwidth * BANDWIDTH_SHARE),
        2 * active * rows / rate,
        layers(active) * on.layer_seconds,
    )
    seconds = 2 * active * read / rate + written / rows * step + items * ITEM_SECONDS
    return Cost(
        items=items,
        read=float(read),
        written=float(written),
        flops=2 * active * (read + written),
        hours=seconds / 3600,
        memory=needed(rung, size),
        disk=float(items * (200 + 2 * size.answer_tokens)),
        guessed=benchmark.size is None or rung.params is None,
    )


def loading(rung: Rung) -> Loading:
    """The cost of loading a rung once, however many cells it then runs."""
    stored = bytes_of(rung, rung.params or UNKNOWN_PARAMS)
    return Loading(
        hours=(START_SECONDS + stored / READ_BYTES) / 3600,
        download=0.0 if rung.path or cached(str(rung.hub), rung.revision) else stored,
    )


def generates(benchmark: Benchmark) -> bool:
    """Whether answers are written rather than scored by likelihood, as its metric tells."""
    return not any(word in benchmark.metric for word in BY_LIKELIHOOD)


def needed(rung: Rung, size: Size) -> float:
    """Bytes for the weights, one longest request, and what runs beside them."""
    longest = min(size.prompt_tokens, LONGEST_PROMPT) + size.answer_tokens
    weights = bytes_of(rung, rung.params or UNKNOWN_PARAMS)
    return weights * 1.1 + longest * _token_bytes(rung) + RUNTIME_BYTES


def bytes_of(rung: Rung, params: float) -> float:
    """Bytes of so many parameters in the rung's dtype; ``auto`` is taken for 16 bits."""
    return params * (4 if rung.dtype == "float32" else 2)


def layers(params: float) -> float:
    """Layers of a decoder with so many parameters, if it is shaped as most are."""
    return max(1.0, (params / 1.2e5) ** (1 / 3))


def _token_bytes(rung: Rung) -> float:
    """Keys and values of one token over all layers, without grouped queries."""
    depth = layers(rung.active_params or rung.params or UNKNOWN_PARAMS)
    return bytes_of(rung, 2 * depth * 100 * depth)


def _rows_that_fit(rung: Rung, size: Size, on: Accelerator) -> int:
    """Requests whose keys and values fit beside the weights; 1 where not even these fit."""
    longest = min(size.prompt_tokens, LONGEST_PROMPT) + size.answer_tokens
    free = on.memory - needed(rung, size)
    return max(1, int(free / (longest * _token_bytes(rung)))) if free > 0 else 1


@cache
def cached(hub: str, revision: str | None) -> bool:
    """Whether a hub model's weights lie in the local cache; touches no network."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(hub, "config.json", revision=revision)
    folder = Path(found).parent if isinstance(found, str) else None
    return folder is not None and any(path.suffix in STORED for path in folder.iterdir())
