"""Drives one engine for one answer: events in, text or a documented inner error out.

Source: specs/node-http.md, "Inner errors". No text of a user, of a model or of an engine's error enters an inner error.
"""

import asyncio
from contextlib import aclosing
from typing import Final

from privity_protocol.application import InnerError
from privity_protocol.limits import RESUME_BYTES
from privity_protocol.lines import Done, Logprobs, Text

from privity_enclave import events
from privity_enclave.answer import Answer, Failed
from privity_enclave.engine.interface import EngineError, EngineEvent, EngineRequest
from privity_enclave.engine.serving import Engine

_BREATH: Final = 0.1  # seconds between looks at an answer that nobody takes up


async def generate(engine: Engine, request: EngineRequest, answer: Answer, *, seconds: float) -> None:
    """Fill `answer` until it ends, at most for `seconds`. Cancelling stops the engine and leaves the answer open."""
    try:
        async with asyncio.timeout(seconds), aclosing(engine.chat(request)) as said:
            async for event in said:
                _take(answer, event)
                # A look now and then keeps the answer free of asyncio; it is rare.
                while answer.waiting > RESUME_BYTES:  # noqa: ASYNC110
                    await asyncio.sleep(_BREATH)
        answer.end(Failed(InnerError.INTERNAL, "The model stopped without saying that it was done."))
    except TimeoutError:
        answer.end(Failed(InnerError.INTERNAL, f"The answer took longer than {seconds:.0f} s."))
    except EngineError as error:
        answer.end(_failure(error))
    except Exception as error:
        events.write(events.Fault(events.place(error)))
        answer.end(Failed(InnerError.INTERNAL, "The node failed while answering. You can send the message again."))


def _take(answer: Answer, event: EngineEvent) -> None:
    match event:
        case Text(d):
            answer.say(type(event), d)
        case Logprobs():
            answer.weigh(event)
        case Done():
            answer.complete(event)
        case _:
            answer.add(event)


_GONE: Final = InnerError.MODEL_UNAVAILABLE
_FAILURES: Final = {
    "overloaded": Failed(InnerError.OVERLOADED, "The model is busy. You can send the message again."),
    "unavailable": Failed(_GONE, "The model is not available. You can send the message again later."),
    "crashed": Failed(_GONE, "The model stopped and is being restarted. You can send the message again."),
    "deadline": Failed(InnerError.INTERNAL, "The model took too long to answer."),
}


def _failure(error: EngineError) -> Failed:
    if error.code == "context_overflow":
        asked = "more" if error.asked is None else f"{error.asked}"
        text = f"The conversation is too long for this model: {asked} tokens asked, {error.limit} allowed."
        return Failed(InnerError.BAD_REQUEST, text)
    if error.code == "bad_request":
        return Failed(InnerError.BAD_REQUEST, f"This model does not accept the member {(error.field or 'given')[:64]}.")
    return _FAILURES[error.code]
