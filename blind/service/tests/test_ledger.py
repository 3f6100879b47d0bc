"""The ledger against its vectors and an obvious model: crashes, lost writes, clocks, nodes that know no order."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any

import make_ledger_vectors as maker
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from ledger_stand import NOON, TODAY, LedgerClock, ask, called, engine_on, name
from privity_service.accounts.database import engine_of
from privity_service.accounts.schema import SchemaTooNew, upgrade
from privity_service.ledger.process import MIGRATIONS, NEWEST
from privity_service.ledger.refusal import Refused
from privity_service.ledger.states import DAY_S, LEASE_S, Call, Op
from privity_service.ledger.tables import TokenRow
from privity_service.ledger.writer import KEPT_DAYS, Writer
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import OperationalError

VECTORS = Path(__file__).resolve().parents[3] / "vectors/ledger/table.json"
CASES = json.loads(VECTORS.read_text())["cases"]
HERE = Path(__file__).parent
Make = Callable[[], tuple[Writer, LedgerClock, Engine]]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind."""
    return f"sqlite:///{tmp_path}/ledger.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")


@pytest.fixture
def ledger(url: str) -> Iterator[tuple[Writer, LedgerClock, Engine]]:
    """An empty ledger."""
    engine, clock = engine_on(url), LedgerClock()
    writer = Writer(engine, clock)
    yield writer, clock, engine
    writer.close()
    engine.dispose()


def test_the_file_is_the_one_that_the_script_writes() -> None:
    assert VECTORS.read_text() == maker.made()


def test_every_case_gives_what_it_expects(ledger: tuple[Writer, LedgerClock, Engine]) -> None:
    writer, clock, _ = ledger
    for number, case in enumerate(CASES):
        answers = []
        for now, op, token, day, mark, holder in case["input"]["steps"]:
            clock.now = NOON + now
            days = {maker.TODAY: 0, maker.EVE: -1, maker.MORROW: 1, maker.LAST_WEEK: -8}[day]
            call = called(op, holder, token=f"{number}{token}", day=TODAY + days, mark=mark)
            answers.append(ask(writer, call))
        assert answers == case["expect"]["ok"]["answers"], case["what"]


def test_old_days_are_erased_and_do_not_come_back_with_the_clock(ledger: tuple[Writer, LedgerClock, Engine]) -> None:
    writer, clock, engine = ledger
    assert ask(writer, called("reserve"))[0] == "reserved"
    assert ask(writer, called("commit"))[0] == "spent"
    clock.now = NOON + KEPT_DAYS * DAY_S
    assert writer.purge() == 0
    clock.now += DAY_S
    assert writer.purge() == 1
    assert writer.purge() == 0
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(TokenRow)).scalar() == 0
    clock.now = NOON
    assert ask(writer, called("reserve", "n2", mark="s")) == ["ledger.day", None]


def test_a_write_that_fails_is_everybodys_and_the_same_call_may_come_again(
    ledger: tuple[Writer, LedgerClock, Engine],
) -> None:
    """Lost, and kept but reported as failed."""
    writer, _, engine = ledger
    for kept in (False, True):
        call = called("reserve", token=f"kept {kept}")
        with failing(engine, kept=kept):
            assert ask(writer, call) == ["service.busy", 5]
        assert ask(writer, call) == ["reserved", LEASE_S, 1]
        assert ask(writer, called("reserve", "n2", token=f"kept {kept}", mark="s")) == ["ledger.spent", None]


class failing:
    """Makes the next commit fail, before it or after it."""

    def __init__(self, engine: Engine, *, kept: bool) -> None:
        self._dialect = engine.dialect
        self._commit = engine.dialect.do_commit
        self._kept = kept

    def __enter__(self) -> None:
        def fail(connection: object) -> None:
            if self._kept:
                self._commit(connection)  # type: ignore[arg-type]
            raise OperationalError(None, None, OSError("no answer"))

        self._dialect.do_commit = fail  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        self._dialect.do_commit = self._commit  # type: ignore[method-assign]


def test_a_caller_that_left_changes_nothing_and_holds_nobody_up(ledger: tuple[Writer, LedgerClock, Engine]) -> None:
    writer, _, engine = ledger
    left = []

    def leave(_connection: object) -> None:
        if not left:
            left.append(writer.submit(called("reserve", token="left")))
            left[0].cancel()

    event.listen(engine, "begin", leave)
    assert ask(writer, called("reserve"))[0] == "reserved"
    assert ask(writer, called("reserve", "n2", token="left", mark="s")) == ["reserved", LEASE_S, 1]


def test_beyond_its_queue_it_says_so_at_once(ledger: tuple[Writer, LedgerClock, Engine], monkeypatch) -> None:
    writer, _, _ = ledger
    full: Queue[None] = Queue(1)
    full.put(None)
    whole = writer._queue
    monkeypatch.setattr(writer, "_queue", full)
    with pytest.raises(Refused) as caught:
        writer.submit(called("reserve"))
    monkeypatch.setattr(writer, "_queue", whole)
    assert caught.value.reason == "service.busy"


def test_each_of_many_processes_spends_only_what_no_other_did(url: str) -> None:
    """Two ledgers on one database, the same forty tokens, each for requests of its own."""
    engine = engine_on(url)
    shown = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    engine.dispose()
    command = [sys.executable, str(HERE / "ledger_racer.py"), shown]
    racers = [subprocess.Popen([*command, f"p{n}"], stdin=-1, stdout=-1, text=True) for n in range(2)]
    for one in racers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    outputs = [one.communicate("go\n", timeout=120)[0] for one in racers]
    won = [token for output in outputs for token in json.loads(output)]
    assert sorted(won) == [f"{n:02}" for n in range(40)]


def test_a_second_process_reads_nothing_until_the_first_has_written(postgresql_url: str) -> None:
    """One is stopped as it commits; the other then waits for the lock, or has read that the token is free."""
    first, second = engine_on(postgresql_url), engine_of(postgresql_url.replace("/postgres?", "/ledger?"))
    commits, wrote, go_on = Event(), Event(), Event()
    commit = first.dialect.do_commit

    def stop(connection: Any) -> None:
        commits.set()
        assert go_on.wait(60)
        commit(connection)

    def watch(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT"):
            wrote.set()

    event.listen(second, "before_cursor_execute", watch)
    first.dialect.do_commit = stop  # type: ignore[method-assign]
    writers = [Writer(one, LedgerClock()) for one in (first, second)]
    try:
        ours = writers[0].submit(called("reserve", "n1"))
        assert commits.wait(60)
        theirs = writers[1].submit(called("reserve", "n2", mark="s"))
        with second.connect() as looking:
            waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            while not wrote.is_set() and looking.execute(waiting).scalar() == 0:
                looking.rollback()
        go_on.set()
        assert ours.result(timeout=60)[0].holder == name("n1")
        with pytest.raises(Refused, match="spent"):
            theirs.result(timeout=60)
    finally:
        go_on.set()
        for one in writers:
            one.close()
        first.dispose()
        second.dispose()


def test_a_database_of_accounts_is_refused_and_left_alone(tmp_path: Path) -> None:
    for first, second in (((), (NEWEST, MIGRATIONS)), ((NEWEST, MIGRATIONS), ())):
        engine = engine_of(f"sqlite:///{tmp_path}/{len(first)}.db")
        upgrade(engine, *first)
        with pytest.raises(SchemaTooNew):
            upgrade(engine, *second)
        engine.dispose()


def test_the_ledger_loads_nothing_of_accounts_but_how_to_reach_a_database() -> None:
    script = "import sys, privity_service.ledger.process; print(sorted(n for n in sys.modules if '.accounts.' in n))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    allowed = ("database", "problem", "schema")
    assert done.stdout.strip() == str([f"privity_service.accounts.{one}" for one in allowed])


NODES = st.sampled_from(["n1", "n2", "n3", "n4", "n5"])
MARKS = st.sampled_from(["r", "s"])
FAULTS = st.sampled_from(["none", "lost", "kept"])


class Interleavings(RuleBasedStateMachine):
    """Nodes call in any order, twice, late, across crashes; what was granted is judged by its history alone."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = engine_on(f"sqlite:///{self.folder.name}/ledger.db")
        self.clock = LedgerClock()
        self.writer = Writer(self.engine, self.clock)
        self.granted: list[tuple[str, str, int]] = []
        """Holder, mark and the second of each new grant."""
        self.renewed: dict[str, int] = {}
        self.ended: dict[str, str] = {}

    @rule(seconds=st.sampled_from([1, 59, 120, 180, 400]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule()
    def crash(self) -> None:
        self.writer.close()
        self.writer = Writer(self.engine, self.clock)

    @rule(op=st.sampled_from(list(Op)), holder=NODES, mark=MARKS, fault=FAULTS)
    def call(self, op: Op, holder: str, mark: str, fault: str) -> None:
        call = Call(op, name("t"), TODAY, name(mark), name(holder))
        if fault != "none":
            with failing(self.engine, kept=fault == "kept"):
                ask(self.writer, call)
        answer = ask(self.writer, call)
        self.judge(op, holder, mark, answer)

    def judge(self, op: Op, holder: str, mark: str, answer: list[object]) -> None:
        current = self.granted[-1] if self.granted else None
        if answer[0] == "ledger.held":
            assert op is Op.RESERVE
            assert current is not None
            assert current[1] == mark
            assert self.clock.now < self.renewed[current[0]] + LEASE_S
            return
        if answer[0] in {"ledger.spent", "ledger.lost"}:
            return
        if op is Op.RESERVE and (current is None or current[0] != holder):
            self.may_be_granted(current, mark)
            self.granted.append((holder, mark, self.clock.now))
            self.renewed[holder] = self.clock.now
            self.ended.pop(holder, None)
            assert answer == ["reserved", LEASE_S, len(self.granted)]
            return
        # Whatever else succeeds is the newest holder's, under its mark.
        assert current is not None
        assert current[:2] == (holder, mark)
        before = self.ended.get(holder)
        if op is Op.RENEW:
            assert before is None
            self.renewed[holder] = self.clock.now
        elif op is not Op.RESERVE:
            assert before in {None, op.value}
            self.ended[holder] = op.value
        else:
            assert before is None

    def may_be_granted(self, current: tuple[str, str, int] | None, mark: str) -> None:
        """A token is one request's for ever, three attempts of it, and one at a time; after a commit nobody's."""
        assert "commit" not in self.ended.values()
        assert len(self.granted) < 3
        if current is not None:
            assert mark == current[1]
            over = self.clock.now >= self.renewed[current[0]] + LEASE_S
            assert over or self.ended.get(current[0]) == "release"

    def teardown(self) -> None:
        self.writer.close()
        self.engine.dispose()
        self.folder.cleanup()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
