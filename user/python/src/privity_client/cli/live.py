"""The terminal's view of an answer: Markdown that grows in place, with the state of the answer always in words."""

from privity_protocol.errors import PrivityError
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.text import Text

from privity_client.answer import Answer
from privity_client.cli.blocks import Blocks
from privity_client.cli.failure import text as failure_text
from privity_client.errors import words_for
from privity_client.nodes import VerifiedNode

_FRAMES_A_SECOND = 10
_ROWS_KEPT = 6
"""Rows of the terminal that the growing tail leaves free, so that drawing it again never scrolls."""


class LiveView:
    """Shows one answer at a time on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._blocks = Blocks()
        self._live: Live | None = None
        self._node: VerifiedNode | None = None
        self._spaced = True

    def begin(self, node: VerifiedNode) -> None:
        """Show that the question is on its way."""
        self._node = node
        self._blocks = Blocks()
        self._spaced = True
        self._live = Live(
            self._waiting("sending"),
            console=self._console,
            refresh_per_second=_FRAMES_A_SECOND,
            transient=True,
            vertical_overflow="crop",
        )
        self._live.start()

    def accepted(self, node: VerifiedNode) -> None:
        """The node has the question."""
        self._node = node
        self._draw(self._waiting("the enclave is reading"))

    def text(self, added: str) -> None:
        """Print what is final, draw the rest anew."""
        finished = self._blocks.feed(added)
        if finished.strip():
            self._print(finished)
        self._draw(self._tail())

    def note(self, kind: str, words: str) -> None:
        """Say what goes on, above the growing text."""
        self._console.print(Text(f"· {words}", style="yellow"))

    def restarted(self) -> None:
        """What was shown is void: say so and begin anew."""
        self._blocks = Blocks()
        self._spaced = True
        self._console.print(Text("[the answer was lost; everything above is void, it begins anew]", style="yellow"))

    def finished(self, answer: Answer, seconds: float) -> None:
        """Print the rest and one line about the whole."""
        self._close()
        state = {
            "complete": Text("complete", style="green"),
            "stopped": Text("stopped by you: not complete", style="yellow"),
            "partial": Text("not complete", style="red"),
        }[answer.state]
        facts = [f"{seconds:.1f} s"]
        if answer.usage is not None:
            facts.append(f"{answer.usage.completion} tokens")
        if answer.reason == "length":
            facts.append("length limit reached")
        self._status(state, facts)

    def failed(self, error: PrivityError, answer: Answer) -> int:
        """Print the partial text, marked as such, and what happened."""
        self._close()
        if answer.text:
            self._status(Text("not complete", style="red"), [])
        self._console.print(Text(failure_text(error), style="red"))
        return int(words_for(error).exit)

    def _status(self, state: Text, facts: list[str]) -> None:
        line = Text("— ", style="dim") + state
        node = self._node
        if node is not None:
            facts = [*facts, f"node {node.digest[:8]}", node.release]
        if facts:
            line += Text(" · " + " · ".join(facts), style="dim")
        self._console.print(line)
        if node is not None and node.simulated:
            self._console.print(Text("  Test enclave: whoever runs this server can read this.", style="yellow"))

    def _close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()
        rest = self._blocks.finish()
        if rest.strip():
            self._print(rest)

    def _print(self, markdown: str) -> None:
        if not self._spaced:
            self._console.print()
        self._spaced = False
        self._console.print(_Shown(markdown))

    def _draw(self, renderable: RenderableType) -> None:
        if self._live is not None:
            self._live.update(renderable)

    def _tail(self) -> RenderableType:
        if not self._blocks.tail.strip():
            return Text("▍", style="dim")
        tail = _Shown(self._blocks.tail, max(3, self._console.height - _ROWS_KEPT))
        return tail if self._spaced else Group(Text(""), tail)

    def _waiting(self, words: str) -> RenderableType:
        return Text(f"… {words}", style="dim")


class _Shown:
    """Markdown without blank rows around it; with `rows` the last ones only, the rest is drawn once it is final."""

    def __init__(self, markdown: str, rows: int | None = None) -> None:
        self._markdown = markdown
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(Markdown(self._markdown), options.update(height=None), pad=False)
        written = [at for at, line in enumerate(lines) if any(segment.text.strip() for segment in line)]
        shown = lines[written[0] : written[-1] + 1] if written else []
        for line in shown[-self._rows :] if self._rows else shown:
            yield from line
            yield Segment.line()
