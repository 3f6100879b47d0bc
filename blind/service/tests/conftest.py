"""Makes the stands importable, and gives the account tests both databases."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from account_stand import Clock, Stand, stand_on
from hypothesis import HealthCheck, settings
from postgresql import postgresql
from privity_service.issuer.keys import IssuerKeys

# A busy machine is no failure: how long an example takes is measured under bench/.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


MakeStand = Callable[..., Stand]


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """One server for the session. The kernel keeps what was written when only our process dies, so no fsync."""
    try:
        with postgresql("-cfsync=off", "-cmax_connections=60") as url:
            yield url
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=["sqlite", "postgresql"])
def make_stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStand]:
    """Makes stands on an empty database of each kind."""
    made: list[Stand] = []

    def make(**more: object) -> Stand:
        sqlite = f"sqlite:///{tmp_path}/accounts-{len(made)}.db"
        url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
        made.append(stand_on(url, **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.house.database.close()


@pytest.fixture
def stand(make_stand: MakeStand) -> Stand:
    """An open service."""
    return make_stand()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> IssuerKeys:
    """An issuer's keys of two plans for today and tomorrow, once: making one takes long."""
    made = IssuerKeys(tmp_path_factory.mktemp("issuer"), ("free", "plus"))
    made.prepare(Clock().now, most=4)
    return made
