"""python -m correlate."""

from correlate.cli import main

main()
