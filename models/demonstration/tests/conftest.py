"""The training package is no distribution: it is found beside this folder. Nothing these tests import needs PyTorch."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
