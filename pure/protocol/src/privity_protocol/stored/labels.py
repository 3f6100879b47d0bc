"""The labels of what the service can check too: hashes and signatures, never a key. Source: specs/labels.md."""

from typing import Final

LOG: Final = b"privity/1/log\0"
PAGE: Final = b"privity/1/page\0"
PAGE_SIGNATURE: Final = b"privity/1/page/sig\0"
KEYRING: Final = b"privity/1/keyring\0"
ACCESS_DEVICE: Final = b"privity/1/access/device\0"
ACCESS_RECOVERY: Final = b"privity/1/access/recovery\0"
ERASURE_IDS: Final = b"privity/1/erasure/ids\0"
ERASURE: Final = b"privity/1/erasure\0"
