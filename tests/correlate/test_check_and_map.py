"""The verbs check and map, as a user runs them."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from correlate.cli import app, main
from correlate.sources import load
from correlate.sources.draft import draft

run = CliRunner().invoke

GOOD = "model,family,benchmark,score,n,params,tokens,flops\n" + "".join(
    f"{name}-{size}b,{name},X,{score},200,{size}e9,1e12,{6 * size}e21\n"
    for name in ("one", "two")
    for size, score in ((1, 0.3), (7, 0.5), (13, 0.6))
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    return path


def bad(path: Path) -> Path:
    path.write_text(path.read_text().replace("1e12", "1e15", 1))
    return path


def test_clean_data_passes_strict(good: Path) -> None:
    result = run(app, ["check", str(good), "--strict"])
    assert result.exit_code == 0
    assert "6 scores read, 6 kept; 6 models, 2 families, 1 benchmarks" in result.stdout
    assert "0 errors, 0 warnings, 0 notes" in result.stdout


def test_a_finding_is_printed_and_fails_only_under_strict(good: Path) -> None:
    path = bad(good)
    result = run(app, ["check", str(path)])
    assert result.exit_code == 0
    assert "error   tokens-scale" in result.stdout
    assert "1e+15 -> 1e+12" in result.stdout
    assert run(app, ["check", str(path), "--strict"]).exit_code == 1


def test_json_holds_every_finding(good: Path) -> None:
    told = json.loads(run(app, ["check", str(bad(good)), "--json"]).stdout)
    assert (told["scores_read"], told["models"], told["benchmarks"]) == (6, 6, ["X"])
    [found] = [f for f in told["findings"] if f["rule"] == "tokens-scale"]
    assert found["rows"] == ["one-1b"]
    assert (found["severity"], found["action"]) == ("error", "corrected")


def test_bad_input_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("model,benchmark,score\na,X,high\n")
    monkeypatch.setattr("sys.argv", ["correlate", "check", str(path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip() == (
        f"error: {path}: column 'score', line 2: 'high' is not a number; "
        "write a number or leave the cell empty"
    )


@pytest.mark.parametrize("verb", ["check", "map"])
def test_help_has_an_example(verb: str) -> None:
    text = run(app, [verb, "--help"]).stdout
    assert f"python -m correlate {verb}" in " ".join(text.split())


WIDE = """Name,Params (B),Tokens (T),GSM8K,ARC-C,Own test,Average,Link
m-1b,1,0.3,12.5%,30.5%,5,16,u
m-7b,7,2,45%,52%,50,49,v
"""


def test_a_draft_loads_the_table_it_was_drafted_from(tmp_path: Path) -> None:
    table, mapping = tmp_path / "wide.csv", tmp_path / "map.yaml"
    table.write_text(WIDE)
    result = run(app, ["map", str(table)])
    assert result.exit_code == 0
    mapping.write_text(result.stdout)
    told = yaml.safe_load(result.stdout)
    assert told["columns"]["params"] == {"column": "Params (B)", "times": 1e9}
    assert told["benchmarks"]["GSM8K"] == {
        "benchmark": "GSM8K",
        "unit": "percent",
        "chance": 0,
        "n": 1319,
    }
    assert told["ignore"] == ["Average", "Link"]
    rows = load(table, mapping).scores
    assert rows["score"].tolist() == pytest.approx([0.125, 0.305, 0.05, 0.45, 0.52, 0.5])
    assert rows["flops"].iloc[0] == pytest.approx(6 * 1e9 * 0.3e12)


def test_guesses_are_marked_for_checking(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Model,Size,Riddles\nm,7,0.5\nk,13,0.75\n")
    text = draft(table)
    assert "CHECK: taken as billions" in text
    assert "CHECK band" in text


def test_a_long_table_is_drafted_as_long(tmp_path: Path) -> None:
    table, mapping = tmp_path / "t.csv", tmp_path / "map.yaml"
    table.write_text("LLM;Task;Accuracy;Who\na-1b;gsm8k;45,5;x\nb-1b;gsm8k;50,25;y\n")
    mapping.write_text(draft(table))
    rows = load(table, mapping).scores
    assert rows["score"].tolist() == pytest.approx([0.455, 0.5025])
    assert set(rows["benchmark"]) == {"GSM8K"}


def test_known_tables_need_no_mapping(shared_data: Path) -> None:
    text = draft(shared_data / "mathbench" / "MathBench-A.csv")
    assert text.startswith("# Known by its header (mathbench_application)")
