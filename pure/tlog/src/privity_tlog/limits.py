"""Limits of everything that is read here: value, unit, why; beyond each, the reason of the reader."""

from typing import Final

MAX_NOTE: Final = 256 * 1024
"""Bytes of a signed note: 32 signatures of ML-DSA-44 take 110 KiB in base64."""
MAX_SIGNATURES: Final = 64
"""Signature lines of a note; C2SP demands at least 16."""
MAX_SIGNATURE: Final = 8 * 1024
"""Bytes of one signature with its key id: post-quantum ones take up to 5 KiB."""
MAX_NAME: Final = 255
"""Bytes of a key name or origin: what a cosigned message can hold."""
MAX_SIZE: Final = 2**53 - 1
"""Leaves of a tree, and seconds of a time: JavaScript counts no further exactly."""
MAX_HASHES: Final = 63
"""Hashes of one inclusion proof: a tree of 2^63 leaves has no longer path."""
MAX_PROOF: Final = 300 * 1024
"""Bytes of an offline proof: its note and a path."""
MAX_EXTRA: Final = 16 * 1024
"""Bytes of the extra data of a proof, base64 decoded."""
MAX_POLICY: Final = 128 * 1024
"""Bytes of a witness policy: 32 logs and 32 witnesses with ML-DSA-44 keys take 115 KiB."""
MAX_POLICY_LINES: Final = 256
MAX_ENTRY: Final = 65_535
"""Bytes of one leaf: the length in an entry bundle has 16 bits."""
TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
MAX_BULLETIN: Final = 1024 * 1024
"""Bytes of a bulletin: five releases, a fleet, a policy, a directory of full size, and two well witnessed heads."""
MAX_POSTED: Final = 32
"""Leaves of one log in a bulletin."""
MAX_APPRAISAL: Final = 64 * 1024
"""Bytes of an appraisal policy document."""
