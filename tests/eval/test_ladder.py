"""Ladders and suites: what is read, and the one line a mistake gets."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from eval import ladder_file as ladder
from eval import suite
from eval.errors import InputError

GOOD = """
name: x
families:
  - name: fam
    architecture: llama
    release: 2024-07-01
    rungs:
      - {name: a, hub: o/a, params: 7e9, tokens: 2e12}
      - {name: b, hub: o/b, params: 8.0e+9, active_params: 2.0e+9, tokens: 1.0e+12, stage: math}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "ladder.yaml"
    path.write_text(text)
    return path


def test_family_gives_defaults_and_compute_is_six_n_d(tmp_path: Path) -> None:
    found = ladder.read(written(tmp_path, GOOD))
    a, b = found.rungs
    assert (a.family, a.architecture, a.release, a.stage) == ("fam", "llama", "2024-07-01", "base")
    assert a.compute == pytest.approx(6 * 7e9 * 2e12)
    assert b.compute == pytest.approx(6 * 2e9 * 1e12)  # active parameters count
    assert b.stage == "math"
    assert a.place == "o/a@main"


def test_path_is_relative_to_the_file(tmp_path: Path) -> None:
    text = "name: x\nfamilies: [{name: f, rungs: [{name: a, path: ../m}]}]"
    folder = tmp_path / "deep"
    folder.mkdir()
    rung = ladder.read(written(folder, text)).rungs[0]
    assert rung.path == tmp_path / "m"


def test_a_local_folder_is_asked_for_what_the_file_does_not_say(tmp_path: Path) -> None:
    arrays = {"a": np.zeros((3, 5), dtype="float32"), "b": np.zeros(7, dtype="float16")}
    for name in ("one", "two", "none"):
        (tmp_path / name).mkdir()
        if name != "none":
            save_file(arrays, tmp_path / name / "model.safetensors")
    text = """
name: l
families:
  - name: f
    rungs: [{name: a, path: one}, {name: b, path: two, params: 20}, {name: c, path: none}]
"""
    (tmp_path / "l.yaml").write_text(text)
    found = ladder.read(tmp_path / "l.yaml").rungs
    assert [rung.params for rung in found] == [3 * 5 + 7, 20, None]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("name: [", "line 1"),
        ("- a\n- b", "mapping"),
        ("name: x", "families: no rungs"),
        (GOOD.replace("stage: math", "stage: maths"), "families[0].rungs[1]: stage"),
        (GOOD.replace("tokens: 2e12", "token: 2e12"), "families[0].rungs[0]: token: unknown key"),
        (GOOD.replace("params: 7e9", "params: seven"), "families[0].rungs[0]: params"),
        (GOOD.replace("name: b", "name: a"), "a: two rungs have this name"),
        (GOOD.replace("o/b", "o/a"), "b: same model as a"),
        (GOOD.replace("hub: o/b, ", ""), "either path"),
        (GOOD.replace("name: b", "name: ../b"), "families[0].rungs[1]: name"),
        (GOOD + "surprise: 1", "surprise: unknown key"),
        (GOOD + "truth: none.yaml", "truth: no file"),
    ],
)
def test_mistakes_get_one_line_with_file_and_place(tmp_path: Path, broken: str, says: str) -> None:
    path = written(tmp_path, broken)
    with pytest.raises(InputError) as caught:
        ladder.read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert says in message
    assert "\n" not in message


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(InputError, match="ladder 'no-such': not found"):
        ladder.load("no-such")
    with pytest.raises(InputError, match="suite 'no-such': not found"):
        suite.load("no-such")


def test_limit_only_cuts() -> None:
    short = suite.Benchmark(name="a", task="t", band="loss", metric="m", limit=5)
    long = suite.Benchmark(name="b", task="t", band="loss", metric="m")
    both = suite.Suite(name="s", benchmarks=(short, long))
    assert [b.limit for b in suite.limited(both, 10).benchmarks] == [5, 10]
    assert suite.limited(both, None) is both
    assert [b.limit for b in suite.limited(both, None, full=True).benchmarks] == [None, None]
