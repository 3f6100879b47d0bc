"""Every limit of the protocols: value, unit, why, and what happens beyond. Source: specs/limits.md.

Members of this module are constants only, so that the blind service and the enclave may both read them.
"""

from typing import Final

# --- From the specification of EC1: changing one of these is a new version of the protocol. ---

SUITE: Final = 0x0001
"""The one suite: KEM 0x647a, HKDF-SHA256, AES-256-GCM. Beyond: `suite`."""

HELLO_REQUEST: Final = 2432
"""Bytes of a HELLO request, exactly: one size tells nothing. Otherwise: `size`."""

HELLO_RESPONSE: Final = 1432
"""Bytes of a HELLO response, exactly. Otherwise: `size`."""

HELLO_HEADER: Final = 16
"""Bytes of the HELLO request header, which a relay reads."""

RUN_HEADER: Final = 32
"""Bytes of the RUN request header, which a relay reads."""

RESPONSE_HEADER: Final = 8
"""Bytes of the header of either response."""

KID: Final = 8
"""Bytes of a key id: the beginning of the hash of the node document."""

SID: Final = 16
"""Bytes of a session handle, drawn by the node."""

RANDOM: Final = 32
"""Bytes of `crand` and `srand`: fresh salt on each side, so that no key depends on one side's randomness alone."""

CONFIRM: Final = 32
"""Bytes of a key confirmation, checked before anything is opened."""

TAG: Final = 16
"""Bytes that AES-256-GCM adds to each record."""

RECORD_HEADER: Final = 3
"""Bytes of type and length inside a record."""

REQUEST_RECORD: Final = 4096
"""Bytes of each sealed request record, exactly. Otherwise: `truncated` at the end."""

REQUEST_CAPACITY: Final = REQUEST_RECORD - TAG - RECORD_HEADER
"""Application bytes that one request record carries."""

MAX_REQUEST_RECORDS: Final = 8192
"""Records of a request: 32 MiB, what a node is willing to hold for one question. Beyond: `too_large`."""

RECORD_SIZES: Final = frozenset({256, 512, 1024, 4096})
"""Sealed response record sizes in bytes: few, so that the size tells only the profile. Otherwise: `record_size`."""

MAX_RECORDS_PER_KEY: Final = 2**20
"""Records under one key: far inside the bounds of AES-GCM with counter nonces. Beyond: `record_limit`."""

MAX_ERROR_TEXT: Final = 200
"""UTF-8 bytes of an ERROR record's text, so that it fits the smallest record. Beyond: `error_text`."""

SESSION_TTL: Final = 120
"""Seconds for which a node keeps the session of an answered HELLO: long enough to type the first words."""

NEXT_TTL: Final = 600
"""Seconds for which a node keeps the session that a NEXT record names: a reader's pause between two turns."""

CHAIN_RUNS: Final = 32
"""RUNs after one HELLO; a new HELLO heals from a stolen chain key. Beyond: `chain_exhausted`."""

CHAIN_SECONDS: Final = 3600
"""Seconds of one chain, also bounded by the node key's `exp`."""

KEY_WINDOW: Final = 7200
"""Seconds between `nbf` and `exp` of a node document at most."""

KEY_GRACE: Final = 300
"""Seconds of clock difference that either side forgives; the key is destroyed at `exp` plus this."""

MAX_NODE_DOCUMENT: Final = 4096
"""Bytes of a node document."""

MAX_BUNDLE: Final = 524288
"""Bytes of a node's evidence bundle."""

RESUME_SECONDS: Final = 60
"""Seconds for which a node goes on generating after the connection of a resumable answer was lost."""

RESUME_BYTES: Final = 262144
"""Application bytes of one answer kept for resume. Beyond: the answer is dropped and `resume_gone` is the answer."""

RESUME_TTL: Final = 120
"""Seconds for which the bytes of a resumable answer are kept."""

MAX_TRIES: Final = 3
"""Tries of one request after outer errors, with the same `rid` and token."""

# --- Ours: they bound memory and may change without changing a byte on the wire. ---

MAX_BACKLOG: Final = 1048576
"""Bytes queued in one emission. Beyond: `backlog_full`, the node's sign to stop reading the engine."""

FAST_BACKLOG: Final = 64
"""Queued records above which a node's policy gives the model 4096-byte records from the next response on."""

MAX_HEADER: Final = 65536
"""Bytes of a request's header JSON: room for 64 tokens of 354 bytes. Beyond: `too_large`."""

MAX_TOKENS_IN_HEADER: Final = 64
"""Metering tokens in one header."""

MAX_TOKEN: Final = 1024
"""Characters of one metering token in base64url."""

MAX_SEEN: Final = 4
"""Checkpoints that a header shows: two logs, and their successors during a key change."""

MAX_LINE: Final = 65536
"""Bytes of one response line with its line feed. Beyond: `too_large`."""

MAX_JSON_DEPTH: Final = 32
"""Levels of lists and objects in a chat body; a tool's schema needs about ten. Beyond: `too_deep`."""
