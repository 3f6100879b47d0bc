"""Limits of running a log: value, unit, why; beyond each, what happens. Those of the formats are in privity_tlog."""

from typing import Final

BATCH_SECONDS: Final = 1.0
"""Entries of one such time make one checkpoint: at most that long does an entry wait."""
MAX_BATCH: Final = 65_536
"""Entries of one batch; the rest waits for the next."""
MAX_BATCH_BYTES: Final = 64 * 1024 * 1024
"""Bytes of the entries of one batch: it is written once more beforehand. The rest waits for the next."""
MAX_WAITING: Final = 4 * MAX_BATCH
"""Entries that wait; beyond it `busy`."""
MAX_REMEMBERED: Final = 65_536
"""Newest leaves whose repetition is noticed: 256 tiles to read at a start. An older entry is logged again."""
REFRESH_SECONDS: Final = 900
"""An unchanged head is cosigned anew this often: clients accept heads of the keys log for two hours."""
WITNESS_SECONDS: Final = 5.0
"""One witness has this long to answer; a slow one is left out of this checkpoint."""
WITNESS_CONFLICTS: Final = 3
"""Conflicts (409) in a row after which a witness is left out of this checkpoint."""
APPEND_SECONDS: Final = 30.0
"""An append waits this long for the quorum; then `not_witnessed`, and asking again finds the same entry."""
MAX_ANSWER: Final = 256 * 1024
"""Bytes of an answer of a witness, or of a checkpoint."""
MAX_BUNDLE: Final = 256 * (2 + 65_535)
"""Bytes of an entry bundle."""
MAX_EVIDENCE: Final = 64
"""Contradicting notes that a witness keeps for each log; further ones add nothing."""
