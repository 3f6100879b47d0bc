"""Server-sent events as the OpenAI API writes them."""

from typing import Final

from privity_protocol import jsontext

MEDIA_TYPE: Final = "text/event-stream"
DONE: Final = b"data: [DONE]\n\n"


def event(value: object, name: str = "") -> bytes:
    """Return one event with JSON data. JSON text holds no line feed, so it is one line."""
    data = b"data: " + jsontext.encode(value) + b"\n\n"
    return b"event: " + name.encode("ascii") + b"\n" + data if name else data
