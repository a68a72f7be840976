"""The shared-prefix engine beside HFLM: same requests, one run, medians, tokens beside seconds.

Seconds are processor seconds of one thread unless --threads says more (then wall seconds), because
a shared machine stretches the wall clock; the engines take turns. HFLM runs at each batch size that
--batch names, and the gain is over its fastest. `floor` is the time that the tokens and logits
which no method can avoid take at this model's best rate, measured in the same run, and
`floor_attending` adds their attention to what is before them (engine_floor.py).

    python tests/benchmarks/engine_speed.py gold choice --model pythia-70m --documents 64
    python tests/benchmarks/engine_speed.py generate --documents 200 --most 256 --batch 64
    python tests/benchmarks/engine_speed.py bundled --model neox-mixed-l --documents 200 --most 256
"""

import argparse
import json
import logging
import sys
from pathlib import Path
from statistics import median
from typing import Any

import torch
from lm_eval.models.huggingface import HFLM

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import engine_cases as cases  # noqa: E402
from engine_floor import Counts, Meter, Rates, clock  # noqa: E402

from eval.engines.shared_prefix import SharedPrefixLM  # noqa: E402
from eval.engines.token_cache import TokenCache  # noqa: E402

SHOTS = {"gold": 8, "choice": 5, "generate": 8, "single": 8, "bundled": 8}
OURS = "ours"
# Rungs of the bundled ladder share their encoded prompts, as in a run of it; the first is cold.
LADDER_TOKENS = TokenCache()


def requests(what: str, options: argparse.Namespace) -> list[Any]:
    """The requests of a case."""
    shots = SHOTS[what] if options.shots is None else options.shots
    if what == "gold":
        return cases.gold(options.documents, shots)
    if what == "choice":
        return cases.choice(options.documents, shots)
    if what == "bundled":
        return cases.bundled(options.documents, options.most, shots)
    count = 1 if what == "single" else options.documents
    return cases.generation(count, options.most, shots)


def compare(name: str, what: str, options: argparse.Namespace) -> dict[str, Any]:
    """One line of the table."""
    model, tokenizer = cases.load(name)
    settings = {"tokenizer": tokenizer, "device": "cpu", "dtype": "float32"}
    engines: dict[str, Any] = {
        f"hf {size}": HFLM(model, batch_size=size, **settings) for size in options.batch
    }
    ours = engines[OURS] = SharedPrefixLM(model, tokens=LADDER_TOKENS, **settings)
    asked = requests(what, options)
    kind = asked[0].request_type
    rates, meter = Rates(model), Meter(model)
    seconds: dict[str, list[float]] = {engine: [] for engine in engines}
    counted: dict[str, Counts] = {}
    answers: dict[str, Any] = {}
    for turn in range(options.repeats):
        order = list(engines.items())
        for engine, lm in order[:: 1 if turn % 2 else -1]:
            meter.read()
            if what != "bundled":
                ours.token_cache = TokenCache()
            took, answers[engine] = clock(lambda lm=lm: getattr(lm, kind)(asked, disable_tqdm=True))
            seconds[engine].append(took)
            counted[engine] = meter.read()
            print(f"  {what} {name} {engine} {took:.2f} s", file=sys.stderr, flush=True)
    floor, attending = rates.floor(counted[OURS])
    meter.close()
    medians = {engine: median(times) for engine, times in seconds.items()}
    mine = medians.pop(OURS)
    rival = min(medians, key=lambda engine: medians[engine])
    return {
        "case": what,
        "model": name,
        "documents": options.documents,
        "shots": SHOTS[what] if options.shots is None else options.shots,
        "most": options.most if kind == "generate_until" else None,
        "threads": torch.get_num_threads(),
        "repeats": options.repeats,
        "hf_seconds": {engine: round(took, 2) for engine, took in medians.items()},
        "ours_seconds": round(mine, 2),
        "gain": round(medians[rival] / mine, 2),
        "floor_seconds": round(floor, 2),
        "over_floor": round(mine / floor, 2),
        "over_floor_attending": round(mine / (floor + attending), 2),
        "hf_tokens": counted[rival].tokens,
        "ours_tokens": counted[OURS].tokens,
        "hf_logits": counted[rival].logits,
        "ours_logits": counted[OURS].logits,
        "seconds": {engine: [round(s, 2) for s in sorted(t)] for engine, t in seconds.items()},
        "agree": agreement(kind, answers[rival], answers[OURS], ours.tied),
        "not_shared": ours.unshared,
    }


def agreement(kind: str, plain: Any, ours: Any, tied: list[bool]) -> str:
    """How far the two engines' answers are apart."""
    if kind == "loglikelihood":
        gap = max(abs(a - b) / max(1.0, abs(a)) for (a, _), (b, _) in zip(plain, ours, strict=True))
        flags = sum(a != b for (_, a), (_, b) in zip(plain, ours, strict=True))
        return f"largest relative difference {gap:.1e}, {flags} flags differ"
    unlike = [a != b for a, b in zip(plain, ours, strict=True)]
    loose = sum(differs and not tie for differs, tie in zip(unlike, tied, strict=True))
    return f"{sum(unlike)} of {len(ours)} texts differ, {loose} without a tie; {sum(tied)} tied"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="+", choices=SHOTS)
    parser.add_argument("--model", nargs="+", default=["pythia-70m"], help="a shape or a rung")
    parser.add_argument("--documents", type=int, default=16)
    parser.add_argument("--most", type=int, default=64, help="tokens generated at most")
    parser.add_argument("--shots", type=int, help="default: 8, for choice 5")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8], help="HFLM's batch sizes")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="append JSON lines here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.disable(logging.WARNING)
    for name in options.model:
        for what in options.cases:
            line = compare(name, what, options)
            print(json.dumps(line), flush=True)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
