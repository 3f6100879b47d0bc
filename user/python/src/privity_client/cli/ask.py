"""One question and its answer: events of the channel into a view; Ctrl-C stops the answer and keeps the text."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

from privity_protocol.errors import PrivityError

from privity_client.answer import Answer
from privity_client.chain import Chain
from privity_client.channel import Channel
from privity_client.cli.views import View
from privity_client.commands import Accepted, Complete, Event, Line, Restarted, Resuming, Retrying
from privity_client.errors import Exit
from privity_client.nodes import VerifiedNode
from privity_client.request import Request

_RETRY_WORDS = {
    "unreachable": "no answer",
    "busy": "the node is busy",
    "slow_down": "the server asks to slow down",
    "unknown_session": "the session had ended",
    "unknown_key": "the node has a new key",
    "malformed": "the node did not accept the session",
    "token_spent": "the token was spent already; another one goes",
    "token_expired": "the token's day is over; another one goes",
}


@dataclass(frozen=True)
class Asked:
    """The answer in whatever state it reached, the exit code, and the failure if there was one."""

    answer: Answer
    code: int
    error: PrivityError | None = None


async def ask(channel: Channel, request: Request, chain: Chain, view: View, *, restart: bool) -> Asked:
    """Send `request` and show the answer or the failure.

    Ctrl-C ends it at the node too; the text so far is kept as stopped.
    """
    answer = Answer()
    answering: list[VerifiedNode] = []
    began = time.monotonic()
    task = asyncio.ensure_future(_follow(channel, request, chain, view, answer, answering, restart))
    with _interrupting(task):
        try:
            await task
        except asyncio.CancelledError:
            if not task.cancelled() or (current := asyncio.current_task()) is None or current.cancelling():
                raise
            answer.stop()
        except PrivityError as error:
            return Asked(answer, view.failed(error, answer), error)
    view.finished(answer, time.monotonic() - began)
    if answer.state == "stopped":
        if answering:
            await channel.stop(request, answering[-1])
        return Asked(answer, Exit.FAILED)
    return Asked(answer, Exit.OK)


async def _follow(
    channel: Channel,
    request: Request,
    chain: Chain,
    view: View,
    answer: Answer,
    answering: list[VerifiedNode],
    restart: bool,
) -> None:
    async with aclosing(channel.ask(request, chain, restart=restart)) as events:
        async for event in events:
            if isinstance(event, Accepted):
                answering.append(event.node)
            _show(event, view, answer)


def _show(event: Event, view: View, answer: Answer) -> None:
    match event:
        case Accepted(node):
            view.accepted(node)
        case Line(value):
            if added := answer.take(value):
                view.text(added)
        case Retrying(reason, wait):
            view.note("retrying", f"{_RETRY_WORDS.get(reason, reason)}; trying again in {wait:.1f} s")
        case Resuming():
            view.note("resuming", "the connection was lost; asking for the rest of the answer")
        case Restarted():
            answer.restart()
            view.restarted()
        case Complete():
            answer.complete()


@contextlib.contextmanager
def _interrupting(task: "asyncio.Future[None]") -> Iterator[None]:
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, task.cancel)
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
