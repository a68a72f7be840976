"""What kind of number a metric is (a rate, a signed rate, unbounded), read off its name."""

from __future__ import annotations

import re

UNBOUNDED = re.compile(
    # "likelihood" alone: in a sentence it says how answers were scored, and the score is a rate
    r"bits_per_byte|loss|perplexity|^ppl$|log_?likelihood|^likelihood(?:_\w+)?$|^bpb$|^nll|^ter$|^brier",
    re.IGNORECASE,
)
"""No rate: no chance, no ceiling, no logit."""
SIGNED = re.compile(r"mcc|matthews|corr|kappa|,norm$", re.IGNORECASE)
"""Between -1 and 1."""
_ENTROPY = re.compile(r"bits_per_byte|^bpb$|loss|nll|entropy", re.IGNORECASE)
_PERCENT = re.compile(r"^(bleu|chrf\+*|rouge[12l](sum)?)$", re.IGNORECASE)
_PERCENT_TASK = re.compile(r"^squad_?(v2|2)", re.IGNORECASE)


def is_percent(metric: str, task: str) -> bool:
    """Whether lm-eval reports ``metric`` of ``task`` from 0 to 100."""
    return bool(_PERCENT.search(metric) or _PERCENT_TASK.search(task))


def is_rate(metric: str, band: str = "") -> bool:
    """Whether scores of ``metric`` are fractions between 0 and 1."""
    return band != "loss" and not UNBOUNDED.search(metric) and not SIGNED.search(metric)


def is_entropy(metric: str) -> bool:
    """Whether a metric of band ``loss`` is a mean in bits or nats, as a loss law takes it."""
    return not metric or bool(_ENTROPY.search(metric))


def higher_is_better(metric: str, band: str = "") -> bool:
    """False for losses, perplexities and bits per byte."""
    return band != "loss" and not UNBOUNDED.search(metric)
