"""When a row of generated tokens has met one of its stop strings, without decoding every row.

lm-eval decodes the last few tokens of every row after every step and looks for the stop string in
them. The answer can only change when the newest token brings the string's last character, so each
token id is judged once, on its own, and the window is decoded for the few that might. (Where a
tokenizer tidies spaces, a later token may complete a stop string further back; that is not seen
here, which costs steps but no answer, because the text is cut at its stop strings at the end.)
"""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

# lm-eval looks back this many tokens beyond the stop string's own encoding.
LOOK_BACK = 2
UNDECODABLE = "\ufffd"


class Stops:
    """The stop strings of one kind of request, as `MultiTokenEOSCriteria` of lm-eval sees them."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, strings: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.windows = [
            (text, len(tokenizer.encode(text, add_special_tokens=False)) + LOOK_BACK)
            for text in strings
        ]
        self.suspects: dict[int, list[tuple[str, int]]] = {}

    def met(self, tokens: list[int]) -> bool:
        """Whether the last of `tokens` (generated so far, one row) completes a stop string."""
        newest = tokens[-1]
        suspects = self.suspects.get(newest)
        if suspects is None:
            suspects = self.suspects[newest] = self._judge(newest)
        return any(text in self.tokenizer.decode(tokens[-window:]) for text, window in suspects)

    def _judge(self, token: int) -> list[tuple[str, int]]:
        """The stop strings that a row ending in `token` might have just met."""
        piece = str(self.tokenizer.decode([token]))
        bare = piece.strip(" ")
        # Some decoders drop or add the space beside a token that stands alone.
        forms = {piece, bare, f" {bare}", f"{bare} "}
        return [
            (text, window)
            for text, window in self.windows
            if UNDECODABLE in piece or any(_may_end(text, form) for form in forms)
        ]


def _may_end(text: str, piece: str) -> bool:
    """Whether `text` can end inside `piece`, whatever came before."""
    if text in piece:
        return True
    return any(text.endswith(piece[:size]) for size in range(1, min(len(text), len(piece)) + 1))
