"""Count the Coq statements that load here, list the rest with reasons, and keep the list.

python tests/benchmarks/statements.py ../shared/data          # count and print
python tests/benchmarks/statements.py ../shared/data --write  # also eval/proofs/not_loading.yaml
"""

import sys
import time
from pathlib import Path

import yaml

from eval.proofs import loading, toolchain
from eval.proofs.checker import Limits, Problem

FOLDERS = {"putnambench_coq": "putnambench-coq", "minif2f_coq": "minif2f-rocq"}


def main(data: Path, write: bool) -> None:
    coq = toolchain.find()
    kept = {}
    for benchmark, folder in FOLDERS.items():
        files = sorted((data / folder).rglob("*.v"))
        problems = [Problem(path.stem, path.read_text(encoding="utf-8")) for path in files]
        began = time.monotonic()
        bad = {}
        for name, reason in loading.load(coq, problems, Limits(memory_mb=8192)):
            print(f"  {name}: {reason or 'loads'}", flush=True)
            if reason:
                bad[name] = reason
        good, took = len(files) - len(bad), time.monotonic() - began
        print(
            f"{benchmark}: {good} of {len(files)} load, {took:.0f} s, Coq {coq.version}", flush=True
        )
        kept[benchmark] = dict(sorted(bad.items()))
    if write:
        header = (
            f"# Statements that do not load under Coq {coq.version} of Debian 12, with what Coq\n"
        )
        header += "# said. Written by tests/benchmarks/statements.py; tasks leave these out.\n"
        text = header + yaml.safe_dump(kept, width=100, allow_unicode=True)
        Path(loading.__file__).with_name("not_loading.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--write" in sys.argv)
