"""Slots: what one owner left behind is reused by that owner only, and everyone gets a turn."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from privity_enclave.engine.slots import Lease, LineFull, Slots

NEVER = Lease(-1, reuse=False)
A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


def test_a_fresh_slot_is_not_reused_and_the_own_one_is() -> None:
    slots: Slots[str] = Slots(2)
    first = slots.ask(A, "1")
    assert first is not None
    assert not first.reuse
    slots.release(first)
    assert slots.ask(A, "2") == Lease(first.slot, reuse=True)


def test_a_slot_that_another_left_is_never_reused() -> None:
    slots: Slots[str] = Slots(1)
    slots.release(slots.ask(A, "1") or NEVER)
    assert slots.ask(B, "2") == Lease(0, reuse=False)


def test_losing_a_slot_to_another_ends_its_reuse() -> None:
    slots: Slots[str] = Slots(1)
    for owner in (A, B):
        slots.release(slots.ask(owner, "x") or NEVER)
    assert slots.ask(A, "3") == Lease(0, reuse=False)


def test_a_newcomer_takes_the_least_recently_used_slot() -> None:
    slots: Slots[str] = Slots(2)
    first, second = slots.ask(A, "1"), slots.ask(B, "2")
    assert first is not None
    assert second is not None
    slots.release(second)
    slots.release(first)
    assert slots.ask(C, "3") == Lease(second.slot, reuse=False)
    assert slots.ask(A, "4") == Lease(first.slot, reuse=True)


def test_an_owner_whose_slot_is_busy_gets_another_without_reuse() -> None:
    slots: Slots[str] = Slots(2)
    slots.release(slots.ask(A, "1") or NEVER)
    assert slots.ask(A, "2") == Lease(0, reuse=True)
    assert slots.ask(A, "3") == Lease(1, reuse=False)


def test_the_line_is_first_come_first_served_and_may_be_left() -> None:
    slots: Slots[str] = Slots(1)
    lease = slots.ask(A, "0")
    assert lease is not None
    assert [slots.ask(owner, ticket) for owner, ticket in ((B, "1"), (C, "2"), (A, "3"))] == [None] * 3
    slots.leave("1")
    slots.leave("never there")
    assert slots.release(lease) == ("2", Lease(0, reuse=False))


def test_a_full_line_is_refused() -> None:
    slots: Slots[int] = Slots(1, waiting=3, waiting_per_owner=3)
    slots.ask(A, 0)
    for ticket in (1, 2, 3):
        slots.ask(B, ticket)
    with pytest.raises(LineFull):
        slots.ask(C, 4)


def test_one_owner_cannot_fill_the_line() -> None:
    slots: Slots[int] = Slots(1, waiting=9, waiting_per_owner=2)
    slots.ask(A, 0)
    slots.ask(B, 1)
    slots.ask(B, 2)
    with pytest.raises(LineFull):
        slots.ask(B, 3)
    assert slots.ask(C, 4) is None


def test_a_lease_ends_once() -> None:
    slots: Slots[int] = Slots(1)
    lease = slots.ask(A, 0)
    assert lease is not None
    slots.release(lease)
    with pytest.raises(KeyError):
        slots.release(lease)


class SlotsMachine(RuleBasedStateMachine):
    """Against the plainest model: a list of what each slot remembers, and a list of who waits."""

    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.slots: Slots[int] = Slots(3, waiting=4, waiting_per_owner=2)
        self.remembers: list[bytes | None] = [None] * 3
        self.busy: dict[int, bytes] = {}
        self.line: list[tuple[int, bytes]] = []
        self.ticket = 0

    def begin(self, owner: bytes, lease: Lease) -> Lease:
        assert lease.slot not in self.busy
        assert lease.reuse == (self.remembers[lease.slot] == owner)
        self.remembers[lease.slot] = owner
        self.busy[lease.slot] = owner
        return lease

    @rule(target=leases, owner=st.sampled_from([A, B, C]))
    def ask(self, owner: bytes) -> object:
        self.ticket += 1
        mine = [waiting for _, waiting in self.line if waiting == owner]
        try:
            lease = self.slots.ask(owner, self.ticket)
        except LineFull:
            assert len(self.line) == 4 or len(mine) == 2
            return multiple()
        if lease is None:
            self.line.append((self.ticket, owner))
            return multiple()
        return self.begin(owner, lease)

    @rule(target=leases, lease=consumes(leases))
    def release(self, lease: Lease) -> object:
        del self.busy[lease.slot]
        following = self.slots.release(lease)
        assert (following is None) == (not self.line)
        if following is None:
            return multiple()
        ticket, owner = self.line.pop(0)
        assert following[0] == ticket
        return self.begin(owner, following[1])

    @rule()
    def leave(self) -> None:
        if self.line:
            self.slots.leave(self.line.pop()[0])

    @invariant()
    def nobody_waits_while_a_slot_is_free(self) -> None:
        assert not self.line or len(self.busy) == 3


TestSlotsMachine = SlotsMachine.TestCase
