"""Proof checkers: the built-in kernel, Coq, Lean, and the sandbox they run in."""
