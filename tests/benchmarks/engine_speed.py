"""The shared-prefix engine beside HFLM: same requests, one run, medians, tokens beside seconds.

Seconds are processor seconds of one thread unless --threads says more (then wall seconds), because
a shared machine stretches the wall clock; the two engines take turns. `floor` is the time that the
tokens and logits which no method can avoid take at this model's best rate, measured in the same
run: (distinct tokens) x (body, a token) + (logits wanted) x (head, a row). For generation each step
is charged at its own batch size.

    python tests/benchmarks/engine_speed.py gold choice --shape pythia-70m --documents 16
    python tests/benchmarks/engine_speed.py generate --documents 200 --most 256 --threads 2
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import torch
from lm_eval.models.huggingface import HFLM

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import engine_cases as cases  # noqa: E402

from eval.engines.shared_prefix import SharedPrefixLM  # noqa: E402
from eval.engines.token_cache import TokenCache  # noqa: E402


class Meter:
    """Tokens through a model's body and rows through its head."""

    def __init__(self, model: Any) -> None:
        self.tokens = self.logits = 0
        self.steps: list[int] = []
        model.base_model.register_forward_pre_hook(self._body, with_kwargs=True)
        model.get_output_embeddings().register_forward_pre_hook(self._head)

    def _body(self, module: Any, args: Any, kwargs: Any) -> None:
        ids = kwargs.get("input_ids", args[0] if args else None)
        self.tokens += ids.numel()
        if ids.shape[1] == 1:
            self.steps.append(len(ids))

    def _head(self, module: Any, args: Any) -> None:
        self.logits += args[0].numel() // args[0].shape[-1]

    def read(self) -> tuple[int, int, list[int]]:
        """Counts since the last reading."""
        out = self.tokens, self.logits, self.steps
        self.tokens, self.logits, self.steps = 0, 0, []
        return out


def clock(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of `work`."""
    now = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    started = now()
    result = work()
    return now() - started, result


@contextmanager
def quiet() -> Any:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


class Rates:
    """Best seconds of the body for a batch of tokens and of the head for a row, this model."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.known: dict[int, float] = {}
        hidden = torch.randn(64, model.config.hidden_size)
        head = model.get_output_embeddings()
        self.head_row = self._best(lambda: head(hidden).logsumexp(-1)) / 64
        block = torch.randint(3, 1000, (8, 256))
        self.body_token = self._best(lambda: model.base_model(block, use_cache=False)) / 2048

    @staticmethod
    def _best(work: Callable[[], Any]) -> float:
        with torch.inference_mode():
            work()
            return min(clock(work)[0] for _ in range(5))

    def step(self, rows: int) -> float:
        """One token for each of `rows` rows, nothing to look back on, and its logits."""
        if rows not in self.known:
            tokens = torch.randint(3, 1000, (rows, 1))
            head = self.model.get_output_embeddings()

            def work() -> Any:
                out = self.model.base_model(tokens, use_cache=False).last_hidden_state
                return head(out).max(-1)

            self.known[rows] = self._best(work)
        return self.known[rows]


def compare(shape: str, what: str, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table."""
    model = cases.model(shape)
    tokenizer = cases.tokenizer()
    with quiet():
        plain = HFLM(model, tokenizer=tokenizer, device="cpu", batch_size=options.batch)
        ours = SharedPrefixLM(model, tokenizer=tokenizer, device="cpu", tokens=TokenCache())
    assert ours.unshared is None
    shots = options.shots
    if what == "gold":
        asked = cases.gold(options.documents, 8 if shots is None else shots)
    elif what == "choice":
        asked = cases.choice(options.documents, 5 if shots is None else shots)
    else:
        count = 1 if what == "single" else options.documents
        asked = cases.generation(count, options.most, 8 if shots is None else shots)
    rates = Rates(model)
    meter = Meter(model)
    kind = asked[0].request_type
    singly = what.startswith("single")
    seconds: dict[str, list[float]] = {"hf": [], "ours": []}
    counted: dict[str, tuple[int, int, list[int]]] = {}
    answers: dict[str, Any] = {}

    def run(engine: Any) -> Any:
        if not singly:
            return getattr(engine, kind)(asked, disable_tqdm=True)
        return [getattr(engine, kind)([one], disable_tqdm=True)[0] for one in asked]

    for turn in range(options.repeats):
        for name, engine in (("hf", plain), ("ours", ours))[:: 1 if turn % 2 else -1]:
            meter.read()
            ours.token_cache = TokenCache()
            with quiet():
                took, answers[name] = clock(lambda engine=engine: run(engine))
            seconds[name].append(took)
            counted[name] = meter.read()
            print(f"  {what} {shape} {name} {took:.2f} s", file=sys.stderr, flush=True)
    tokens, logits, steps = counted["ours"]
    floor = (tokens - sum(steps)) * rates.body_token + (logits - sum(steps)) * rates.head_row
    floor += sum(rates.step(rows) for rows in steps)
    hf, mine = median(seconds["hf"]), median(seconds["ours"])
    return {
        "case": what,
        "shape": shape,
        "documents": options.documents,
        "shots": shots,
        "threads": torch.get_num_threads(),
        "hf_batch": options.batch,
        "hf_seconds": round(hf, 2),
        "ours_seconds": round(mine, 2),
        "gain": round(hf / mine, 2),
        "floor_seconds": round(floor, 2),
        "over_floor": round(mine / floor, 2),
        "hf_tokens": counted["hf"][0],
        "ours_tokens": tokens,
        "hf_logits": counted["hf"][1],
        "ours_logits": logits,
        "spread_hf": [round(s, 2) for s in sorted(seconds["hf"])],
        "spread_ours": [round(s, 2) for s in sorted(seconds["ours"])],
        "agree": agreement(kind, answers["hf"], answers["ours"], getattr(ours, "tied", [])),
    }


def agreement(kind: str, plain: Any, ours: Any, tied: list[bool]) -> str:
    """How far the two engines' answers are apart."""
    if kind == "loglikelihood":
        gap = max(abs(a - b) for (a, _), (b, _) in zip(plain, ours, strict=True))
        flags = sum(a != b for (_, a), (_, b) in zip(plain, ours, strict=True))
        return f"largest difference {gap:.1e}, {flags} flags differ"
    unlike = sum(a != b for a, b in zip(plain, ours, strict=True))
    return f"{unlike} of {len(ours)} texts differ, {sum(tied)} tied"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="+", choices=["gold", "choice", "generate", "single"])
    parser.add_argument("--shape", nargs="+", default=["pythia-70m"], choices=cases.SHAPES)
    parser.add_argument("--documents", type=int, default=16)
    parser.add_argument("--most", type=int, default=64, help="tokens generated at most")
    parser.add_argument("--shots", type=int, help="default: 8, for choice 5")
    parser.add_argument("--batch", type=int, default=8, help="HFLM's batch size")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="append JSON lines here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for shape in options.shape:
        for what in options.cases:
            line = compare(shape, what, options)
            print(json.dumps(line), flush=True)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
