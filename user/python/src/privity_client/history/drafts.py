"""Answers while they are being written: sealed on the disk every second, and after a crash messages in state `cut`."""

from dataclasses import replace

from privity_protocol.errors import Malformed
from privity_vault.contents.chat import Node, State
from privity_vault.errors import VaultError

from privity_client.history import edits
from privity_client.history.replica import Replica


def save(replica: Replica, node: bytes, content: Node) -> None:
    """Keep what there is of an answer. It is durable when this returns."""
    cut = replace(content, state=State.CUT)
    body = replica.seal(cut, box=content.chat, id_=node, version=1)
    with replica.store.transaction():
        replica.store.set_draft(node, content.chat, body)


def finish(replica: Replica, node: bytes, content: Node) -> None:
    """The answer is what it will be: it waits for the log, and the draft is gone, in one transaction."""
    with replica.store.transaction():
        edits.put(replica, content, box=content.chat, id_=node)
        edits.due(replica, timed=True)
        replica.store.set_draft(node, content.chat, None)


def rescue(replica: Replica) -> int:
    """After a crash: what was being written becomes messages in state `cut`. Returns how many."""
    found = 0
    for node, chat, body in replica.store.drafts():
        with replica.store.transaction():
            try:
                content = replica.open_body(body, box=chat, id_=node, version=1)
            except (VaultError, Malformed):
                content = None
            if isinstance(content, Node) and replica.is_active(chat) is not None and replica.content(node) is None:
                edits.put(replica, content, box=chat, id_=node)
                found += 1
            replica.store.set_draft(node, chat, None)
    return found
