"""The limit of open files is raised as far as the system lets it."""

import subprocess
import sys

from libs.common.descriptors import RESERVED, connections_within

RAISED = """
import resource
from libs.common.descriptors import raise_limit
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (300, min(hard, 2000) if hard != resource.RLIM_INFINITY else 2000))
print(raise_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_the_limit_is_raised_to_the_hard_one() -> None:
    found = subprocess.run([sys.executable, "-c", RAISED], capture_output=True, text=True, check=True, timeout=30)

    assert found.stdout.split() == ["2000", "2000"]


def test_connections_leave_descriptors_for_the_rest() -> None:
    assert connections_within(65_536, 4096) == 4096
    assert connections_within(1024, 4096) == 1024 - RESERVED
    assert connections_within(100, 4096) == 1
