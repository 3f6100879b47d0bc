"""`POST /v1/responses`, and what is kept of it on this machine: `GET` and `DELETE /v1/responses/ID`."""

from collections.abc import Callable, Mapping
from contextlib import aclosing

from privity_protocol.errors import PrivityError

from privity_client.commands import Accepted, Line, Restarted
from privity_client.openai_api.errors import ApiError, of_failure
from privity_client.openai_api.reading import Json
from privity_client.openai_api.responses_answer import Response
from privity_client.openai_api.responses_request import ResponsesCall, read_response, renamed
from privity_client.openai_api.server_sent import event
from privity_client.proxy.asking import Asked, Asking
from privity_client.proxy.body import read
from privity_client.proxy.kept_responses import KeptResponses
from privity_client.proxy.reply import Reply


class ResponsesRoute:
    """Answers the Responses API. `clock` returns Unix seconds, `new_id` a fresh id with a prefix."""

    def __init__(
        self, asking: Asking, aliases: Mapping[str, str], clock: Callable[[], int], new_id: Callable[[str], str]
    ) -> None:
        self._asking = asking
        self._aliases = aliases
        self._clock = clock
        self._new_id = new_id
        self._kept = KeptResponses()

    async def answer(self, data: bytes, reply: Reply) -> None:
        """Answer one request. Raises ApiError, PrivityError."""
        call = await read(data, lambda body: read_response(body, self._kept.messages, aliases=self._aliases))
        reply.unsent(call.chat.not_sent)
        id, model = self._new_id("resp"), call.chat.model
        (choice,) = call.chat.answers()
        response = Response(id, self._clock(), model, call.echo, self._new_id, store=call.store, choice=choice)
        asked = Asked("chat", model, call.chat.bodies(), call.chat.messages, reply.receipt(id))
        try:
            if call.stream:
                await self._stream(call, asked, response, reply)
            else:
                await self._whole(call, asked, response, reply)
        except PrivityError as failure:
            raise renamed(of_failure(failure)) from failure

    def told(self, id: str) -> Json:
        """Return a response that is kept. Raises ApiError 404."""
        found = self._kept.told(id)
        if found is None:
            raise _unknown(id)
        return found

    def forget(self, id: str) -> Json:
        """Forget a response. Raises ApiError 404."""
        if not self._kept.forget(id):
            raise _unknown(id)
        return {"id": id, "object": "response", "deleted": True}

    async def _whole(self, call: ResponsesCall, asked: Asked, response: Response, reply: Reply) -> None:
        async with aclosing(self._asking.ask(asked, restart=True)) as events:
            async for _, event_ in events:
                match event_:
                    case Accepted(node):
                        reply.verified(node)
                    case Line(value):
                        response.take(value)
                    case Restarted():
                        response.begin_anew()
        response.finish()
        self._keep(call, response)
        await reply.json(200, response.told(response.status))

    async def _stream(self, call: ResponsesCall, asked: Asked, response: Response, reply: Reply) -> None:
        opening = _encoded(response.begin())
        try:
            async with aclosing(self._asking.ask(asked, restart=False)) as events:
                async for _, event_ in events:
                    match event_:
                        case Accepted(node):
                            reply.verified(node)
                        case Line(value):
                            said = _encoded(response.take(value))
                            if said:
                                await reply.raw(said if reply.begun else opening + said)
        except (ApiError, PrivityError) as failure:
            if not reply.begun:
                raise
            error = failure if isinstance(failure, ApiError) else of_failure(failure)
            await reply.raw(_encoded(response.fail(error)))
            return
        ended = _encoded(response.finish())
        self._keep(call, response)
        await reply.raw(ended if reply.begun else opening + ended)
        await reply.end()

    def _keep(self, call: ResponsesCall, response: Response) -> None:
        if call.store:
            self._kept.keep(response.id, [*call.history, *response.messages()], response.told(response.status))


def _encoded(events: list[Json]) -> bytes:
    return b"".join(event(one, str(one["type"])) for one in events)


def _unknown(id: str) -> ApiError:
    words = f"No response {id[:64]} is kept on this machine; responses are forgotten when the proxy ends."
    return ApiError(404, words, code="response_not_found")
