"""The gate's rules in the order they run: values first, then names, covariates, doubts."""

from correlate.gate import covariates, rows, values
from correlate.gate.rule import Rule

RULES: tuple[Rule, ...] = (*values.RULES, *rows.RULES, *covariates.RULES)
