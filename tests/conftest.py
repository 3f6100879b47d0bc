"""Begins a run with what takes long, so that no worker is idle at its end; says in the end what was tried twice."""

from collections import defaultdict
from pathlib import Path

import pytest

MUTATIONS = Path(__file__).parent / "mutations"
TRIED_AGAIN = "tried again"
"""Property of a test that failed and then passed."""


def _seconds(item: pytest.Item) -> float:
    """How long a test may take: what it asks for, or a little more than nothing where it starts processes."""
    asked = item.get_closest_marker("timeout")
    if asked is not None:
        return float(asked.args[0])
    # Each sabotage is short; they are marked slow because there are two thousand.
    starts = item.path.parent != MUTATIONS and any(map(item.get_closest_marker, ("system", "browser", "slow")))
    return 1 if starts else 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by time, the longest first; a module stays together, because its tests share what it starts."""
    of_module: dict[Path, float] = defaultdict(float)
    for item in items:
        if item.path.parent != MUTATIONS:
            of_module[item.path] = max(of_module[item.path], _seconds(item))
    items.sort(key=lambda item: -of_module.get(item.path, _seconds(item)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what passed at a second try: it is no failure, and it should not be forgotten either."""
    reports = [one for one in terminalreporter.stats.get("passed", []) if isinstance(one, pytest.TestReport)]
    again = {str(value) for one in reports for name, value in one.user_properties if name == TRIED_AGAIN}
    for one in sorted(again):
        terminalreporter.write_line(f"TRIED AGAIN {one}")
