"""The ladders and suites that ship: every one can be read, planned, and says what it must."""

from pathlib import Path

import pytest

from eval import catalog, ladder_file, plan, suite
from eval.expand import revisions
from eval.store import Study


@pytest.mark.parametrize("name", ladder_file.shipped())
def test_ladders_can_be_read(name: str) -> None:
    found = ladder_file.load(name)
    assert found.name == name
    assert found.suite in suite.shipped()


@pytest.mark.parametrize("name", suite.shipped())
def test_suites_can_be_read_and_say_why(name: str) -> None:
    found = suite.load(name)
    assert found.name == name
    for benchmark in found.benchmarks:
        assert benchmark.why
        assert benchmark.band
        assert benchmark.chance < benchmark.ceiling


@pytest.mark.parametrize("name", suite.shipped())
def test_tasks_of_suites_exist_and_yield_the_metric_named(name: str) -> None:
    """From the task files alone: no data is loaded."""
    found = suite.load(name)
    assert set(catalog.definitions(found)) == {b.name for b in found.benchmarks}
    for benchmark in found.benchmarks:
        config = catalog.config(benchmark.task, found)
        metrics = config.get("metric_list") or config.get("aggregate_metric_list")
        assert benchmark.metric in [m["metric"] for m in metrics]
        filters = [f["name"] for f in config.get("filter_list") or []]
        filters += [m["filter_list"] for m in metrics if isinstance(m.get("filter_list"), str)]
        assert benchmark.filter in (filters or ["none"])


def test_the_open_ladder_is_wide_enough_and_known() -> None:
    found = ladder_file.load("open")
    assert len(found.families) >= 20
    assert len(found.rungs) >= 150
    for rung in found.rungs:
        assert rung.hub
        assert rung.params
        assert rung.architecture
        assert rung.licence
        assert rung.release
        assert rung.source
    with_compute = [rung for rung in found.rungs if rung.compute]
    assert len(with_compute) >= 150


def test_facts_are_those_of_the_published_table(repo: Path) -> None:
    """Where results/published/models.csv has a model's tokens, the ladder has the same."""
    import pandas as pd

    table = pd.read_csv(repo / "results" / "published" / "models.csv").dropna(subset=["hf_id"])
    known = {row.hf_id.lower(): row for row in table.itertuples()}
    compared = 0
    for rung in ladder_file.load("open").rungs:
        row = known.get(str(rung.hub).lower())
        if row is None or rung.source != "results/published/models.csv":
            continue
        compared += 1
        assert rung.tokens == pytest.approx(row.tokens_t * 1e12), rung.name
        assert rung.params == pytest.approx(row.params_b * 1e9, rel=0.35), rung.name
    assert compared >= 60


def test_checkpoints_expand_and_thin() -> None:
    every = ladder_file.load("pythia-checkpoints")
    assert len(every.rungs) == 10 * 154
    one = next(r for r in every.rungs if r.name == "pythia-70m-step3000")
    assert (one.hub, one.revision, one.training_run) == (
        "EleutherAI/pythia-70m", "step3000", "pythia-70m",
    )  # fmt: skip
    assert one.tokens == 3000 * 2**21
    thinned = ladder_file.load("pythia-training")
    assert {r.revision for r in thinned.rungs if r.training_run == "pythia-70m"} >= {"step143000"}
    assert max(r.params or 0 for r in thinned.rungs) <= 1.5e9


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("step{1,2,4,...,16}", [1, 2, 4, 8, 16]),
        ("step{0,5,...,20}", [0, 5, 10, 15, 20]),
        ("step{512,1000,...,4000}", [512, 1000, 2000, 3000, 4000]),
        ("step{7}", [7]),
    ],
)
def test_patterns(pattern: str, numbers: list[int]) -> None:
    assert revisions(pattern) == [(f"step{n}", n) for n in numbers]


@pytest.mark.parametrize("pattern", ["step5", "{1}{2}", "s{1,...,9}", "s{4,7,...,12}", "s{a}"])
def test_patterns_that_make_no_sense_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="checkpoints"):
        revisions(pattern)


def test_a_large_plan_needs_no_network(tmp_path: Path) -> None:
    found = plan.make(
        ladder_file.load("open"), suite.load("small-models"), Study(tmp_path), "shared-prefix"
    )
    assert len({cell.identity for cell in found.cells}) == len(found.cells)
    assert found.counts()["missing"] == len(found.cells)
