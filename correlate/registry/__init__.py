"""What is known about models by name (size, tokens, family, release); joined, never guessed."""

from correlate.registry.join import join_covariates

__all__ = ["join_covariates"]
