"""Makes importable, under import mode importlib: modules beside these tests, ports of the system's, PostgreSQL."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system"), str(HERE.parents[1] / "blind/service/tests")]
