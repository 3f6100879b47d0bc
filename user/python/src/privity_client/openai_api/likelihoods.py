"""How likely the tokens of an answer were, as the API tells it. Source: specs/application.md, `logprobs`."""

from collections.abc import Sequence

from privity_protocol import canonical
from privity_protocol.lines import Logprobs

from privity_client.openai_api.reading import Json

_MILLIONTHS = 1_000_000


def of_line(line: Logprobs, most: int) -> list[Json]:
    """Return the tokens of a line, each with at most so many alternatives: a node gives one where none was wanted."""
    told: list[Json] = []
    at = 0
    for alternatives in line.top:
        own, *others = (_entry(line, place) for place in range(at, at + 1 + alternatives))
        told.append(own | {"top_logprobs": others[:most]})
        at += 1 + alternatives
    return told


def told(tokens: Sequence[Json]) -> Json | None:
    """Return the member of a choice, None where nothing was asked for."""
    return {"content": list(tokens), "refusal": None} if tokens else None


def _entry(line: Logprobs, place: int) -> Json:
    # A token may be a part of a character: its bytes are exact, its text then is not.
    data = canonical.base64url_decode(line.bytes[place]) or b""
    text = data.decode("utf-8", "replace")
    return {"token": text, "logprob": -line.surprisal[place] / _MILLIONTHS, "bytes": list(data)}
