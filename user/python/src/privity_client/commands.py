"""What an exchange asks of its driver, and what the driver answers. Values only: the driver decides nothing."""

from dataclasses import dataclass, field

from privity_protocol import lines

from privity_client.nodes import VerifiedNode


@dataclass(frozen=True)
class FindNodes:
    """Answer with `Nodes`, or raise into the exchange what finding raised. `refresh` asks the server anew."""

    model: str
    refresh: bool


@dataclass(frozen=True)
class Pay:
    """Answer with `Paid`: `count` tokens for the request, the same as before unless the node `refused` those.

    Raise into the exchange what the purse raised.
    """

    rid: bytes
    count: int
    refused: bool


@dataclass(frozen=True)
class SendHello:
    """POST `body` to the node's HELLO route; answer with `Reply`."""

    node: VerifiedNode
    body: bytes


@dataclass(frozen=True)
class SendRun:
    """POST `body` to the node's RUN route and leave the response open; answer with `Opened`."""

    node: VerifiedNode
    body: bytes


@dataclass(frozen=True)
class Receive:
    """Answer with the next `Chunk` of the open response."""


@dataclass(frozen=True)
class Pause:
    """Wait; answer with `Paused`."""

    seconds: float


@dataclass(frozen=True)
class Deliver:
    """Hand `event` to the caller; answer with `Delivered`."""

    event: "Event"


Command = FindNodes | Pay | SendHello | SendRun | Receive | Pause | Deliver


@dataclass(frozen=True)
class Nodes:
    """Verified nodes, at least one."""

    nodes: list[VerifiedNode]


@dataclass(frozen=True)
class Paid:
    """What pays for the request."""

    tokens: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """HTTP status and bounded body; status 0 when no response came."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Opened:
    """HTTP status of an open response; 0 when no response came."""

    status: int


@dataclass(frozen=True)
class Chunk:
    """Bytes of the open response; None at its end, whether orderly or cut: the records say which."""

    data: bytes | None


@dataclass(frozen=True)
class Paused:
    """The time is over."""


@dataclass(frozen=True)
class Delivered:
    """The caller has the event."""


Result = Nodes | Paid | Reply | Opened | Chunk | Paused | Delivered


@dataclass(frozen=True)
class Accepted:
    """The node has taken the request: `node` answers it."""

    node: VerifiedNode


@dataclass(frozen=True)
class Line:
    """One authenticated line of an answer that is not yet complete."""

    value: lines.Line


@dataclass(frozen=True)
class Heard:
    """Authenticated application bytes, before their lines; only where a receipt is asked for, which signs them."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Retrying:
    """A try failed and the same request goes out again; `reason` says why, `wait` how many seconds until then."""

    reason: str
    wait: float


@dataclass(frozen=True)
class Resuming:
    """The connection was lost; the rest of the answer is asked for. Lines go on where they stopped."""


@dataclass(frozen=True)
class Restarted:
    """The rest of the answer is gone and it begins anew: everything shown so far is void."""


@dataclass(frozen=True)
class Complete:
    """END was authenticated: the answer may be shown as complete."""


Event = Accepted | Heard | Line | Retrying | Resuming | Restarted | Complete
