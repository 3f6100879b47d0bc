"""Makes the stand importable, and the scripted node of the service's tests; nothing of the accounts is loaded here."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests")]
