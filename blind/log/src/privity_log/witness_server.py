"""The witness over HTTP: one route, which does what `witness.py` decides."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from privity_log import add_checkpoint
from privity_log.bodies import BARE, bounded, plain
from privity_log.errors import LogError
from privity_log.witness import Witness


def application(witness: Witness) -> Starlette:
    """Return the application of a witness."""

    async def add(request: Request) -> Response:
        body = await bounded(request, add_checkpoint.MAX_REQUEST)
        if body is None:
            return plain(400, "malformed: too large")
        try:
            reply = await asyncio.to_thread(witness.add_checkpoint, body)
        except LogError as error:
            return plain(500, f"nothing was cosigned: {error.reason}")
        # Not `media_type`: Starlette would add a character set to a type that the specification gives without one.
        return Response(reply.body, reply.status, {**BARE, "content-type": reply.media_type})

    return Starlette(routes=[Route(add_checkpoint.PATH, add, methods=["POST"])])
