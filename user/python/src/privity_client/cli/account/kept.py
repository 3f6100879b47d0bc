"""What `privity chat` does with an account: keeps the chat, and sends what waits on the account's own clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from privity_protocol.errors import PrivityError

from privity_client.answer import Answer
from privity_client.cli.account import heads, stage
from privity_client.cli.options import Options
from privity_client.cli.views import View
from privity_client.conversation import Conversation
from privity_client.errors import ClientError
from privity_client.history import edits, keeping, reading
from privity_client.history.keeping import Keeper
from privity_client.history.session import Session, session
from privity_client.nodes import VerifiedNode
from privity_client.trust.server import Server

LOOK_S = 5.0


def _is_home(url: str, origin: str) -> bool:
    """Whether a chat is at the service that keeps the account: of other servers the devices show each other nothing."""
    try:
        return stage.origin_of(url) == origin
    except ClientError:
        return False


class Kept:
    """A chat with an account behind it."""

    def __init__(self, found: Session, keeper: Keeper) -> None:
        self.session = found
        self.keeper = keeper

    async def compare(self, url: str, trust: Server) -> None:
        """Hold what the account's other devices saw of this server's logs against what this one sees, and show it them.

        Raises TlogError when the server shows them different logs: nothing was sent then.
        """
        if _is_home(url, self.session.replica.opened.origin):
            await heads.hold(self.session.replica, trust)

    def watch(self, view: View) -> "WatchedView":
        """A view that keeps what it shows."""
        return WatchedView(view, self.keeper)

    async def uploads(self) -> None:
        """Send what waits when its moment has come, as long as the chat is open."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self.session.replica.store.waits() and edits.is_due(self.session.replica):
                await self.session.try_to_synchronise(now=False)


class WatchedView:
    """Passes everything on to a view, and keeps the answer as it grows."""

    def __init__(self, inner: View, keeper: Keeper) -> None:
        self._inner = inner
        self._keeper = keeper
        self._answer = Answer()

    def begin(self, node: VerifiedNode) -> None:
        """A new answer begins."""
        self._answer = Answer()
        self._inner.begin(node)

    def accepted(self, node: VerifiedNode) -> None:
        """Passed on."""
        self._inner.accepted(node)

    def text(self, added: str) -> None:
        """Shown first, then kept."""
        self._inner.text(added)
        self._answer.raw += added
        self._keeper.grown(self._answer)

    def note(self, kind: str, words: str) -> None:
        """Passed on."""
        self._inner.note(kind, words)

    def restarted(self) -> None:
        """What was kept of the answer is void as well."""
        self._answer = Answer()
        self._inner.restarted()

    def finished(self, answer: Answer, seconds: float) -> None:
        """The answer is whole, or was stopped."""
        self._keeper.answered(answer)
        self._inner.finished(answer, seconds)

    def failed(self, error: PrivityError, answer: Answer) -> int:
        """What there was of it is kept as not complete."""
        self._keeper.answered(answer)
        return self._inner.failed(error, answer)


@asynccontextmanager
async def keeping_chat(options: Options, conversation: Conversation) -> AsyncIterator[Kept | None]:
    """Yield what keeps the chat, None without an account or with --temporary. `--continue` fills the conversation.

    Raises ClientError `no_account`, `chat_unknown` for --continue; VaultError when the account does not open.
    """
    place = stage.folder()
    if options.temporary or not place.exists():
        if options.continued:
            raise ClientError("misuse" if options.temporary else "no_account")
        yield None
        return
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(session(place))
        await found.try_to_synchronise(now=False)
        keeper = Keeper(found.replica)
        if options.continued:
            keeper, said = keeping.resume(found.replica, reading.named(found.replica, options.continued))
            conversation.turns[:] = said
        kept = Kept(found, keeper)
        task = asyncio.ensure_future(kept.uploads())
        try:
            yield kept
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
