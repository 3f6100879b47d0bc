"""How a second opinion is shown: beside our own verdict, and never in its place."""

from rich.console import Console
from rich.text import Text

from privity_client.printable import clean
from privity_client.second_opinion import NAME, NoOpinion, Opinion


def is_contradicted(opinion: Opinion | NoOpinion | None) -> bool:
    """Return whether the other verifier refuses what ours accepts."""
    return isinstance(opinion, Opinion) and opinion.status is None


def opinion_members(opinion: Opinion | NoOpinion | None) -> dict[str, object] | None:
    """Return the JSON members of an opinion, None when none was asked for."""
    if opinion is None:
        return None
    members: dict[str, object] = {"by": NAME, "given": isinstance(opinion, Opinion), "words": clean(opinion.words)}
    if isinstance(opinion, Opinion):
        members |= {"status": opinion.status, "advisories": list(opinion.advisories)}
    return members


def show_opinion(console: Console, opinion: Opinion | NoOpinion | None) -> None:
    """Print an opinion in one line."""
    if isinstance(opinion, NoOpinion):
        console.print(Text(f"– No second opinion: {clean(opinion.words)}.", style="yellow"))
    elif opinion is not None and opinion.status is None:
        console.print(Text(f"✗ {NAME} refuses this evidence: {clean(opinion.words)}", style="red"))
    elif opinion is not None:
        advisories = ", ".join(opinion.advisories) or "no advisories"
        console.print(
            Text(f"✓ {NAME} agrees that this is genuine: {opinion.status}, {clean(advisories)}", style="green")
        )
