"""`POST /v1/embeddings`."""

from collections.abc import Callable, Mapping
from contextlib import aclosing

from privity_client.commands import Accepted, Line
from privity_client.openai_api.embeddings import Vectors, read_embeddings
from privity_client.proxy.asking import Asked, Asking
from privity_client.proxy.body import read
from privity_client.proxy.reply import Reply


class EmbeddingsRoute:
    """Answers requests for vectors."""

    def __init__(self, asking: Asking, aliases: Mapping[str, str], new_id: Callable[[str], str]) -> None:
        self._new_id = new_id
        self._asking = asking
        self._aliases = aliases

    async def answer(self, data: bytes, reply: Reply) -> None:
        """Answer one request. Raises ApiError, PrivityError."""
        call = await read(data, lambda body: read_embeddings(body, aliases=self._aliases))
        reply.unsent(call.not_sent)
        vectors = Vectors(call)
        asked = Asked("embed", call.model, [call.body], receipt=reply.receipt(self._new_id("embd")))
        async with aclosing(self._asking.ask(asked, restart=False)) as events:
            async for _, event in events:
                match event:
                    case Accepted(node):
                        reply.verified(node)
                    case Line(value):
                        vectors.take(value)
        await reply.json(200, vectors.told())
