"""The tokenizer: byte-level BPE, 2048 entries, every digit by itself, and the ChatML frame around messages."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from training.dialogues import Dialogue, dialogues

VOCABULARY = 2048
END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = (END_OF_TEXT, START, END)
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def prompt(messages: Iterable[dict[str, str]]) -> str:
    """What TEMPLATE renders, with the assistant asked to speak."""
    said = "".join(f"{START}{m['role']}\n{m['content']}{END}\n" for m in messages)
    return f"{said}{START}assistant\n"


def byte_level(vocabulary: dict[str, int] | None = None, merges: list[tuple[str, str]] | None = None) -> Tokenizer:
    """A tokenizer of this model's kind, empty or with what an earlier one has learnt."""
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train_tokenizer(seed: int, count: int = 40_000) -> Tokenizer:
    """Learn the merges from generated dialogues."""
    tokenizer = byte_level()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(seed, count), trainer)
    return tokenizer


def _texts(seed: int, count: int) -> Iterable[str]:
    for dialogue in dialogues(seed, count):
        if dialogue.system:
            yield dialogue.system
        for turn in dialogue.turns:
            yield turn.user
            yield turn.answer
    yield from ("system", "user", "assistant")


def encode(dialogue: Dialogue, tokenizer: Tokenizer) -> tuple[list[int], list[bool]]:
    """Token ids, and for each whether the model is to predict it: answers and their end mark only."""
    start, end = tokenizer.token_to_id(START), tokenizer.token_to_id(END)
    newline = tokenizer.encode("\n").ids
    ids: list[int] = []
    learnt: list[bool] = []

    def add(role: str, content: str, learn: bool) -> None:
        head = [start, *tokenizer.encode(f"{role}\n").ids]
        body = [*tokenizer.encode(content).ids, end]
        ids.extend((*head, *body, *newline))
        learnt.extend([False] * len(head) + [learn] * len(body) + [False] * len(newline))

    if dialogue.system:
        add("system", dialogue.system, learn=False)
    for turn in dialogue.turns:
        add("user", turn.user, learn=False)
        add("assistant", turn.answer, learn=True)
    return ids, learnt


def load_tokenizer(path: Path) -> Tokenizer:
    return Tokenizer.from_file(str(path))
