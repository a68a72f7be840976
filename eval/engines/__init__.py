"""lm-eval model classes of our own."""
