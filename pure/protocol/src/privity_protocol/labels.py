"""Every label that enters a hash or a key derivation of EC1, in one place. Source: specs/ec1.md, section "Labels".

A label is part of the protocol: changing a byte of one changes all keys. No other module spells a label.
"""

from typing import Final

MAGIC: Final = b"EC1"

HELLO_INFO: Final = b"EC1 hello v1\0"
HELLO_EXPORT: Final = b"EC1 hello v1"
HELLO_TRANSCRIPT: Final = b"EC1 hello transcript v1\0"
HELLO_SALT: Final = b"EC1 hello salt v1\0"
HELLO_CONFIRM: Final = b"EC1 hello confirm"
HELLO_AEAD: Final = b"EC1 hello"

RUN_SALT: Final = b"EC1 run salt v1\0"
RUN_TRANSCRIPT: Final = b"EC1 run transcript v1\0"
RUN_REQUEST_AEAD: Final = b"EC1 req"
RUN_RESPONSE_SECRET: Final = b"EC1 resp secret"
RUN_RESPONSE_SALT: Final = b"EC1 run response salt v1\0"
RUN_RESPONSE_CONFIRM: Final = b"EC1 resp confirm"
RUN_RESPONSE_AEAD: Final = b"EC1 resp"

CHAIN: Final = b"EC1 chain"

RECEIPT: Final = b"EC1 receipt v1\0"
RECEIPT_SALT: Final = b"EC1 receipt salt v1\0"
RECEIPT_REQUEST: Final = b"EC1 receipt request v1\0"
RECEIPT_RESPONSE: Final = b"EC1 receipt response v1\0"

KEY_SUFFIX: Final = b" key"
IV_SUFFIX: Final = b" iv"

XWING: Final = b"\\.//^\\"
"""The six bytes that end the hash input of the X-Wing combiner."""
HPKE_VERSION: Final = b"HPKE-v1"
