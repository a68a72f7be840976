"""The gate's rules in the order they run: what is impossible goes first, what is doubtful last."""

from correlate.gate import columns, covariates, doubts, rows, values, zeros
from correlate.gate.rule import Rule

RULES: tuple[Rule, ...] = (
    *rows.SPELLINGS,
    *values.RULES,
    *rows.RULES,
    *covariates.RULES,
    *doubts.RULES,
    *zeros.RULES,
    *columns.RULES,
)
