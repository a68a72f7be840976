"""``python -m eval.bundled.baselines``: what trivial provers score on the shipped proof items."""

import csv
import io

import numpy as np

from eval.bundled import benchmarks
from eval.bundled.recipe import HERE
from eval.proofs.propositional import parse_statement
from eval.proofs.trivial import PROVERS, pass_rate

FILE = HERE / "baselines.csv"
SEED = 7


def table() -> str:
    """Pass rates as CSV: benchmark, prover, score (fraction), n (items)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["benchmark", "prover", "score", "n"])
    for name in ("proof_d1", "proof_d2", "proof_d3"):
        statements = [parse_statement(item.facts["statement"]) for item in benchmarks.draw(name)]
        for prover, prove in PROVERS.items():
            rate = pass_rate(prove, np.random.default_rng(SEED), statements)
            writer.writerow([f"bundled_{name}", prover, f"{rate:.3f}", len(statements)])
    return out.getvalue()


if __name__ == "__main__":
    FILE.write_text(table())
    print(FILE)
