"""Makes the fakes beside the tests importable under import mode importlib."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# A busy machine is no failure: how long an example takes is measured under bench/.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


sys.path.insert(0, str(Path(__file__).parent))
