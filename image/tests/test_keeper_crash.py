"""Whatever write a crash interrupts: what is posted is whole, the chain of directories holds, the next run goes on."""

import contextlib

import pytest
from keeper_world import ADDRESS, World
from privity_image.errors import Failed
from privity_image.keeper.files import Files, locked
from privity_tlog.leaves import reading

STEPS = 40
"""More than any run of the course below takes; the last test says so."""


class Crash(BaseException):
    """The process ends here."""


class Fragile(Files):
    """Files, and the log's answers, of a process that ends just before its step number `last`."""

    def __init__(self, last: int) -> None:
        self.steps, self._last = 0, last

    def write(self, path, data) -> None:
        self.step(lambda: Files.write(self, path, data))

    def remove(self, path) -> None:
        self.step(lambda: Files.remove(self, path))

    def step(self, run) -> None:
        self.steps += 1
        if self.steps == self._last:
            raise Crash
        run()


def course(world, files) -> None:
    """A first start with one node, its second key, and its end."""
    world.appended = lambda: files.step(lambda: None)
    keeper = world.keeper(files)
    world.away.add(ADDRESS)
    keeper.one_pass()
    world.away.clear()
    if not world.nodes[ADDRESS]:
        world.start_node()
    keeper.one_pass()
    world.pass_time(4000)
    keeper.one_pass()
    world.nodes[ADDRESS].clear()
    keeper.one_pass()


@pytest.mark.parametrize("step", range(1, STEPS))
def test_a_crash_at_any_write_is_only_a_pass_that_ended_early(tmp_path, step) -> None:
    world = World(tmp_path)
    files = Fragile(step)
    with contextlib.suppress(Crash):
        course(world, files)
    if (tmp_path / "published" / "bulletin").exists():
        world.posted()
    world.appended = lambda: None
    again = world.keeper()
    world.away.add(ADDRESS)
    again.one_pass()
    world.away.clear()
    if not world.nodes[ADDRESS]:
        world.start_node()
    world.pass_time(61)
    again.one_pass()
    assert world.listed() == set(world.nodes[ADDRESS])
    assert {one.nd.hex() for one in world.directories()[-1].nodes} == world.listed()
    kinds = [reading.kind_of(leaf) for leaf in world.logs["release"].leaves]
    assert kinds.index("release") > max(kinds.index(one) for one in ("policy", "fleet", "revocations"))
    assert kinds.count("release") == 1
    assert not (tmp_path / "state" / "pending").exists()


def test_the_course_ends_before_the_steps_do(tmp_path) -> None:
    files = Fragile(0)
    course(World(tmp_path), files)
    assert 25 < files.steps < STEPS


def test_a_directory_that_waits_for_witnesses_is_handed_over_with_the_same_bytes(tmp_path) -> None:
    """Two directories that name the same one before would look as if one had been taken out of the row."""
    world = World(tmp_path)
    log = world.logs["keys"]
    log.witnessed = 0
    world.keeper().one_pass()
    world.now += 5
    world.keeper().one_pass()
    assert len(log.leaves) == 1
    assert "not_witnessed" in world.said("log_unusable")[-1]
    log.witnessed = None
    world.now += 5
    world.keeper().one_pass()
    assert len(world.directories()) == 1
    assert world.listed() == set()
    assert not (tmp_path / "state" / "pending").exists()


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch) -> None:
    path = tmp_path / "file"
    Files().write(path, b"old")

    def full(_descriptor) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Failed, match="No space left"):
        Files().write(path, b"new")
    assert path.read_bytes() == b"old"


def test_one_process_holds_the_state(tmp_path) -> None:
    with locked(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0
        with pytest.raises(Failed, match="running"), locked(tmp_path / "state"):
            pass
    with locked(tmp_path / "state"):
        pass
