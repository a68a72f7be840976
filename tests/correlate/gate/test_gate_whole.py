"""The gate as a whole: clean data is left in peace, and nothing goes without a word."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from correlate.errors import InputError
from correlate.gate import RULES
from correlate.panel import Panel
from correlate.quality import gate

Clean = Callable[[int], pd.DataFrame]
Make = Callable[[pd.DataFrame], Panel]


def test_clean_data_raises_fewer_than_two_alarms_in_a_hundred_rows(
    clean: Clean, panel: Make
) -> None:
    rows = alarms = 0
    for seed in range(25):
        table = clean(seed)
        found = gate(panel(table))
        rows += len(table)
        alarms += sum(len(f.rows) for f in found.findings)
        assert not [f for f in found.findings if f.severity == "error"]
    assert rows > 8_000
    assert alarms / rows < 0.02


def test_the_gate_says_how_many_rows_it_drops(clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[[3, 50, 90], "score"] = [np.inf, -1, 3.5]
    gated = gate(panel(table))
    dropped = sum(len(f.rows) for f in gated.findings if f.action == "dropped")
    assert dropped == len(table) - len(gated.scores) == 3


def test_nothing_left_is_an_error_with_the_rule(clean: Clean, panel: Make) -> None:
    table = clean(0).assign(score=np.inf)
    with pytest.raises(InputError, match="not-finite: no score is left"):
        gate(panel(table))


def test_rules_have_names_severities_and_reasons_of_one_line() -> None:
    assert len({r.name for r in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.severity in ("error", "warning", "note")
        assert 10 < len(rule.reason) < 100
        assert "\n" not in rule.reason
