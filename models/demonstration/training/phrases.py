"""A small phrase grammar: `[a|b]` chooses, `{name}` is filled in, `~ ` in front holds out, `+ ` is for practice."""

import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from random import Random

CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
SMALL_WORDS = {"the", "a", "an", "my", "do", "does", "is", "are", "i", "to", "of", "can"}
PROPER = {name.lower(): name for name in (Path(__file__).parent / "proper.txt").read_text().split()}
PROPER_NAMES = re.compile(rf"\b(?:{'|'.join(PROPER)})\b")
SUFFIXES = ("?", "?", "?", "?", "", "", ".", "??", " please?", " please", "!")


class Split(Enum):
    """Whose draw it is.

    TRAINING: the phrases that the examination draws anew. PRACTICE: these and all that training meets besides, which
    no row of the examination asks. HELD_OUT: what training never meets.
    """

    TRAINING = "training"
    PRACTICE = "practice"
    HELD_OUT = "held out"


@dataclass(frozen=True)
class Section:
    """One heading of a phrase file, with the phrases of every split."""

    heading: str
    training: tuple[str, ...]
    practised: tuple[str, ...]
    held_out: tuple[str, ...]

    def of(self, split: Split) -> tuple[str, ...]:
        """The phrases that a split draws from."""
        if split is Split.PRACTICE:
            return self.training + self.practised
        return self.training if split is Split.TRAINING else self.held_out

    def one(self, split: Split, random: Random) -> str:
        """One phrase of a split; drawn only where there is a choice."""
        phrases = self.of(split)
        return phrases[0] if len(phrases) == 1 else random.choice(phrases)


def bucket(text: str, size: int) -> int:
    """A stable number below `size` for a text: the same on every machine and in every run."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % size


def read_sections(path: Path) -> list[Section]:
    """Read a phrase file. Lines before the first `# ` heading form a section with an empty heading."""
    macros: dict[str, str] = {}
    sections: list[Section] = []
    heading, training, practised, held_out = "", list[str](), list[str](), list[str]()
    for line in [*path.read_text().splitlines(), "# "]:
        if line.startswith("# "):
            if training or practised:
                sections.append(Section(heading, tuple(training), tuple(practised), tuple(held_out)))
            heading, training, practised, held_out = line[2:], [], [], []
        elif line.startswith("= "):
            name, _, choices = line[2:].partition(": ")
            macros[name] = f"[{choices}]"
        elif line.startswith("~ "):
            held_out.append(_with_macros(line[2:], macros))
        elif line.startswith("+ "):
            practised.append(_with_macros(line[2:], macros))
        elif line and not line.startswith(";"):
            training.append(_with_macros(line, macros))
    return sections


def _with_macros(phrase: str, macros: dict[str, str]) -> str:
    return SLOT.sub(lambda match: macros.get(match[1], match[0]), phrase)


def expand(phrase: str, random: Random) -> str:
    """Choose one alternative of every bracket, innermost first."""
    while match := CHOICE.search(phrase):
        chosen = random.choice(match[1].split("|"))
        phrase = phrase[: match.start()] + chosen + phrase[match.end() :]
    return " ".join(phrase.split())


PREFIXES = read_sections(Path(__file__).parent / "prefixes.txt")[0]


def with_typo(text: str, random: Random) -> str:
    """Swap, drop or double one letter inside the text."""
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return text
    i = random.choice(places)
    kind = random.randrange(3)
    if kind == 0:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + text[i + 1 :] if kind == 1 else text[:i] + text[i] + text[i:]


def in_keywords(phrase: str) -> str:
    """The phrase without its small words, as people type into a search box."""
    return " ".join(word for word in phrase.split() if word not in SMALL_WORDS) or phrase


def as_typed(phrase: str, random: Random, split: Split, *, typos: bool = True) -> str:
    """Write a lower-case phrase the way people type: greeting, capital, question mark, now and then a slip."""
    if typos and random.random() < 0.06:
        phrase = in_keywords(phrase)
    if random.random() < 0.3:
        phrase = f"{random.choice(PREFIXES.of(split))} {phrase}"
    if typos and random.random() < 0.15:
        for _ in range(random.choice((1, 1, 2))):
            phrase = with_typo(phrase, random)
    if split is Split.PRACTICE and random.random() < 0.6:
        phrase = PROPER_NAMES.sub(lambda match: PROPER[match[0]], phrase)
    style = random.random()
    if style < 0.6:
        phrase = phrase[:1].upper() + phrase[1:]
        phrase = re.sub(r"\bi\b", "I", phrase)
    elif style < 0.63:
        phrase = phrase.upper()
    return phrase + random.choice(SUFFIXES)
