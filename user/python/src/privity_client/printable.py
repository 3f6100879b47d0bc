"""Text from elsewhere, made safe for a terminal: an answer must not move the cursor, set titles or hide lines."""

import unicodedata
from typing import Final

_KEPT: Final = frozenset("\n\t")
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make text read in another order than it is stored; they can hide what a command does."""
REPLACEMENT: Final = "\ufffd"


def clean(text: str) -> str:
    """Return `text` with control and reordering characters replaced; line feeds and tabs stay, CR LF becomes LF."""
    return "".join(_shown(character) for character in text.replace("\r\n", "\n"))


def _shown(character: str) -> str:
    if character in _KEPT:
        return character
    if character in _REORDERING or unicodedata.category(character) in ("Cc", "Cs"):
        return REPLACEMENT
    return character
