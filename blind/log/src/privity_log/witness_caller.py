"""One witness over HTTP: drives the flow of `asking.py`, and remembers the size that the witness last accepted."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
from privity_tlog.note import Signature

from privity_log import add_checkpoint
from privity_log.asking import Answer, Flow, Witness, ask
from privity_log.errors import LogError
from privity_log.limits import MAX_ANSWER, WITNESS_SECONDS
from privity_log.sequencer import Committed


class WitnessCaller:
    """The connection to one witness."""

    def __init__(self, witness: Witness, client: httpx.AsyncClient) -> None:
        self._witness = witness
        self._client = client
        self._known = 0

    async def cosign(self, of: Committed, path_from: Callable[[int], Sequence[bytes]]) -> tuple[Signature, ...]:
        """Return the witness's cosignatures of a head. Raises LogError `witness_…`."""
        flow = ask(self._witness, of, min(self._known, of.head.size), path_from)
        try:
            async with asyncio.timeout(WITNESS_SECONDS):
                step = await asyncio.to_thread(_step, flow, None)
                while isinstance(step, bytes):
                    step = await asyncio.to_thread(_step, flow, await self._post(step))
        except TimeoutError as error:
            raise LogError("witness_unreachable", f"{self._witness.name}: {WITNESS_SECONDS:g} s passed") from error
        self._known = of.head.size
        return step

    async def _post(self, body: bytes) -> Answer:
        address = self._witness.url + add_checkpoint.PATH
        try:
            async with self._client.stream("POST", address, content=body) as response:
                data = bytearray()
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > MAX_ANSWER:
                        raise LogError("witness_refused", f"{self._witness.name}: the answer has no end")
                kind = response.headers.get("content-type", "").partition(";")[0].strip()
                return Answer(response.status_code, kind, bytes(data))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LogError("witness_unreachable", f"{self._witness.name}: {type(error).__name__}") from error


def _step(flow: Flow, answer: Answer | None) -> bytes | tuple[Signature, ...]:
    """Take one step, in a thread since it reads tiles: the next request, or what the flow returns."""
    try:
        return next(flow) if answer is None else flow.send(answer)
    except StopIteration as end:
        return tuple(end.value)
