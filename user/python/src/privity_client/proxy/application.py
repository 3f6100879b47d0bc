"""The proxy as an application: who may ask, which route answers, and how a failure is told. Source: specs/proxy.md."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from privity_protocol import canonical
from privity_protocol.errors import PrivityError

from privity_client.channel import unix_time
from privity_client.discovery import NodeSource
from privity_client.nodes import VerifiedNode
from privity_client.openai_api import models
from privity_client.openai_api.errors import SERVER, ApiError, of_failure
from privity_client.proxy import summary
from privity_client.proxy.asking import Asking
from privity_client.proxy.body import Gone, Receive, read_body, unless_gone
from privity_client.proxy.chat_route import ChatRoute
from privity_client.proxy.embeddings_route import EmbeddingsRoute
from privity_client.proxy.gate import Headers, Scope
from privity_client.proxy.reply import Reply, Send, SlowReader
from privity_client.proxy.responses_route import ResponsesRoute
from privity_client.proxy.summary import Facts

Answer = Callable[[bytes, Reply], Awaitable[None]]
_RESPONSES: Final = "/v1/responses/"
_MODELS: Final = "/v1/models/"


def new_id(prefix: str) -> str:
    """Return a fresh id of the API."""
    return f"{prefix}_{canonical.base64url_encode(os.urandom(18))}"


class Gatekeeper(Protocol):
    """Who may ask: `gate.Gate`, unless nobody else can reach the proxy."""

    def refusal(self, headers: Headers, path: str, /) -> ApiError | None:
        """Return why a request is refused, None when it is not."""
        ...


@dataclass
class Proxy:
    """The ASGI application. It logs nothing, and no failure says what was asked."""

    gate: Gatekeeper
    nodes: NodeSource
    asking: Asking
    facts: Facts
    aliases: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], int] = unix_time
    signs: bool = False
    """Whether every answer is to have a receipt; else one that asks for it by a header."""

    def __post_init__(self) -> None:
        chat = ChatRoute(self.asking, self.aliases, self.clock, new_id)
        self._responses = ResponsesRoute(self.asking, self.aliases, self.clock, new_id)
        self._routes: dict[str, dict[str, Answer]] = {
            "/": {"GET": self._page},
            "/v1/models": {"GET": self._models},
            "/v1/privity/evidence": {"GET": self._evidence},
            "/v1/chat/completions": {"POST": chat.answer},
            "/v1/embeddings": {"POST": EmbeddingsRoute(self.asking, self.aliases, new_id).answer},
            "/v1/responses": {"POST": self._responses.answer},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        reply = Reply(send, new_id("req"), signed=self.signs or (b"x-privity-receipt", b"true") in scope["headers"])
        try:
            refused = self.gate.refusal(scope["headers"], scope["path"])
            if refused is not None and scope["path"] == "/":
                await reply.refused(refused.status, summary.refusal(refused), **summary.HEADERS)
                return
            if refused is not None:
                raise refused
            answer = self._route(scope["method"], scope["path"])
            if any(name == b"content-encoding" for name, _ in scope["headers"]):
                raise ApiError(415, "The body is compressed; send it as it is.", code="content_encoding")
            body = await read_body(receive)
            await unless_gone(receive, self._told(answer, body, reply))
        except ApiError as error:
            await reply.error(error)
        except (Gone, SlowReader):
            return

    async def _told(self, answer: Answer, body: bytes, reply: Reply) -> None:
        try:
            await answer(body, reply)
        except PrivityError as error:
            await reply.error(of_failure(error))
        except ApiError as error:
            await reply.error(error)
        except (SlowReader, asyncio.CancelledError):
            raise
        except Exception as fault:
            # Ours. Its words could quote what was asked, so only its kind is told.
            words = f"The proxy failed ({type(fault).__name__})."
            await reply.error(ApiError(500, words, type=SERVER, code="proxy_failed"))

    def _route(self, method: str, path: str) -> Answer:
        methods = self._routes.get(path) or self._named(path)
        if not methods:
            raise ApiError(404, f"This proxy has no route {path[:128]}.", code="unknown_url")
        found = methods.get(method)
        if found is None:
            raise ApiError(405, f"This route takes {', '.join(methods)}.", code="method_not_allowed")
        return found

    def _named(self, path: str) -> dict[str, Answer]:
        """Return the answers of a route whose last part is a name."""
        if path.startswith(_MODELS):
            name = path.removeprefix(_MODELS)

            async def model(_body: bytes, reply: Reply) -> None:
                await reply.json(200, models.model(await self._verified(), self.aliases, name))

            return {"GET": model}
        id = path.removeprefix(_RESPONSES)
        if path.startswith(_RESPONSES) and "/" not in id:

            async def told(_body: bytes, reply: Reply) -> None:
                await reply.json(200, self._responses.told(id))

            async def forget(_body: bytes, reply: Reply) -> None:
                await reply.json(200, self._responses.forget(id))

            return {"GET": told, "DELETE": forget}
        return {}

    async def _models(self, _body: bytes, reply: Reply) -> None:
        await reply.json(200, models.models(await self._verified(), self.aliases))

    async def _evidence(self, _body: bytes, reply: Reply) -> None:
        await reply.json(200, summary.evidence(self.facts, await self._verified()))

    async def _page(self, _body: bytes, reply: Reply) -> None:
        try:
            page, status = summary.page(self.facts, await self._verified(), None), 200
        except PrivityError as error:
            failure = of_failure(error)
            page, status = summary.page(self.facts, [], failure), failure.status
        await reply.whole(status, page, **summary.HEADERS)

    async def _verified(self) -> list[VerifiedNode]:
        return await self.nodes.nodes("", refresh=False)
