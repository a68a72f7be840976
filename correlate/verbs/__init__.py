"""One module a command-line verb of python -m correlate."""
