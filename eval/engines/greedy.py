"""Which requests are plain greedy decoding, the only kind the engine generates itself."""

from typing import Any

from lm_eval.models.utils import normalize_gen_kwargs
from transformers import GenerationConfig

# What leaves a greedy choice as it is, in a task's settings and in a model's generation config.
INERT = {"do_sample", "temperature", "top_p", "top_k", "until", "max_gen_toks"}
INERT_CONFIG = INERT | {
    "_from_model_config",
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "decoder_start_token_id",
    "max_length",
    "max_new_tokens",
    "transformers_version",
    "use_cache",
    "cache_implementation",
    "output_attentions",
    "output_hidden_states",
    "output_scores",
    "output_logits",
    "return_dict_in_generate",
}


class Greedy:
    """Reads requests' settings against one model's generation config, each kind once."""

    def __init__(self, config: GenerationConfig, most: int) -> None:
        self.config = set(config.to_diff_dict())
        self.most = most
        ends = config.eos_token_id
        self.ends = frozenset([] if ends is None else ends if isinstance(ends, list) else [ends])
        self._read: dict[str, dict[str, Any]] = {}

    def settings(self, given: dict[str, Any]) -> dict[str, Any]:
        """lm-eval's reading of a request's settings."""
        key = repr(given)
        if key not in self._read:
            self._read[key] = dict(normalize_gen_kwargs(given, self.most))
        return self._read[key]

    def obstacle(self, given: dict[str, Any]) -> str | None:
        """Why a request is not plain greedy decoding, or None."""
        settings = self.settings(given)
        if settings["do_sample"]:
            return "the task asks for sampling"
        unknown = (set(settings) - INERT) | (self.config - INERT_CONFIG)
        return f"generation settings {', '.join(sorted(unknown))}" if unknown else None
