"""Sends the calls of a flow to one account service, and nothing else. No decision is made here."""

from typing import Final, TypeVar

import httpx

from privity_client import fetch
from privity_client.errors import ClientError
from privity_client.history.calls import MAX_ANSWER, Call, Flow, Reply

T = TypeVar("T")
TIMEOUT_S: Final = 60.0


class Service:
    """One account service at an origin."""

    def __init__(self, client: httpx.AsyncClient, origin: str) -> None:
        self._client = client
        self._origin = origin

    async def run(self, flow: Flow[T]) -> T:
        """Drive a flow to its end. Raises what the flow raises, and ClientError `unreachable`, `too_much`."""
        try:
            call = next(flow)
            while True:
                try:
                    reply = await self._send(call)
                except ClientError as error:
                    call = flow.throw(error)
                else:
                    call = flow.send(reply)
        except StopIteration as ended:
            value: T = ended.value
            return value

    async def _send(self, call: Call) -> Reply:
        headers = {"accept-encoding": "identity", **call.headers}
        if call.token is not None:
            headers["authorization"] = f"Bearer {call.token}"
        if call.octets is not None:
            headers["content-type"] = "application/octet-stream"
        try:
            async with self._client.stream(
                call.method,
                self._origin + call.path,
                headers=headers,
                json=call.json if call.octets is None else None,
                content=call.octets,
                timeout=TIMEOUT_S,
            ) as response:
                return Reply(response.status_code, await fetch.read_bounded(response, MAX_ANSWER))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ClientError("unreachable", f"{self._origin} ({type(error).__name__})") from error
