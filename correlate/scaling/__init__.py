"""Loss laws, loss to score, breaks, token budgets."""
