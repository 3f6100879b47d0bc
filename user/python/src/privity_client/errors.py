"""What can go wrong on the user's device: stable reason codes, words for a person, exit codes.

Codes of the wire come from `privity_protocol.errors`, those here are the client's own. Every code has two sentences:
what happened, and what to do. Listed for readers in user/python/README.md; a test compares the two.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from privity_protocol.errors import Malformed, PrivityError
from privity_tlog.errors import GROUPS, TlogError


class Exit(IntEnum):
    """Exit codes of every `privity` command."""

    OK = 0
    FAILED = 1
    MISUSE = 2
    REFUSED = 3
    MALFORMED = 4
    UNREACHABLE = 5


@dataclass(frozen=True)
class Words:
    """What a person reads: what happened, what to do next, and the exit code that goes with it."""

    what: str
    do: str
    exit: Exit


CLIENT_REASONS: Final[dict[str, Words]] = {
    "unreachable": Words(
        "No answer from the server.",
        "Is it running? `privity serve` starts one on this machine; --url names another.",
        Exit.UNREACHABLE,
    ),
    "not_privity": Words("This address does not answer like a Privity server.", "Check --url.", Exit.UNREACHABLE),
    "too_much": Words(
        "The server sent more bytes than the protocol allows.",
        "Nothing was sent. Try again, or use another server.",
        Exit.MALFORMED,
    ),
    "bad_answer": Words(
        "The server's answer does not follow the protocol.",
        "Try again. If it stays, report it to whoever runs the server.",
        Exit.MALFORMED,
    ),
    "no_node": Words(
        "No verified node offers what you asked for.",
        "`privity verify URL` shows what the server offers; --model names another model.",
        Exit.REFUSED,
    ),
    "refused": Words(
        "The server's evidence was refused. Nothing was sent.",
        "`privity verify URL` shows every check and its reason.",
        Exit.REFUSED,
    ),
    "simulated_not_allowed": Words(
        "Test enclave. Whoever runs this server can read your messages. Nothing was sent.",
        "If you only want to try it out, give --allow-simulated.",
        Exit.REFUSED,
    ),
    "development_root": Words(
        "A test enclave is judged against a development root, and none was given.",
        "Give --development-root FILE. On the machine that runs `privity serve` it is found by itself.",
        Exit.REFUSED,
    ),
    "answer_cut": Words(
        "The connection was lost before the answer was complete.",
        "What you see is only a part. Your message was kept: send it again.",
        Exit.FAILED,
    ),
    "answer_gone": Words(
        "The connection was lost, and the node no longer holds the rest of the answer.",
        "What you see is only a part. Your message was kept: send it again.",
        Exit.FAILED,
    ),
    "busy": Words("The node is busy.", "Your message was kept: send it again in a moment.", Exit.FAILED),
    "slow_down": Words(
        "The server asks you to slow down.", "Your message was kept: send it again in a minute.", Exit.FAILED
    ),
    "too_large": Words("The message is too large for the server.", "Shorten it, or attach smaller files.", Exit.FAILED),
    "session_refused": Words(
        "The node did not accept the message, also not after a fresh start.",
        "Your message was kept: send it again. `privity verify URL` shows the node's state.",
        Exit.FAILED,
    ),
    "token_invalid": Words("The node did not accept the token.", "Your message was kept: send it again.", Exit.FAILED),
    "token_spent": Words("The token was used before.", "Your message was kept: send it again.", Exit.FAILED),
    "token_expired": Words("The token has expired.", "Your message was kept: send it again.", Exit.FAILED),
    "tokens_gone": Words(
        "No message is left for today. Nothing was sent.",
        "Your message was kept: send it again then. `privity usage` shows what is left, `privity plan` what there is.",
        Exit.REFUSED,
    ),
    "issuer_refused": Words(
        "The service's tokens are not of the key in the public log. None was taken, and nothing was sent.",
        "A key of one's own would mark a person. Ask whoever runs the server.",
        Exit.REFUSED,
    ),
    "policy": Words("The node's rules do not allow this request.", "The node's own words are shown.", Exit.FAILED),
    "internal": Words("Something went wrong inside the enclave.", "Your message was kept: send it again.", Exit.FAILED),
    "model_unavailable": Words(
        "The model is not answering just now.",
        "The node restarts it. Your message was kept: send it again in a moment.",
        Exit.FAILED,
    ),
    "view_conflict": Words(
        "You and the node do not see the same public log.",
        "Do not send anything to this server until its operator explains it.",
        Exit.REFUSED,
    ),
    "bad_request": Words(
        "The node could not use the request.", "The node's own words say why; change that and send again.", Exit.FAILED
    ),
    "relay_bypassed": Words(
        "Through this relay you were led to a place that is not behind it. Nothing was sent there.",
        "Use another relay, or `--relay off`: the operator then sees from where you ask.",
        Exit.REFUSED,
    ),
    "relay_keys": Words(
        "The operator's gateway did not take the request under the keys that this machine remembers.",
        "If its new keys are known from elsewhere, `privity relay use RELAY --oblivious --keys SHA256` takes them.",
        Exit.REFUSED,
    ),
    "misuse": Words("The command was not understood.", "Add --help to see how it is used.", Exit.MISUSE),
    "file_unreadable": Words("A file could not be read.", "Check its name and its permissions.", Exit.MISUSE),
    "policy_unusable": Words(
        "The policy cannot be used.",
        "`privity policy` prints the default: a policy of yours may be stricter than that, and looser in nothing.",
        Exit.MISUSE,
    ),
    "evidence_unreadable": Words(
        "This file is no evidence that Privity can read.",
        "It reads bundles, quotes, reports, documents, tokens, certificates, revocation lists, policies and releases.",
        Exit.MALFORMED,
    ),
    "file_not_text": Words("Only text files (UTF-8) can be attached.", "Convert the file to text first.", Exit.MISUSE),
    "file_too_large": Words("The attached file is too large.", "Attach a smaller part of it.", Exit.MISUSE),
    "nothing_to_send": Words("There is no message to send.", 'Write one: privity chat "Hello"', Exit.MISUSE),
    "output_failed": Words(
        "The output could not be written; what was written of an answer is not complete.",
        "Free some space, or write elsewhere, and ask again.",
        Exit.FAILED,
    ),
    "already_running": Words(
        "Privity is already running from this folder.",
        "Use it, stop it with Ctrl-C in its terminal, or set PRIVITY_HOME to another folder.",
        Exit.MISUSE,
    ),
    "port_in_use": Words(
        "A port that Privity needs is used by another program.",
        "Stop that program, or set PRIVITY_PORT to another number (three ports in a row are used).",
        Exit.FAILED,
    ),
    "no_account": Words(
        "There is no account on this machine.",
        "`privity account create` makes one, `privity account recover` or `privity link` bring one here.",
        Exit.MISUSE,
    ),
    "account_exists": Words(
        "There is an account on this machine already.",
        "PRIVITY_HOME names another folder; `privity account forget` takes the account off this machine.",
        Exit.MISUSE,
    ),
    "not_typed": Words(
        "The code was not typed as it was shown.",
        "No account was made. Write the code down first, then begin again.",
        Exit.MISUSE,
    ),
    "chat_unknown": Words("There is no such chat here.", "`privity chats list` shows what there is.", Exit.MISUSE),
    "device_unknown": Words("There is no such device.", "`privity devices` shows them.", Exit.MISUSE),
    "terminal_needed": Words(
        "This asks a person something, and there is no terminal.", "Run it in a terminal.", Exit.MISUSE
    ),
    "web_not_logged": Words(
        "The page of this server is not in the public log.",
        "Do not use it. `privity web URL` serves the page from your own disk instead.",
        Exit.REFUSED,
    ),
    "web_differs": Words(
        "Files of this server's page are not the logged ones.",
        "Do not use it. `privity web URL` serves the page from your own disk instead.",
        Exit.REFUSED,
    ),
    "web_headers": Words(
        "This server sends its page without the headers that hold it together.",
        "Tell whoever runs it: docs/operating/web.md lists them.",
        Exit.REFUSED,
    ),
    "web_missing": Words(
        "This installation holds no web client.",
        "Install privity-client from its wheel; in a checkout, `make serve` builds the web client.",
        Exit.FAILED,
    ),
    "web_unusable": Words(
        "The web client in this installation cannot be used.",
        "Install privity-client again; in a checkout, `make serve` builds the web client anew.",
        Exit.FAILED,
    ),
    "home_unusable": Words(
        "The folder for Privity's state cannot be used.",
        "Set PRIVITY_HOME to a folder that only you can write.",
        Exit.FAILED,
    ),
    "role_failed": Words("A part of Privity did not start.", "Its own words are shown above.", Exit.FAILED),
    "not_ready": Words(
        "Privity started, but did not answer in time.", "The log folder named above says more.", Exit.FAILED
    ),
    "model_unknown": Words("There is no such model here.", "`privity models list` shows what there is.", Exit.MISUSE),
    "model_unpinned": Words(
        "The catalogue holds no digest for this model yet, so it cannot be pulled.",
        "Fetch the file yourself and use `privity models add PATH`.",
        Exit.REFUSED,
    ),
    "model_digest": Words(
        "The file is not the one the catalogue names.", "It was not kept. Try again, or another source.", Exit.REFUSED
    ),
    "model_not_gguf": Words("This file is not a GGUF model.", "`privity models add` takes one GGUF file.", Exit.MISUSE),
    "disk_full": Words("There is not enough room on the disk.", "Free some space and try again.", Exit.FAILED),
    "download_failed": Words(
        "The download stopped.", "Run the same command again: it goes on where it stopped.", Exit.UNREACHABLE
    ),
    "not_pinned": Words(
        "This device does not know which public logs count for this server. Nothing was sent.",
        "Get the operator's log policy by a way that you trust, then: privity trust pin URL --policy FILE",
        Exit.REFUSED,
    ),
    "pin_unusable": Words(
        "What is pinned for this server cannot be used.",
        "`privity trust pin URL --policy FILE` pins anew.",
        Exit.MISUSE,
    ),
    "no_quorum": Words(
        "The log policy asks for no witness: the server alone would vouch for its log.",
        "If you run the server yourself and accept that, give --accept-no-quorum.",
        Exit.REFUSED,
    ),
    "memory_unusable": Words(
        "What was remembered of this server's logs cannot be read. Nothing was sent.",
        "`privity trust show URL` names the folder; `privity trust forget URL` begins anew, without that memory.",
        Exit.FAILED,
    ),
    "log_outdated": Words(
        "The server's public log is outdated. Nothing was sent.",
        "Try again later. If it stays, ask whoever runs the server.",
        Exit.REFUSED,
    ),
    "log_unreadable": Words(
        "The server's public log cannot be read. Nothing was sent.",
        "Try again later. If it stays, ask whoever runs the server.",
        Exit.UNREACHABLE,
    ),
    "held_back": Words(
        "The release is new, and you hold new releases back. Nothing was sent.",
        "`privity trust upgrades URL` says what changed; `privity trust pin URL --hold-back 0` stops holding back.",
        Exit.REFUSED,
    ),
    "auditor_missing": Words(
        "An auditor that you require has not cosigned this release. Nothing was sent.",
        "Wait for them, or pin the server without them.",
        Exit.REFUSED,
    ),
    "timed_out": Words(
        "The answer did not come in the time that the program gave.", "Give more time, or ask for less.", Exit.FAILED
    ),
    "client_closed": Words(
        "The client is not open here.",
        "Open one in this process and event loop, and use it before it is closed.",
        Exit.MISUSE,
    ),
    "catalogue_invalid": Words("The model catalogue cannot be read.", "Reinstall privity-client.", Exit.MALFORMED),
}


_LIED: Final = Words(
    "The server's public log contradicts what it showed before, or itself. Nothing was sent.",
    "The contradiction is kept as evidence: `privity trust evidence URL`. Show it to others before you go on.",
    Exit.REFUSED,
)
_UNBELIEVED: Final = Words(
    "The server's public log is not believed. Nothing was sent.",
    "`privity verify URL` names the reason; ask whoever runs the server.",
    Exit.REFUSED,
)


class ClientError(PrivityError):
    """A failure the client itself found. `detail` adds particulars and never carries what the user typed."""

    def __init__(self, reason: str, detail: str = "") -> None:
        if reason not in CLIENT_REASONS:
            raise AssertionError(f"undocumented reason {reason}")
        self.reason = reason
        self.detail = detail
        Exception.__init__(self, f"{reason}: {detail}" if detail else reason)


class EvidenceRefused(ClientError):
    """Every node's evidence was refused; `record` is the appraisal record of the first one, in JSON terms."""

    def __init__(self, detail: str, record: dict[str, object]) -> None:
        super().__init__("refused", detail)
        self.record = record


def words_for(error: PrivityError) -> Words:
    """Return what a person reads for `error`; the codes of the wire share one entry per kind."""
    if isinstance(error, ClientError):
        return CLIENT_REASONS[error.reason]
    if isinstance(error, Malformed):
        return CLIENT_REASONS["bad_answer"]
    if isinstance(error, TlogError):
        return _LIED if error.reason in GROUPS["view"] + GROUPS["tree"] else _UNBELIEVED
    from privity_client.history.reasons import words

    if (found := words(error.reason)) is not None:
        return found
    return Words("The exchange with the node failed.", "Your message was kept: send it again.", Exit.FAILED)
