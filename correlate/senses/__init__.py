"""One module for each sense of 'predicts'."""
