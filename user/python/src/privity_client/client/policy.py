"""Which enclaves a program is ready to trust. The default of every member is the strictest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_client.appraisal import AllowSimulated, Consent, Refuse, read_root


@dataclass(frozen=True)
class Policy:
    """Without arguments: real hardware alone, judged by the operator's logged policy, under the logs of this device.

    `development_root` is the consent to test enclaves below that root: whoever runs them can read everything.
    `own` is a file with a stricter policy (`privity policy` prints the default one). `home` is where the logs of
    servers are pinned; None means PRIVITY_HOME.
    """

    development_root: Path | None = None
    own: Path | None = None
    home: Path | None = None

    def consent(self) -> Consent:
        """Return what appraisal may accept. Raises ClientError `development_root`."""
        return Refuse() if self.development_root is None else AllowSimulated((read_root(self.development_root),))


STRICT: Final = Policy()
"""The default."""
