"""Makes the fakes beside the tests importable under import mode importlib."""

import sys
from pathlib import Path

from hypothesis import settings

# A busy machine is no failure: how long an example takes is measured under bench/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


sys.path.insert(0, str(Path(__file__).parent))
