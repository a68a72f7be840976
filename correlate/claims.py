"""The nine claim cards of a panel, and the hash of the thresholds they are judged by."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import numpy as np

from correlate.cards import curves, training
from correlate.cards.card import THRESHOLDS, Card
from correlate.cards.predicts import predicts
from correlate.cards.task import tasks as tasks_of
from correlate.evidence import Evidence
from correlate.panel import Panel


def thresholds_hash(file: Path = THRESHOLDS) -> str:
    """First 12 hex digits of the SHA-256 of the thresholds file, as the report prints it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def cards(panel: Panel, evidence: list[Evidence], seed: int, replicates: int) -> list[Card]:
    """All nine cards, in the order of claims.yaml; each draws from a generator of its own."""

    def rng(name: str) -> np.random.Generator:
        return np.random.default_rng([seed, zlib.crc32(name.encode())])

    tasks = tasks_of(evidence)
    scored = [t for t in tasks if t.column.band != "loss"]
    loss_card, law = training.loss_law_card(tasks, rng("loss-law"))
    return [
        predicts("easy-predicts-hard", evidence),
        predicts("easy-predicts-proof", evidence),
        curves.engine(evidence, replicates, rng("engine")),
        training.loss_lifts_tasks(tasks, replicates, rng("loss-lifts-tasks")),
        loss_card,
        training.under_trained(panel, law, replicates, rng("under-trained")),
        curves.keeps_improving(scored, replicates, rng("keeps-improving")),
        curves.no_break(scored, replicates, rng("no-break")),
        training.architecture(scored, replicates, rng("architecture")),
    ]
