"""What the operator's fetcher stores for the bundle: certificates and revocation lists of vendors, each a file named
as its item. The enclave looks into none of it: clients trust signatures and dates, whoever passed them on.
"""

from pathlib import Path
from typing import Final

from privity_protocol.bundle import LABELS

from privity_enclave.hardware import Items
from privity_enclave.hardware.tree import read_at_most

STORED: Final = ("dcap-collateral", "nvidia-ocsp", "snp-crl", "snp-issuers", "snp-leaf")


def read(folder: Path | None) -> Items:
    """Return the items that lie in `folder` now; one that is missing, empty or too large is left out."""
    found: dict[str, tuple[str, bytes]] = {}
    for label in STORED if folder else ():
        (media_type,) = LABELS[label].media_types
        data = read_at_most(Path(folder or "", label), LABELS[label].limit + 1)
        if 0 < len(data) <= LABELS[label].limit:
            found[label] = (media_type, data)
    return found
