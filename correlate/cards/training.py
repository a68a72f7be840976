"""Cards on training: the loss law, loss and tasks, tokens per parameter, architecture."""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.cards.card import Card, Part, holm, insufficient, rules, together
from correlate.cards.task import Task
from correlate.errors import InputError
from correlate.metrics import is_entropy
from correlate.panel import Panel
from correlate.scaling import loss_law
from correlate.scaling.loss_to_score import lift
from correlate.scaling.offsets import offsets
from correlate.scaling.token_budget import share_below, shortfall
from correlate.senses.result import Verdict
from correlate.senses.settings import thresholds

S, R, M, X = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.MIXED, Verdict.INSUFFICIENT
LOSS = "losses of the rungs on one held-out text (band loss)"


def loss_of(tasks: list[Task]) -> Task | None:
    """The first benchmark of band ``loss`` in bits or nats; a perplexity is an exponential."""
    return next((t for t in tasks if t.column.band == "loss" and is_entropy(t.metric)), None)


def loss_lifts_tasks(tasks: list[Task], replicates: int, rng: np.random.Generator) -> Card:
    """Share of tasks whose score rises significantly as the loss falls (Holm over tasks)."""
    name = "loss-lifts-tasks"
    rule, refusal = rules()[name], thresholds().refusal
    text = loss_of(tasks)
    if text is None:
        return insufficient(name, "the panel has no loss in bits or nats", LOSS)
    loss = dict(zip(text.models, text.column.score, strict=True))
    found = []
    for t in (t for t in tasks if t.column.band != "loss"):
        own = np.array([loss.get(m, np.nan) for m in t.models])
        has = np.isfinite(own)
        enough = has.sum() >= refusal.min_models
        if enough and len(np.unique(t.family[has])) >= refusal.min_families_within:
            found.append(lift(own, t.column, t.family, 0.95, replicates, rng))
    if len(found) < rule["min_tasks"]:
        return insufficient(name, f"{len(found)} tasks have a loss beside enough scores", LOSS)
    adjusted = holm([f.ends.p if f.ends.p is not None else 1.0 for f in found])
    rows, parts = [], []
    for f, p in zip(found, adjusted, strict=True):
        verdict = S if f.slope > 0 and p <= rule["alpha"] else R
        rows.append({"task": f.benchmark, "verdict": verdict.value, "slope": f.slope,
                     "low": f.ends.low, "high": f.ends.high, "p": f.ends.p, "p_holm": p,
                     "rungs": f.rungs, "families": f.clusters})  # fmt: skip
        parts.append(Part(f.benchmark, verdict, f"slope {f.slope:.2f} (Holm p {p:.3f})"))
    share = float(np.mean([p.verdict is S for p in parts]))
    verdict = S if share >= rule["share_supported"] else R if share <= rule["share_refuted"] else M
    reason = f"{share:.0%} of {len(found)} tasks rise significantly as the loss falls"
    return Card(name, rule["claim"], verdict, reason, max(f.rungs for f in found),
                max(f.clusters for f in found), "tasks that do not move with the loss",
                tuple(parts), evidence=pd.DataFrame(rows))  # fmt: skip


def loss_law_card(
    tasks: list[Task], rng: np.random.Generator
) -> tuple[Card, loss_law.LossLaw | None]:
    """Fit L(N, D) below the top rungs, foresee those; exponents' intervals over training runs."""
    name = "loss-law"
    rule = rules()[name]
    text = loss_of(tasks)
    if text is None:
        return insufficient(name, "the panel has no loss in bits or nats", LOSS), None
    t = text.where(np.isfinite(text.params) & np.isfinite(text.tokens))
    compute = 6 * t.params * t.tokens
    top = compute >= np.quantile(compute, 1 - rule["held_out"]) if len(compute) else compute > 0
    loss = t.column.score
    try:
        below = loss_law.fit(t.params[~top], t.tokens[~top], loss[~top])
        law = loss_law.fit(t.params, t.tokens, loss)
    except InputError as refused:
        return insufficient(name, str(refused).split("; ")[0], LOSS, len(loss)), None
    steep = next((fit.at_bound for fit in (law, below) if fit.at_bound), "")
    if steep:
        reason = f"the fit stops at a bound (exponent in {steep}): {text.name} tells no law"
        return insufficient(name, reason, LOSS, len(loss)), None
    error = np.abs(below.loss(t.params[top], t.tokens[top]) / loss[top] - 1)
    draws = loss_law.bootstrap(law, t.params, t.tokens, loss, t.run, int(rule["replicates"]), rng)
    tail = (1 - rule["level"]) / 2
    rows = []
    for key in ("irreducible", "a", "b", "alpha", "beta"):
        low, high = np.quantile([getattr(d, key) for d in draws], [tail, 1 - tail])
        rows.append({"parameter": key, "value": getattr(law, key), "low": low, "high": high})
    table = pd.DataFrame(rows)
    falls = bool((table.loc[table["parameter"].isin(["alpha", "beta"]), "low"] > 0).all())
    near = float(np.median(error)) <= rule["max_error"]
    verdict = S if falls and near else M if falls or near else R
    reason = (
        f"exponents {law.alpha:.2f} in size and {law.beta:.2f} in data; the top {top.sum()} rungs "
        f"are foreseen with a median error of {np.median(error):.1%}"
    )
    families = len(np.unique(t.family))
    card = Card(name, rule["claim"], verdict, reason, len(loss), families,
                "rungs above the range that leave the fitted surface", evidence=table)  # fmt: skip
    return card, law


def under_trained(
    panel: Panel, law: loss_law.LossLaw | None, replicates: int, rng: np.random.Generator
) -> Card:
    """Share of multi-billion-parameter models below 20 tokens a parameter, by family bootstrap."""
    name = "under-trained"
    rule = rules()[name]
    rungs = panel.scores.drop_duplicates("model")
    rungs = rungs[(rungs["params"] >= rule["min_params"]) & (rungs["tokens"] > 0)]
    # Tuned versions share their base model's pretraining: count each pretraining once.
    rungs = rungs.drop_duplicates(["family", "params", "tokens"])
    families, refusal = rungs["family"].nunique(), thresholds().refusal
    change = "other models, or another optimum than 20 tokens a parameter"
    if families < refusal.min_families:
        reason = f"{families} families have models of {rule['min_params'] / 1e9:g} billion or more"
        return insufficient(name, reason, change, len(rungs), families)
    size = rungs["active_params"].fillna(rungs["params"]).to_numpy(float)
    tokens = rungs["tokens"].to_numpy(float)
    cluster = pd.factorize(rungs["family"])[0].astype(np.int64)
    ratio = shortfall(size, tokens, law)
    share, ends = share_below(ratio, cluster, rule["level"], replicates, rng)
    table = rungs[["model", "family", "params", "tokens", "release"]].assign(
        tokens_per_parameter=tokens / size, of_optimum=ratio
    )
    verdict = X
    if ends.low is not None and ends.high is not None:
        verdict = S if ends.low > rule["share"] else R if ends.high < rule["share"] else M
        between = f" [{ends.low:.0%}, {ends.high:.0%}]"
    against = "the fitted optimum" if law else f"{rule['tokens_per_parameter']} tokens a parameter"
    median = float(np.median(tokens / size))
    reason = (
        f"{share:.0%}{between} of {len(rungs)} models lie below {against}; the median model saw "
        f"{median:.0f} tokens a parameter"
    )
    return Card(name, rule["claim"], verdict, reason, len(rungs), families, change, evidence=table)


def architecture(tasks: list[Task], replicates: int, rng: np.random.Generator) -> Card:
    """Offsets between architecture groups at equal compute, task by task (Holm over tasks)."""
    name = "architecture"
    rule = rules()[name]
    found = []
    for task in tasks:
        t = task.with_compute()
        if len(t.y) >= thresholds().refusal.min_models:
            got = offsets(list(t.architecture), t.log_compute, t.y, t.family,
                          rule["min_families"], rule["level"], replicates, rng)  # fmt: skip
            if got is not None:
                found.append((t.name, got))
    change = "families of the same recipe and compute in two architectures"
    if not found:
        reason = f"fewer than two groups of {rule['min_families']} families with known compute"
        return insufficient(name, reason, change)
    adjusted = holm([o.p for _, o in found])
    parts, tables = [], []
    for (task_name, o), p in zip(found, adjusted, strict=True):
        verdict = S if p <= rule["alpha"] else R
        parts.append(Part(task_name, verdict, f"Holm p {p:.3f}"))
        tables.append(o.table.assign(task=task_name, p=o.p, p_holm=p))
    table = pd.concat(tables, ignore_index=True)
    yes = sum(p.verdict is S for p in parts)
    reason = f"groups differ at equal compute on {yes} of {len(parts)} tasks"
    rungs = table.groupby("task")[["rungs", "families"]].sum().max()
    return Card(name, rule["claim"], together(p.verdict for p in parts), reason,
                int(rungs["rungs"]), int(rungs["families"]), change, tuple(parts),
                evidence=table)  # fmt: skip
