"""The tokenizer of the bundled models, in the ordinary Hugging Face form."""

import re
from typing import Any

from eval.bundled.words import END, PAD, UNKNOWN, vocabulary


def build() -> Any:
    """Make a ``PreTrainedTokenizerFast`` that splits text into the vocabulary's words and phrases.

    The longest phrase that fits wins; anything unknown becomes one ``<unk>`` a word. Decoding joins
    tokens by single spaces, which gives back the text that was encoded.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = vocabulary()
    phrases = sorted(words, key=len, reverse=True)
    pattern = "|".join(rf"(?<!\S){re.escape(phrase)}(?!\S)" for phrase in phrases) + r"|\S+"
    core = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        padding_side="left",
        model_max_length=512,
        clean_up_tokenization_spaces=False,
    )
