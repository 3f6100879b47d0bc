"""How many files the proxy may open."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from privity_client.proxy.listening import allow_many_files
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
allow_many_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "after"), [(256, 512, "512 512"), (256, 4000, "2048 4000"), (3000, 4000, "3000 4000")]
)
def test_a_low_limit_is_raised_as_far_as_it_may_be_and_a_high_one_is_kept(soft: int, hard: int, after: str) -> None:
    """Each connection holds two files, and a desktop lets a program have a thousand."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(soft), str(hard)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == after
