"""What the engine's benchmarks run on: random weights of real shapes, a 50k BPE, GSM8K prompts;
and bundled rungs on word problems of their own language."""

import importlib.util
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

import lm_eval.tasks
import torch
import yaml
from lm_eval.api.instance import Instance
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

SHAPES = {  # hidden size, layers, heads: Pythia's (Biderman et al. 2023, table 1)
    "pythia-14m": (128, 6, 4),
    "pythia-31m": (256, 6, 8),
    "pythia-70m": (512, 6, 8),
    "pythia-160m": (768, 12, 12),
    "pythia-410m": (1024, 24, 16),
}
VOCABULARY = 50_304
ROOT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """Where GSM8K lies."""
    return Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "gsm8k"


@cache
def documents(split: str) -> list[dict[str, str]]:
    """GSM8K's questions and worked answers, in the order of the file."""
    path = next(p for p in sorted(data_folder().rglob("*.jsonl")) if split in p.name)
    return [json.loads(line) for line in path.read_text().splitlines()]


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE learnt from GSM8K and filled up to 50k with tokens that never occur."""
    path = Path(tempfile.gettempdir()) / "engine-benchmark-tokenizer.json"
    if not path.exists():
        learnt = Tokenizer(models.BPE())
        learnt.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        learnt.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=50_000,
            special_tokens=["<|endoftext|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        texts = (doc["question"] + "\n" + doc["answer"] for doc in documents("train"))
        learnt.train_from_iterator(texts, trainer)
        missing = 50_000 - learnt.get_vocab_size()
        learnt.add_tokens([f"<|unused{k}|>" for k in range(missing)])
        learnt.save(str(path))
    eos = "<|endoftext|>"
    return PreTrainedTokenizerFast(tokenizer_file=str(path), eos_token=eos, bos_token=eos)


def load(name: str) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A model and its tokenizer: a Pythia shape with random weights, or a bundled rung."""
    if name in SHAPES:
        return model(name), tokenizer()
    folder = ROOT / "eval" / "bundled" / "weights" / name
    rung = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return rung.eval(), AutoTokenizer.from_pretrained(folder)


def model(shape: str) -> PreTrainedModel:
    """Random weights of a Pythia shape, float32. They never emit the end token on purpose."""
    hidden, layers, heads = SHAPES[shape]
    torch.manual_seed(0)
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        max_position_embeddings=2048,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPTNeoXForCausalLM(config).eval()


@cache
def cot_shots(count: int) -> str:
    """The first `count` of the 8 fixed shots of lm-eval's gsm8k_cot."""
    path = Path(next(iter(lm_eval.tasks.__path__))) / "gsm8k" / "gsm8k-cot.yaml"
    samples = yaml.safe_load(path.read_text())["fewshot_config"]["samples"][:count]
    return "".join(f"Q: {shot['question']}\nA: {shot['target']}\n\n" for shot in samples)


@cache
def gold_task() -> ModuleType:
    """The code of the suite's own task for gold solutions."""
    path = ROOT / "eval" / "tasks" / "gold" / "gold.py"
    spec = importlib.util.spec_from_file_location("gold_task", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gold(count: int, shots: int = 8) -> list[Instance]:
    """Likelihood of the worked answer, as the task gsm8k_gold has it, under the fixed shots."""
    return [
        _instance(
            "loglikelihood",
            (f"{cot_shots(shots)}Q: {doc['question']}\nA:", gold_task().solution(doc)),
        )
        for doc in documents("test")[:count]
    ]


def choice(count: int, shots: int = 5) -> list[Instance]:
    """Four answers to choose from, the right one among them, under fixed shots."""
    asked = []
    for doc in documents("test")[:count]:
        right = int(doc["answer"].split("####")[1].strip().replace(",", ""))
        for answer in (right, right + 1, right * 2, right - 3):
            context = f"{cot_shots(shots)}Q: {doc['question']}\nA:"
            asked.append(_instance("loglikelihood", (context, f" The answer is {answer}.")))
    return asked


def generation(count: int, most: int, shots: int = 8) -> list[Instance]:
    """Answers to write, stopped by the next question as gsm8k_cot does."""
    settings = {"until": ["Q:", "</s>", "<|im_end|>"], "do_sample": False, "max_gen_toks": most}
    return [
        _instance("generate_until", (f"{cot_shots(shots)}Q: {doc['question']}\nA:", dict(settings)))
        for doc in documents("test")[:count]
    ]


def bundled(count: int, most: int, shots: int = 8) -> list[Instance]:
    """Easy word problems of the bundled suite after fixed ones with their answers."""
    path = ROOT / "eval" / "tasks" / "bundled" / "word_easy.jsonl"
    items = [json.loads(line) for line in path.read_text().splitlines()]
    shown, asked = items[-shots:] if shots else [], items[:count]
    above = "".join(f"{item['prompt']} {item['answer']} <end> " for item in shown)
    settings = {"until": ["<end>"], "do_sample": False, "max_gen_toks": most}
    return [_instance("generate_until", (above + item["prompt"], dict(settings))) for item in asked]


def _instance(kind: str, arguments: tuple) -> Instance:
    return Instance(kind, {}, arguments, 0)  # type: ignore[arg-type]
