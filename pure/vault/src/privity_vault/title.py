"""A chat's title from its first words: made on the device, the same on every device. Source: specs/title.md.

No table of Unicode is asked, since tables differ between versions: the ranges that matter are listed here.
"""

from itertools import takewhile
from typing import Final

MAX_LETTERS: Final = 60
"""Characters (code points) of a title, without the dots behind a shortened one."""
MAX_READ: Final = 4096
"""Characters of the text that are looked at."""
ELLIPSIS: Final = "\u2026"
_SPACES: Final = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(one) for one in range(0x2000, 0x200B)
}
_HIDDEN: Final = ((0, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x200B, 0x200B), (0x200E, 0x200F),
                  (0x202A, 0x202E), (0x2060, 0x206F), (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB))  # fmt: skip
"""Controls, marks of direction and other things that are not seen but change what is."""
_EXTENDING: Final = ((0x300, 0x36F), (0x483, 0x489), (0x591, 0x5BD), (0x610, 0x61A), (0x64B, 0x65F), (0x900, 0x903),
                     (0x93A, 0x94F), (0xE31, 0xE31), (0xE34, 0xE3A), (0xE47, 0xE4E), (0x1AB0, 0x1AFF),
                     (0x1DC0, 0x1DFF), (0x200C, 0x200D), (0x20D0, 0x20FF), (0x3099, 0x309A), (0xFE00, 0xFE0F),
                     (0xFE20, 0xFE2F), (0x1F3FB, 0x1F3FF), (0xE0020, 0xE007F), (0xE0100, 0xE01EF))  # fmt: skip
"""What belongs to the character before it."""
_JOINER: Final = "\u200d"
_FLAGS: Final = (0x1F1E6, 0x1F1FF)
_MARKS: Final = frozenset("#>*-`_~=|")


def of_text(text: str) -> str:
    """Return the title of a chat that begins with `text`; empty when there is no word in it."""
    words = _words(text[:MAX_READ])
    title = ""
    for word in words:
        longer = f"{title} {word}" if title else word
        if len(longer) > MAX_LETTERS:
            return (title or _cut(word)) + ELLIPSIS
        title = longer
    return title


def is_blank(text: str) -> bool:
    """Whether a text is nothing but white space and what is not seen."""
    return all(one in _SPACES or _within(one, _HIDDEN) for one in text)


def _words(text: str) -> list[str]:
    """The words without what is not seen; those that only mark headings, quotes, lists and code are left out."""
    split = "".join(" " if one in _SPACES else "" if _within(one, _HIDDEN) else one for one in text).split(" ")
    return [word for word in split if word.strip("".join(_MARKS))]


def _cut(word: str) -> str:
    """The beginning of a long word, up to a place where a character ends."""
    ends = (at for at in range(MAX_LETTERS, 0, -1) if _ends(word, at))
    return word[: next(ends, MAX_LETTERS)]


def _ends(word: str, at: int) -> bool:
    if _within(word[at], _EXTENDING) or word[at - 1] == _JOINER:
        return False
    flags = len(list(takewhile(lambda one: _within(one, (_FLAGS,)), reversed(word[:at]))))
    return flags % 2 == 0 or not _within(word[at], (_FLAGS,))


def _within(letter: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(letter) <= last for first, last in ranges)
