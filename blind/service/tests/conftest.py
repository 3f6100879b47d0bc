"""Makes `service_stand` importable for the tests of the blind service."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
