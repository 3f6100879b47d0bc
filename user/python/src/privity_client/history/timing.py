"""When waiting changes leave this device, so that the moment of a question cannot be read off the account's log."""

import math
from typing import Final

MEAN_S: Final = 60.0
"""Mean of the exponential wait: whoever sees an upload learns little about when what it carries was written."""
MOST_S: Final = 300.0
"""Nothing waits longer than this while the device is in use."""


def wait(entropy: bytes) -> float:
    """Return the seconds until the next upload. `entropy` is 8 random bytes."""
    uniform = (int.from_bytes(entropy[:8]) + 1) / (2**64 + 1)
    return min(-MEAN_S * math.log(uniform), MOST_S)
