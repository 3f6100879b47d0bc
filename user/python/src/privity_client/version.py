"""The version of this client, also the version of the local release that `serve` writes."""

from typing import Final

VERSION: Final = "0.1.0"
