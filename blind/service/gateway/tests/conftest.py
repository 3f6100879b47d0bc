"""Makes the stand importable, and those of relay and service on which it is built."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "relay/tests"), str(HERE.parents[1] / "tests")]
