"""Count the Coq statements that load here, list the rest with reasons, and keep the list.

    PYTHONPATH=. python tests/benchmarks/statements.py ../shared/data          # count and print
    PYTHONPATH=. python tests/benchmarks/statements.py ../shared/data --write  # and write the list

It takes some 20 minutes of one core. What it found is kept as it goes in build/statements.jsonl,
under the statement's text and the code that judges it, so that a second run goes on from there.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from eval.proofs import loading, statement, toolchain
from eval.proofs.checker import Problem, digest

KEPT = Path("build", "statements.jsonl")
CODE = "".join(Path(str(m.__file__)).read_text(encoding="utf-8") for m in (loading, statement))
FOLDERS = {"putnambench_coq": "putnambench-coq", "minif2f_coq": "minif2f-rocq"}


def results(coq: toolchain.Toolchain, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Name and reason of each statement, empty where it loads: those kept first, then the rest."""
    keys = {p.name: digest(coq.version, CODE, p.source) for p in problems}
    kept = {}
    if KEPT.exists():
        kept = dict(json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines())
    yield from ((name, kept[key]) for name, key in keys.items() if key in kept)
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as file:
        rest = [p for p in problems if keys[p.name] not in kept]
        for name, reason in loading.load(coq, rest):
            print(f"  {name}: {reason or 'loads'}", flush=True)
            file.write(json.dumps([keys[name], reason]) + "\n")
            file.flush()
            yield name, reason


def main(data: Path, write: bool) -> None:
    coq = toolchain.find()
    kept = {}
    for benchmark, folder in FOLDERS.items():
        files = sorted((data / folder).rglob("*.v"))
        problems = [Problem(path.stem, path.read_text(encoding="utf-8")) for path in files]
        found = dict(results(coq, problems))
        bad = {name: reason for name, reason in found.items() if reason}
        good = len(files) - len(bad)
        print(f"{benchmark}: {good} of {len(files)} load, Coq {coq.version}", flush=True)
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
