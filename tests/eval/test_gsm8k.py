"""GSM8K through lm-eval's own gsm8k_cot, offline: to the item what the lm_eval command gives."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

ITEMS = 2
BUNDLED = ("llama-mixed-s", "neox-mixed-s", "lfm2-mixed-s")
COMMON = {
    "hidden_size": 32, "num_hidden_layers": 2, "bos_token_id": 1, "eos_token_id": 2,
    "pad_token_id": 0, "initializer_range": 0.25,
}  # fmt: skip
ROPE = {
    **COMMON, "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 2048,
}  # fmt: skip
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "pythia": ("GPTNeoX", ROPE),
    "llama": ("Llama", ROPE | {"num_key_value_heads": 2}),
    "qwen": ("Qwen2", ROPE | {"num_key_value_heads": 2}),
    "gemma": ("Gemma2", ROPE | {"num_key_value_heads": 2, "head_dim": 8}),
    "mamba": ("Mamba", COMMON | {"num_hidden_layers": 1, "state_size": 4}),
}

# the command, once for each model, in one process: importing it takes most of its time
COMMAND = """
import json, os, sys
from lm_eval.__main__ import cli_evaluate
for arguments in json.load(open(sys.argv[1])):
    sys.argv = ["lm_eval", *arguments]
    cli_evaluate()
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random model of each shape; its tokenizer knows the shots' words."""
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, pre_tokenizers, trainers
    from tokenizers import models as kinds

    folder = tmp_path_factory.mktemp("shapes")
    core = Tokenizer(kinds.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    text = [cot_file().read_text()] * 2 + [json.dumps(row) for row in made_items(40)]
    trainer = trainers.BpeTrainer(
        vocab_size=1500, special_tokens=["<pad>", "<s>", "</s>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    core.train_from_iterator(text, trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )
    for name, (kind, settings) in SHAPES.items():
        torch.manual_seed(7)
        config = getattr(transformers, f"{kind}Config")(vocab_size=len(tokenizer), **settings)
        getattr(transformers, f"{kind}ForCausalLM")(config).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return folder


def cot_file() -> Path:
    """lm-eval's definition of gsm8k_cot."""
    import lm_eval.tasks

    return Path(lm_eval.tasks.__file__).parent / "gsm8k" / "gsm8k-cot.yaml"


def made_items(count: int) -> list[dict[str, str]]:
    """Word problems in GSM8K's form."""
    return [
        {"question": f"Ann has {i} pens and buys {j} more. How many pens does Ann have?",
         "answer": f"{i} + {j} = <<{i}+{j}={i + j}>>{i + j}\n#### {i + j}"}
        for i, j in ((k + 2, 3 * k + 1) for k in range(count))
    ]  # fmt: skip


@pytest.fixture(scope="module", params=["made", "real"])
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.jsonl and test.jsonl: items made here, and GSM8K where it is at hand."""
    if request.param == "real":
        return Path(request.getfixturevalue("shared_data")) / "gsm8k"
    folder = tmp_path_factory.mktemp("gsm8k")
    for split in ("train", "test"):
        text = "".join(json.dumps(row) + "\n" for row in made_items(8))
        (folder / f"{split}.jsonl").write_text(text)
    return folder


@pytest.fixture
def ladder(models: Path, repo: Path, tmp_path: Path, data: Path) -> Path:
    """A ladder of all shapes and some bundled rungs; on items made here, of one each."""
    weights = repo / "eval" / "bundled" / "weights"
    rungs = [{"name": name, "path": str(models / name)} for name in SHAPES]
    rungs += [{"name": name, "path": str(weights / name)} for name in BUNDLED]
    if len((data / "test.jsonl").read_text().splitlines()) < 100:
        rungs = [rung for rung in rungs if rung["name"] in ("pythia", BUNDLED[0])]
    family = {"name": "any", "dtype": "float32", "rungs": rungs}
    path = tmp_path / "ladder.yaml"
    path.write_text(yaml.safe_dump({"name": "shapes", "families": [family]}))
    return path


def theirs(ladder: Path, data: Path, folder: Path) -> dict[str, dict[str, list[Any]]]:
    """Samples of the lm_eval command by rung; a task file beside lm-eval's points at the data."""
    (folder / "tasks").mkdir()
    splits = {split: str(data / f"{split}.jsonl") for split in ("train", "test")}
    config = {
        "include": str(cot_file()), "task": "gsm8k_cot_local", "dataset_path": "json",
        "dataset_name": None, "dataset_kwargs": {"data_files": splits},
    }  # fmt: skip
    (folder / "tasks" / "local.yaml").write_text(yaml.safe_dump(config))
    rungs = yaml.safe_load(ladder.read_text())["families"][0]["rungs"]
    calls = [
        ["run", "--model", "hf", "--model_args", f"pretrained={rung['path']},dtype=float32",
         "--tasks", "gsm8k_cot_local", "--include_path", str(folder / "tasks"), "--device", "cpu",
         "--batch_size", "1", "--limit", str(ITEMS), "--log_samples",
         "--output_path", str(folder / "theirs" / rung["name"])]
        for rung in rungs
    ]  # fmt: skip
    (folder / "calls.json").write_text(json.dumps(calls))
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(folder / "calls.json")],
        capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = {}
    for rung in rungs:
        (path,) = (folder / "theirs" / rung["name"]).glob("**/samples_*.jsonl")
        found[rung["name"]] = [json.loads(line) for line in path.read_text().splitlines()]
    return found


@pytest.mark.slow
def test_items_are_those_of_the_lm_eval_command(
    ladder: Path, data: Path, tmp_path: Path, command: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    expected = theirs(ladder, data, tmp_path)
    out = tmp_path / "study"
    done = command(
        "run", ladder, "--tasks", "gsm8k_cot", "--data", f"openai/gsm8k={data}", "--out", out,
        "--limit", ITEMS, "--workers", 1, "--truncate", "--keep-every", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    different_answers = set()
    for rung, samples in expected.items():
        cell = out / "cells" / rung / "gsm8k_cot"
        result = json.loads((cell / "result.json").read_text())
        items = pd.read_parquet(cell / "items.parquet")
        assert len(items) == len(samples) == 2 * ITEMS  # strict and flexible
        for sample, item in zip(samples, items.itertuples(), strict=True):
            assert (sample["doc_id"], sample["filter"]) == (item.doc, item.filter)
            assert (sample["doc_hash"], sample["prompt_hash"]) == (item.doc_hash, item.prompt_hash)
            assert sample["resps"][0][0] == item.response
            assert sample["filtered_resps"][0] == item.answer
            assert sample["exact_match"] == item.score
            different_answers.add(item.response)
        # the bundled rungs read 512 tokens; the others read the whole prompt
        assert (result["cell"]["prompts_cut"] > 0) == (rung in BUNDLED)
    assert len(different_answers) > 1


def test_prompts_longer_than_the_context_fail_their_cell_unless_told(
    ladder: Path, data: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    out = tmp_path / "study"
    rungs = yaml.safe_load(ladder.read_text())
    rungs["families"][0]["rungs"] = [r for r in rungs["families"][0]["rungs"]
                                     if r["name"] == BUNDLED[0]]  # fmt: skip
    ladder.write_text(yaml.safe_dump(rungs))
    done = command(
        "run", ladder, "--tasks", "gsm8k_cot", "--data", f"openai/gsm8k={data}", "--out", out,
        "--limit", ITEMS, "--workers", 1,
    )  # fmt: skip
    assert done.returncode == 1
    (cell,) = json.loads(command("status", out, "--json").stdout)["failed"]
    assert f"{ITEMS} of {ITEMS} prompts are longer than the model's context" in cell["reason"]
    assert "--truncate" in cell["reason"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("openai/gsm8k", "NAME=FOLDER"),
        ("openai/gsm=x", "openai/gsm8k"),
        ("openai/gsm8k=nowhere", "put a file for each split"),
    ],
)
def test_a_data_option_that_cannot_work_is_refused(
    given: str, said: str, command: Callable[..., Any]
) -> None:
    done = command("plan", "pythia", "--tasks", "gsm8k_cot", "--data", given, "--offline")
    assert done.returncode == 2
    assert said in done.stderr


def test_other_data_is_another_identity_wherever_it_lies(
    tmp_path: Path, command: Callable[..., Any]
) -> None:
    def identities(folder: Path) -> set[str]:
        done = command("plan", "pythia", "--tasks", "gsm8k_cot", "--offline", "--json",
                       "--data", f"openai/gsm8k={folder}")  # fmt: skip
        assert done.returncode == 0, done.stderr
        return {cell["identity"] for cell in json.loads(done.stdout)["cells"]}

    one = tmp_path / "one"
    one.mkdir()
    (one / "test.jsonl").write_text(json.dumps(made_items(1)[0]) + "\n")
    moved = shutil.copytree(one, tmp_path / "moved")
    changed = shutil.copytree(one, tmp_path / "changed")
    (changed / "test.jsonl").write_text(json.dumps(made_items(2)[1]) + "\n")
    assert identities(one) == identities(moved)
    assert identities(one).isdisjoint(identities(changed))
