"""A request of the embeddings API, the body of op `embed` that it becomes, and its answer."""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from privity_protocol import canonical, jsontext
from privity_protocol.chat import decode_embed
from privity_protocol.errors import Malformed
from privity_protocol.lines import Done, Embedding, Line, Usage

from privity_client.openai_api.errors import SERVER, ApiError, of_request, refused
from privity_client.openai_api.reading import Json, read_object, take_unsent

Format = Literal["float", "base64"]
_SINGLE: Final = 4


@dataclass(frozen=True, repr=False)
class EmbedCall:
    """A request that was judged: `texts` are counted, `form` is how the vectors are written."""

    model: str
    body: bytes
    texts: int
    form: Format
    not_sent: tuple[str, ...] = field(default=())


def read_embeddings(data: bytes, *, aliases: Mapping[str, str] | None = None) -> EmbedCall:
    """Return the request in `data`. Raises ApiError, which names the member that is at fault."""
    members = read_object(data)
    not_sent = take_unsent(members)
    form = members.pop("encoding_format", "float")
    if form not in ("float", "base64"):
        raise refused("encoding_format", "is none of float, base64", code="invalid_value")
    if isinstance(model := members.get("model"), str) and aliases:
        members["model"] = aliases.get(model, model)
    body = jsontext.encode(members)
    try:
        found = decode_embed(body)
    except Malformed as error:
        raise of_request(error) from None
    return EmbedCall(found.model, body, len(found.input), "base64" if form == "base64" else "float", not_sent)


class Vectors:
    """The answer to one request: `take` its lines in order."""

    def __init__(self, call: EmbedCall) -> None:
        self._call = call
        self._vectors: list[str | list[float]] = []
        self._usage: Usage | None = None
        self._done = False

    def take(self, line: Line) -> None:
        """Fold a line in. Raises ApiError 502 for one that has no place in this answer."""
        match line:
            case Embedding(index, data) if index == len(self._vectors) < self._call.texts:
                self._vectors.append(_written(data, self._call.form))
            case Usage():
                self._usage = line
            case Done():
                self._done = True
            case _:
                raise _broken()

    def told(self) -> Json:
        """Return the whole answer. Raises ApiError 502 when it is not whole."""
        if not self._done or len(self._vectors) != self._call.texts:
            raise _broken()
        prompt = 0 if self._usage is None else self._usage.prompt
        data = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(self._vectors)]
        usage = {"prompt_tokens": prompt, "total_tokens": prompt}
        return {"object": "list", "data": data, "model": self._call.model, "usage": usage}

    def lists(self) -> list[list[float]]:
        """Return the vectors of a request for numbers. Raises ApiError 502 when they are not whole."""
        self.told()
        return [one for one in self._vectors if isinstance(one, list)]


def _written(encoded: str, form: Format) -> str | list[float]:
    data = canonical.base64url_decode(encoded) or b""
    if form == "base64":
        return base64.b64encode(data).decode("ascii")
    return list(struct.unpack(f"<{len(data) // _SINGLE}f", data))


def _broken() -> ApiError:
    return ApiError(502, "The node's answer holds other vectors than were asked for.", type=SERVER, code="bad_answer")
