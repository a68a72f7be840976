"""The vocabulary of the bundled world. A token is a word or a stock phrase; there are few of them.

Stock phrases are single tokens because they make the text half as long and every step of a worked
answer a look-up of the token just said, which small models learn from far fewer tokens.
"""

NAMES = (
    "Ann", "Bob", "Cat", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jim", "Kim", "Leo", "Mia",
    "Ned", "Ola", "Pam",
)  # fmt: skip
OBJECTS = ("apples", "books", "coins", "eggs", "pens", "shells", "stamps", "toys")
LARGEST = 20
"""Numbers of things run from 0 to this; small ranges help small models more than layers."""
LARGEST_CHANGE = 6
LARGEST_DIFFERENCE = 12

HYPOTHESES = tuple(f"h{i}" for i in range(1, 15))
PARTS = ("a", "b")

COMPARISONS = (
    ("taller", "shorter", "tallest", "shortest"),
    ("older", "younger", "oldest", "youngest"),
)

SORTABLE = (
    "ant", "bear", "crow", "deer", "eel", "fox", "goat", "hen", "ibis", "jay", "kite", "lynx",
    "mole", "newt", "owl", "pig", "quail", "ram", "seal", "toad", "urchin", "viper", "wolf",
    "yak",
)  # fmt: skip

ADJECTIVES = (
    "big", "black", "brave", "cold", "dark", "kind", "loud", "old", "quiet", "red", "shy",
    "small",
)  # fmt: skip
PLACES = (
    "barn", "beach", "field", "forest", "garden", "hill", "lake", "mill", "river", "road",
    "town",
)  # fmt: skip
THINGS = (
    "ball", "boat", "bread", "drum", "hat", "key", "lamp", "map", "rope", "sack", "stone",
)  # fmt: skip
VERBS = (
    "carried", "dropped", "found", "hid", "kept", "lost", "painted", "sold", "took", "wanted",
)  # fmt: skip
MOVES = ("came", "crept", "hurried", "ran", "walked", "went")
TIMES = ("then", "later", "soon", "next", "afterwards")

PAD, END, UNKNOWN = "<pad>", "<end>", "<unk>"
ANSWER = "Answer:"


def has(count: int) -> str:
    """``has 5``."""
    return f"has {count}"


def compared(change: int) -> str:
    """``has 3 more`` or ``has 3 fewer``, from a signed change."""
    return f"has {abs(change)} {'more' if change >= 0 else 'fewer'}"


def than(name: str) -> str:
    """``than Ann``: a token of its own, so that a name by itself is always a subject."""
    return f"than {name}"


def asked_for(name: str) -> str:
    """``Ann have ?``: the end of a question."""
    return f"{name} have ?"


def difference(change: int) -> str:
    """``so 4 more`` or ``so 4 fewer``: what the walk adds up to so far."""
    return f"so {abs(change)} {'more' if change >= 0 else 'fewer'}"


def arrow(hypothesis: str) -> str:
    """``-[h2]->``: an implication, by name."""
    return f"-[{hypothesis}]->"


def label(hypothesis: str) -> str:
    """``[h1] ,``: the name of a fact, after it."""
    return f"[{hypothesis}] ,"


def ending(atom: str) -> str:
    """``Ann ,``: what an implication leads to."""
    return f"{atom} ,"


def vocabulary() -> list[str]:
    """All tokens in the order of their ids: special tokens first, then the parts of each kind."""
    changes = [k for k in range(-LARGEST_CHANGE, LARGEST_CHANGE + 1) if k]
    groups: tuple[tuple[str, ...], ...] = (
        (PAD, END, UNKNOWN, ANSWER, ".", ";", "####", "+", "-", "=", "Question:"),
        tuple(f"How many {thing} does" for thing in OBJECTS),
        tuple(str(n) for n in range(LARGEST + 1)),
        tuple(has(n) for n in range(LARGEST + 1)),
        tuple(compared(k) for k in changes),
        tuple(difference(k) for k in range(-LARGEST_DIFFERENCE, LARGEST_DIFFERENCE + 1)),
        NAMES,
        tuple(than(name) for name in NAMES),
        tuple(asked_for(name) for name in NAMES),
        OBJECTS,
        ("Theorem", "|-", "Proof.", "(*", "*)", "split .", "Qed."),
        tuple(f"/\\ {name}" for name in NAMES),
        tuple(ending(name) for name in NAMES),
        tuple(arrow(name) for name in HYPOTHESES),
        tuple(label(name) for name in HYPOTHESES),
        tuple(f"apply {name} ." for name in HYPOTHESES + PARTS),
        tuple(f"exact {name} ." for name in HYPOTHESES + PARTS),
        tuple(f"destruct {name} as [ a b ] ." for name in HYPOTHESES),
        tuple(f"is {word}" for group in COMPARISONS for word in group[:2]),
        tuple(f"Order from the {word} :" for group in COMPARISONS for word in group[2:]),
        ("Sort:", *SORTABLE, "the", "to the", "was in the", "with"),
        ADJECTIVES + PLACES + THINGS + VERBS + MOVES + TIMES,
    )
    return list(dict.fromkeys(word for group in groups for word in group))
