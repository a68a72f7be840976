"""A tiny ladder and suite, made on the spot: random Llamas, a word-level tokenizer, three tasks."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from eval.errors import InputError

WORDS = ["the", "a", "of", "plus", "is", "answer", "Q", ":", "A", ".", "?", "step", "so"]


def make_model(folder: Path, seed: int, hidden: int = 16) -> Path:
    """A random Llama of about ten thousand parameters with a tokenizer, as save_pretrained does."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = ["<unk>", "</s>", *WORDS, *map(str, range(100))]
    core = Tokenizer(models.WordLevel({w: i for i, w in enumerate(vocabulary)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, unk_token="<unk>", eos_token="</s>", pad_token="</s>"
    )
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(vocabulary), hidden_size=hidden, intermediate_size=2 * hidden,
            num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=256,
            bos_token_id=1, eos_token_id=1, pad_token_id=1, initializer_range=0.3,
        )
    )  # fmt: skip
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_tasks(folder: Path) -> Path:
    """Three lm-eval tasks over local JSONL: generation with shots, choices, running text."""
    folder.mkdir(parents=True)
    sums = [{"question": f"{i} plus {i % 7}", "answer": str(i + i % 7)} for i in range(40)]
    picks = [{"question": f"{i} is", "choices": [str(i), str(i + 1), "so"], "gold": i % 3}
             for i in range(30)]  # fmt: skip
    texts = [{"text": "the answer of a step is " + " ".join(map(str, range(i, 2 * i + 5)))}
             for i in range(12)]  # fmt: skip
    for name, rows in (("sums", sums), ("picks", picks), ("texts", texts)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))

    def task(name: str, data: str, **more: object) -> None:
        config = {
            "task": name,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(folder / f"{data}.jsonl")}},
            "test_split": "test",
            "metadata": {"version": 1.0},
            **more,
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))

    exact = {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}
    number = {"function": "regex", "regex_pattern": r"^\s*(\d+)"}
    last = {"function": "regex", "regex_pattern": r"(\d+)", "group_select": -1}
    task(
        "tiny_sums", "sums", output_type="generate_until", fewshot_split="test", num_fewshot=3,
        doc_to_text="Q : {{question}} ? A :", doc_to_target=" {{answer}}",
        generation_kwargs={"until": ["Q"], "do_sample": False, "max_gen_toks": 8},
        filter_list=[
            {"name": "strict-match", "filter": [number, {"function": "take_first"}]},
            {"name": "flexible-extract", "filter": [last, {"function": "take_first"}]},
        ],
        metric_list=[exact],
    )  # fmt: skip
    task(
        "tiny_picks", "picks", output_type="multiple_choice", doc_to_text="{{question}}",
        doc_to_target="{{gold}}", doc_to_choice="{{choices}}",
        metric_list=[{"metric": m, "aggregation": "mean", "higher_is_better": True}
                     for m in ("acc", "acc_norm")],
    )  # fmt: skip
    task(
        "tiny_text", "texts", output_type="loglikelihood_rolling", doc_to_text="",
        doc_to_target="{{text}}",
        metric_list=[{"metric": "bits_per_byte"}, {"metric": "word_perplexity"}],
    )  # fmt: skip
    return folder


BENCHMARKS = [
    {"name": "sums", "task": "tiny_sums", "band": "grade-school", "metric": "exact_match",
     "filter": "flexible-extract", "limit": 20},
    {"name": "picks", "task": "tiny_picks", "band": "placebo", "metric": "acc", "chance": 0.33},
    {"name": "text", "task": "tiny_text", "band": "loss", "metric": "bits_per_byte"},
]  # fmt: skip


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ladder.yaml (two families, three rungs), suite.yaml, tasks/ and models/."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tasks(folder / "tasks")
    names = ["small", "other", "large"]
    for seed, name in enumerate(names):
        make_model(folder / "models" / name, seed, hidden=24 if name == "large" else 16)
    rung = {name: {"name": name, "path": f"models/{name}", "params": 9000} for name in names}
    ladder = {
        "name": "tiny",
        "suite": str(folder / "suite.yaml"),
        "families": [
            {"name": "one", "architecture": "llama", "dtype": "float32", "tokens": 1e6,
             "rungs": [rung["small"], rung["large"]]},
            {"name": "two", "dtype": "float32", "rungs": [rung["other"]]},
        ],
    }  # fmt: skip
    (folder / "ladder.yaml").write_text(yaml.safe_dump(ladder))
    suite = {"name": "tiny", "tasks_path": "tasks", "benchmarks": BENCHMARKS}
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    return folder


@dataclass(frozen=True)
class Done:
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Call ``python -m eval`` in an empty folder, within this process: imports cost seconds."""
    from typer.testing import CliRunner

    from eval import catalog, identity
    from eval.cli import app

    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Done:
        for cached in (catalog.index, catalog._one, catalog._config, identity._folder):
            cached.cache_clear()  # a process sees files once; tests change them
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        if isinstance(result.exception, InputError):
            return Done(2, result.stdout, f"error: {result.exception}\n")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    return run
