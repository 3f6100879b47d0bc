"""What a person reads when an account, its history or the service that keeps it gives a reason.

Reasons of the service: specs/service-api.md. Reasons of the vault: specs/vault-reasons.md. A test compares the lists.
"""

from typing import Final

from privity_protocol.errors import PrivityError

from privity_client.errors import Exit, Words

_AGAIN: Final = "Try again. If it stays, report it to whoever runs the service."
_STOPPED: Final = (
    "Nothing is written any more. `privity verify-history` tries again; with --repair it says what both sides hold. "
    "`privity chats export` saves what this device has."
)

SERVICE: Final[dict[str, Words]] = {
    "request.malformed": Words("The service did not understand this client.", _AGAIN, Exit.FAILED),
    "request.unknown": Words("The service keeps no accounts at this address.", "Check --url.", Exit.UNREACHABLE),
    "request.method": Words("The service keeps no accounts at this address.", "Check --url.", Exit.UNREACHABLE),
    "request.too_large": Words("The service found this too large.", "Nothing was written.", Exit.FAILED),
    "request.too_many": Words("The service asks to slow down.", "Wait a minute, then try again.", Exit.FAILED),
    "request.key_reused": Words("The service saw another request under the same key.", _AGAIN, Exit.FAILED),
    "access.required": Words(
        "The service no longer lets this device in.", "Link it anew: `privity link`.", Exit.REFUSED
    ),
    "access.refused": Words(
        "The service did not accept the proof.",
        "A revoked device is linked anew with `privity link`; check a recovery code letter by letter.",
        Exit.REFUSED,
    ),
    "access.scope": Words("The service wants a fresh proof for this.", "Give the recovery code.", Exit.REFUSED),
    "access.expired": Words("That took longer than the service waits.", "Begin again.", Exit.FAILED),
    "account.closed": Words(
        "The service takes no new accounts, or not with this invitation.", "Ask whoever runs it.", Exit.REFUSED
    ),
    "account.too_many": Words("Too many new accounts from this network today.", "Try again tomorrow.", Exit.FAILED),
    "keyring.moved": Words("Another device changed the account meanwhile.", "Try again.", Exit.FAILED),
    "keyring.invalid": Words("The service did not accept the new keyring.", _AGAIN, Exit.FAILED),
    "log.moved": Words("Other devices are writing without a pause.", "Try again in a moment.", Exit.FAILED),
    "body.absent": Words("The service lost a part before it was complete.", "Try again.", Exit.FAILED),
    "body.hash": Words("A part arrived changed at the service.", "Try again.", Exit.FAILED),
    "body.malformed": Words("The service did not accept a part.", _AGAIN, Exit.FAILED),
    "body.staged": Words("The service holds too many unfinished uploads.", "Try again tomorrow.", Exit.FAILED),
    "plan.active_chats": Words(
        "The plan allows no more active chats.", "Archive one: `privity chats archive ID`.", Exit.REFUSED
    ),
    "plan.bytes": Words("The plan's storage is full.", "Delete chats, or ask whoever runs the service.", Exit.REFUSED),
    "plan.tokens": Words(
        "The account has another plan than these tokens are of.", "Ask again: the plan has changed.", Exit.REFUSED
    ),
    "tokens.off": Words("This service gives out no tokens.", "Nothing is needed: it asks for none.", Exit.FAILED),
    "tokens.day": Words("These tokens are of another day than the service gives out.", "Ask again.", Exit.FAILED),
    "tokens.malformed": Words("The service did not accept what was to be signed.", _AGAIN, Exit.FAILED),
    "tokens.daily": Words("The plan has no more tokens for this day.", "Ask again tomorrow.", Exit.REFUSED),
    "voucher.malformed": Words(
        "This is no voucher as it was printed.", "Compare it letter by letter: each row ends with a check.", Exit.FAILED
    ),
    "voucher.unknown": Words(
        "This service does not take this voucher, or no longer.", "Ask whoever it is from.", Exit.REFUSED
    ),
    "voucher.used": Words("This voucher was redeemed before.", "Nothing was changed.", Exit.REFUSED),
    "plan.running": Words(
        "The account has a plan whose time runs.", "Wait for its end, then try again: `privity usage`.", Exit.REFUSED
    ),
    "payments.off": Words("This plan cannot be bought here.", "Ask whoever runs the service.", Exit.REFUSED),
    "pairing.pending": Words("The other device has not answered yet.", "Begin again on both.", Exit.FAILED),
    "pairing.unknown": Words("This link has ended.", "Begin again: `privity link` on the new device.", Exit.FAILED),
    "pairing.taken": Words("This link was used already.", "Begin again on the new device.", Exit.REFUSED),
    "pairing.order": Words("The steps of linking came out of order.", "Begin again on both devices.", Exit.FAILED),
    "passkeys.last": Words("This is the last passkey.", "Make a recovery code first.", Exit.REFUSED),
    "passkeys.known": Words("This passkey is known already.", "Nothing was changed.", Exit.FAILED),
    "passkeys.too_many": Words("There are as many passkeys as allowed.", "Remove one first.", Exit.FAILED),
    "share.unknown": Words("There is no such share.", "It has expired or was revoked.", Exit.FAILED),
    "share.taken": Words("A share of this id exists.", "Try again.", Exit.FAILED),
    "share.too_many": Words("There are as many shares as allowed.", "Revoke one first.", Exit.FAILED),
    "share.expiry": Words("The service keeps no share for so long.", "Choose a shorter time.", Exit.FAILED),
    "service.failed": Words("The service failed.", _AGAIN, Exit.FAILED),
    "service.busy": Words("The service is busy.", "Try again in a minute.", Exit.FAILED),
}
SHARED: Final = frozenset(
    {
        *("log.device", "log.keyring", "log.sequence", "log.version", "log.resurrected", "log.bad_signature"),
        *("page.malformed", "pairing.burnt"),
    }
)
"""Reasons that the service's list and the vault's have in common."""

VAULT: Final[dict[str, Words]] = {
    "log.rolled_back": Words("The service shows an older history than this device knows.", _STOPPED, Exit.REFUSED),
    "log.forked": Words("The service shows another history than this device knows.", _STOPPED, Exit.REFUSED),
    "log.omitted": Words("The service left out a part of the history.", _STOPPED, Exit.REFUSED),
    "log": Words("The service shows a history that no device of this account wrote.", _STOPPED, Exit.REFUSED),
    "keyring.rolled_back": Words("The service shows an older list of devices and keys.", _STOPPED, Exit.REFUSED),
    "keyring": Words("The service shows a list of devices that was not made by them.", _STOPPED, Exit.REFUSED),
    "object.missing": Words("The service lost a part of the history.", "The rest can be read.", Exit.FAILED),
    "object.swapped": Words(
        "The service delivered other bytes than were written.", "They were not used.", Exit.REFUSED
    ),
    "object.too_large": Words("This is too large for one object.", "Make it smaller.", Exit.MISUSE),
    "object": Words("A part of the history cannot be opened.", "The rest can be read.", Exit.FAILED),
    "opener.wrong_key": Words("This does not open the account.", "Check the code; nothing was changed.", Exit.REFUSED),
    "opener.foreign": Words("The service put a foreign key under this account.", "It was not used.", Exit.REFUSED),
    "opener.unlisted": Words("The account no longer lists this way to open it.", "Use another one.", Exit.REFUSED),
    "opener": Words("The account could not be opened in this way.", "Use another one.", Exit.REFUSED),
    "recovery.mistyped": Words("The recovery code has a mistake in it.", "Compare it letter by letter.", Exit.MISUSE),
    "recovery": Words("This is no recovery code.", "It has 34 letters in groups of four.", Exit.MISUSE),
    "passphrase": Words("These are not seven words of the list.", "Compare them one by one.", Exit.MISUSE),
    "page": Words("The service delivered something that is no page.", _STOPPED, Exit.REFUSED),
    "pairing.card_changed": Words(
        "The service showed another device than the link names.", "Do not go on. Begin again.", Exit.REFUSED
    ),
    "pairing.expired": Words("The link has ended: it lives for ten minutes.", "Begin again.", Exit.FAILED),
    "pairing.burnt": Words("Three wrong codes. The link was burnt.", "Begin again on both devices.", Exit.REFUSED),
    "pairing.malformed": Words("This is no link of a new device.", "It begins with https://.", Exit.MISUSE),
    "pairing": Words("The other device is not the one that it should be.", "Begin again.", Exit.REFUSED),
    "share": Words("The share cannot be opened.", "Ask for a new link.", Exit.FAILED),
    "export.wrong_key": Words("These words do not open the export.", "Compare them one by one.", Exit.REFUSED),
    "export": Words("This is no export that can be read whole.", "Nothing was imported.", Exit.MALFORMED),
}
"""By reason, else by what stands before its dot."""


class ServiceRefused(PrivityError):
    """The account service's own reason. `retry_after` in seconds, where it said so."""

    def __init__(self, reason: str, detail: str = "", *, retry_after: int | None = None) -> None:
        if reason not in SERVICE and reason not in SHARED:
            raise AssertionError(f"undocumented reason {reason}")
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after
        Exception.__init__(self, f"{reason}: {detail}" if detail else reason)


def words(reason: str) -> Words | None:
    """Return what a person reads for a reason of the service or of the vault, None for any other."""
    return SERVICE.get(reason) or VAULT.get(reason) or VAULT.get(reason.partition(".")[0])
