"""What the SDK raises beside what verification and the channel raise: all of them are PrivityError with a reason."""

from privity_client.errors import ClientError
from privity_client.openai_api.errors import ApiError


class RequestRefused(ClientError):
    """The request cannot be honoured, and was not sent, or the node said so. `param` names the member at fault."""

    def __init__(self, detail: str, param: str | None) -> None:
        super().__init__("bad_request", detail)
        self.param = param


class TimedOut(ClientError):
    """The time that the program gave is over; the node has been told to stop."""

    def __init__(self, seconds: float) -> None:
        super().__init__("timed_out", f"{seconds:g} seconds")


class Closed(ClientError):
    """The client is closed, not opened, or belongs to another process or event loop."""

    def __init__(self, detail: str) -> None:
        super().__init__("client_closed", detail)


def of_api(error: ApiError) -> ClientError:
    """Return the typed error for one that the translation found."""
    if error.code == "too_many_at_once":
        return ClientError("busy", error.message)
    if error.status < 500:
        return RequestRefused(error.message, error.param)
    return ClientError("bad_answer", error.message)
