"""One training run: from fresh weights to Hugging Face folders with cards; resumable."""

import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from eval.bundled import models, stream, tokenizer
from eval.bundled.optimizer import optimizers
from eval.bundled.recipe import Run
from eval.bundled.stream import Pool

SAVE_EVERY_S = 60.0
VALIDATION_SEED = 900
VALIDATION_DOCUMENTS = 64
CORRUPT, EXPOSED = "corrupt ", "exposed "

Report = Callable[[int, int, float], None]
"""Called now and then with steps done, steps in all, and the last training loss."""


@dataclass(frozen=True)
class Data:
    """What runs share: where pools are cached, test items by benchmark file, and their hashes."""

    cache: Path
    tests: dict[str, list[Any]]

    @property
    def unseen(self) -> frozenset[str]:
        """Hashes of all test items."""
        return frozenset(item.hash for items in self.tests.values() for item in items)


def shares(run: Run) -> dict[str, float]:
    """Token shares by pool: the mixture, with its corrupt part and exposure taken out of it."""
    left = 1.0 - sum(run.family.exposed.values())
    result: dict[str, float] = {}
    for kind, share in run.shares.items():
        bad = run.family.corrupt if kind.startswith(("word", "proof")) else 0.0
        result[kind] = left * share * (1 - bad)
        if bad:
            result[CORRUPT + kind] = left * share * bad
    return result | {EXPOSED + name: share for name, share in run.family.exposed.items()}


def pools(run: Run, data: Data) -> dict[str, Pool]:
    """The documents behind `shares`; only exposed pools hold test items."""
    found: dict[str, Pool] = {}
    for name in shares(run):
        if name.startswith(EXPOSED):
            found[name] = stream.pool(data.tests[name.removeprefix(EXPOSED)])
            continue
        kind, corrupt = name.removeprefix(CORRUPT), name.startswith(CORRUPT)
        found[name] = stream.cached_pool(
            data.cache,
            f"{name}-{run.training.documents}-{run.pool_seed}".replace(" ", "-"),
            lambda kind=kind, corrupt=corrupt: stream.draw_pool(  # type: ignore[misc]
                kind, run.training.documents, run.pool_seed, corrupt, data.unseen
            ),
        )
    return found


def train(run: Run, out: Path, data: Data, report: Report | None = None) -> list[Path]:
    """Train a run and write a folder for each step it keeps; return the folders.

    Picks up from ``out/<run>.state.pt`` where there is one. The same seed on the same machine
    gives the same weights, interrupted or not: batch i depends on the seed and i alone.
    """
    torch.set_num_threads(1)
    torch.manual_seed(run.family.seed)
    model = models.build(run.family.architecture, run.shape).to(device())
    model.train()
    steppers = optimizers(model, run.training.matrix_rate, run.training.other_rate)
    state_path = out / f"{run.name}.state.pt"
    first = 0
    if state_path.exists():
        state = torch.load(state_path, weights_only=True, map_location=device())
        model.load_state_dict(state["model"])
        for stepper, kept in zip(steppers, state["steppers"], strict=True):
            stepper.load_state_dict(kept)
        first = state["step"]
    source, weights = pools(run, data), shares(run)
    saved = time.monotonic()
    loss = math.nan
    for step in range(first, run.steps):
        rng = np.random.default_rng([run.family.seed, step])
        batch = stream.batch(
            rng, source, weights, run.training.rows, run.training.row, run.training.prompt_weight
        )
        _set_rates(run, steppers, step)
        loss = _step(model, steppers, batch)
        done = step + 1
        if report and (done % 10 == 0 or done == run.steps):
            report(done, run.steps, loss)
        if done in run.keep:
            _write(run, done, model, out, data)
        if done < run.steps and time.monotonic() - saved > SAVE_EVERY_S:
            _save_state(state_path, model, steppers, done)
            saved = time.monotonic()
    state_path.unlink(missing_ok=True)
    return [out / rung_name(run, step) for step in run.keep]


def device() -> torch.device:
    """The accelerator where there is one; fresh weights are drawn on the CPU in either case."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def rung_name(run: Run, step: int) -> str:
    """The run's name, with the step for all but the last checkpoint."""
    return run.name if step == run.steps else f"{run.name}-step{step}"


def _step(model: Any, steppers: list[torch.optim.Optimizer], batch: stream.Batch) -> float:
    loss = _loss(model, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for stepper in steppers:
        stepper.step()
    model.zero_grad()
    return float(loss.detach())


def _loss(model: Any, batch: stream.Batch) -> torch.Tensor:
    """Mean negative log-likelihood (nats a token), weighted."""
    tokens = torch.from_numpy(batch.tokens).to(model.device)
    weights = torch.from_numpy(batch.weights).to(model.device)
    logits = model(input_ids=tokens[:, :-1], use_cache=False).logits
    each = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    counted = weights[:, 1:].flatten()
    return (each * counted).sum() / counted.sum()


def _set_rates(run: Run, steppers: list[torch.optim.Optimizer], step: int) -> None:
    """Warm up linearly, hold, then fall linearly to a fiftieth."""
    t = run.training
    falling = (1 - step / run.steps) / (1 - t.decay_from)
    scale = min(1.0, (step + 1) / t.warmup, max(0.02, falling))
    for stepper, rate in zip(steppers, (t.matrix_rate, t.other_rate), strict=True):
        for group in stepper.param_groups:
            group["lr"] = rate * scale


def validate(model: Any, unseen: frozenset[str]) -> dict[str, float]:
    """Held-out loss of each kind (nats a token of answers and plain text)."""
    losses = {}
    model.eval()
    for kind in stream.KINDS:
        held = stream.draw_pool(kind, VALIDATION_DOCUMENTS, VALIDATION_SEED, False, unseen)
        rng = np.random.default_rng(VALIDATION_SEED)
        with torch.no_grad():
            losses[kind] = float(
                _loss(model, stream.batch(rng, {kind: held}, {kind: 1.0}, 8, 128, 0.0))
            )
    model.train()
    return losses


def _write(run: Run, step: int, model: Any, out: Path, data: Data) -> None:
    """Write the weights as float16 with tokenizer and card, whole or not at all."""
    folder = out / rung_name(run, step)
    part = out / f"{folder.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    # What is scored later are the rounded weights, so these are what is validated and shipped.
    rounded = models.build(run.family.architecture, run.shape)
    rounded.load_state_dict({k: v.cpu().half().float() for k, v in model.state_dict().items()})
    losses = validate(rounded, data.unseen)
    rounded.half().save_pretrained(part)
    tokenizer.build().save_pretrained(part)
    (part / "card.json").write_text(json.dumps(card(run, step, model, losses), indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def card(run: Run, step: int, model: Any, losses: dict[str, float]) -> dict[str, Any]:
    """What is known of a rung: sizes, compute, losses and the whole recipe."""
    params = sum(weight.numel() for weight in model.parameters())
    tokens = step * run.tokens_per_step
    return {
        "name": rung_name(run, step),
        "family": run.family.name,
        "architecture": run.family.architecture,
        "about": run.family.about,
        "release": run.release,
        "training_run": run.name,
        "params": params,
        "tokens": tokens,
        "flops": 6.0 * params * tokens,
        "valid_loss": round(float(np.mean(list(losses.values()))), 4),
        "valid_loss_by_kind": {kind: round(loss, 4) for kind, loss in losses.items()},
        "seed": run.family.seed,
        "step": step,
        "steps": run.steps,
        "recipe": {
            "mixture": run.family.mixture,
            "shares": {name: round(share, 4) for name, share in shares(run).items()},
            "corrupt": run.family.corrupt,
            "exposed": run.family.exposed,
            "shape": run.shape.model_dump(),
            "training": run.training.model_dump(),
        },
    }


def _save_state(path: Path, model: Any, steppers: list[torch.optim.Optimizer], step: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    kept = [stepper.state_dict() for stepper in steppers]
    torch.save({"model": model.state_dict(), "steppers": kept, "step": step}, part)
    part.replace(path)
