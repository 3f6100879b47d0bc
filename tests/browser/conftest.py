"""Makes the modules of this folder, and the terminal and the ports of others, importable for its tests."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "interop"), str(HERE.parent / "system")]
