"""Every label that enters a key, a MAC or a commitment of the vault. Source: specs/labels.md; a test compares.

A label is part of the formats: changing a byte of one makes everything stored unreadable. No other module spells one.
"""

from typing import Final

PRF: Final = b"privity/1/prf"
OPENER: Final = b"privity/1/opener/"
OPENER_SEAL: Final = b"privity/1/opener/seal\0"
OPENER_TAG: Final = b"privity/1/opener/tag\0"
RECOVERY_CHECK: Final = b"privity/1/recovery/check"
RECOVERY_FIND: Final = b"privity/1/recovery/find"
RECOVERY_SIGN: Final = b"privity/1/recovery/sign"
KEYRING_MAC: Final = b"privity/1/keyring/mac"
INDEX: Final = b"privity/1/index"
IMPORT: Final = b"privity/1/import"
OBJECT: Final = b"privity/1/object"
BOX: Final = b"privity/1/box"
KEYRING: Final = b"privity/1/keyring"
SHARE: Final = b"privity/1/share"
KEY: Final = b"/key"
COMMIT: Final = b"/commit\0"
PAIR_COMMIT: Final = b"privity/1/pair/commit\0"
PAIR_CODE: Final = b"privity/1/pair/code\0"
PAIR_GRANT: Final = b"privity/1/pair/grant\0"
EXPORT_KEY: Final = b"privity/1/export/key"
EXPORT_COMMIT: Final = b"privity/1/export/commit"
