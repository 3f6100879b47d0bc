"""`POST /v1/chat/completions`."""

from collections.abc import Callable, Mapping
from contextlib import aclosing

from privity_client.commands import Accepted, Complete, Line, Restarted
from privity_client.openai_api.chat_answer import Choice, Chunks, Head, completion, usage_chunk
from privity_client.openai_api.chat_request import read_chat
from privity_client.openai_api.server_sent import DONE, event
from privity_client.proxy.asking import Asked, Asking
from privity_client.proxy.body import read
from privity_client.proxy.reply import Reply


class ChatRoute:
    """Answers chat completions. `clock` returns Unix seconds, `new_id` a fresh id with a prefix."""

    def __init__(
        self, asking: Asking, aliases: Mapping[str, str], clock: Callable[[], int], new_id: Callable[[str], str]
    ) -> None:
        self._asking = asking
        self._aliases = aliases
        self._clock = clock
        self._new_id = new_id

    async def answer(self, data: bytes, reply: Reply) -> None:
        """Answer one request. Raises ApiError, PrivityError."""
        call = await read(data, lambda body: read_chat(body, aliases=self._aliases))
        reply.unsent(call.not_sent)
        head = Head(self._new_id("chatcmpl"), self._clock(), call.model)
        choices = call.answers()
        asked = Asked("chat", call.model, call.bodies(), call.messages, reply.receipt(head.id))
        if call.stream:
            await self._stream(asked, head, choices, reply, usage=call.include_usage)
        else:
            await self._whole(asked, head, choices, reply)

    async def _whole(self, asked: Asked, head: Head, choices: list[Choice], reply: Reply) -> None:
        async with aclosing(self._asking.ask(asked, restart=True)) as events:
            async for index, event_ in events:
                match event_:
                    case Accepted(node):
                        reply.verified(node)
                    case Line(value):
                        choices[index].take(value)
                    case Restarted():
                        choices[index].begin_anew()
        await reply.json(200, completion(head, choices))

    async def _stream(self, asked: Asked, head: Head, choices: list[Choice], reply: Reply, *, usage: bool) -> None:
        chunks = [Chunks(head, choice, usage=usage) for choice in choices]
        opening = b"".join(event(one.begin()) for one in chunks)
        async with aclosing(self._asking.ask(asked, restart=False)) as events:
            async for index, event_ in events:
                match event_:
                    case Accepted(node):
                        reply.verified(node)
                    case Line(value):
                        said = b"".join(event(one) for one in chunks[index].take(value))
                        if said:
                            await reply.raw(said if reply.begun else opening + said)
                    case Complete():
                        ended = event(chunks[index].end())
                        await reply.raw(ended if reply.begun else opening + ended)
        last = event(usage_chunk(head, choices)) if usage else b""
        await reply.raw(last + DONE)
        await reply.end()
