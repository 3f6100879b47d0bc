"""Splits growing Markdown into blocks that are final and a tail that may still change.

Finished blocks are printed once and scroll away like any output; only the tail is drawn again as it grows.
"""


class Blocks:
    """Feed text; take finished blocks; the rest is `tail`."""

    def __init__(self) -> None:
        self.tail = ""

    def feed(self, added: str) -> str:
        """Add text; return the Markdown that is final now, or an empty string."""
        self.tail += added
        end = _last_boundary(self.tail)
        finished, self.tail = self.tail[:end], self.tail[end:]
        return finished

    def finish(self) -> str:
        """Return what is left."""
        rest, self.tail = self.tail, ""
        return rest


def _last_boundary(text: str) -> int:
    """Return the offset behind the last blank line that is outside a code fence, 0 when there is none."""
    fence, position, boundary = "", 0, 0
    for line in text.splitlines(keepends=True):
        position += len(line)
        stripped = line.strip()
        marker = stripped[:3]
        if fence:
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                fence = ""
        elif marker in ("```", "~~~"):
            fence = marker
        elif not stripped and line.endswith("\n"):
            boundary = position
    return boundary
