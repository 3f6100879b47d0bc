"""Makes the modules beside these tests importable under import mode importlib, and the ports of the system's tests."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
