"""Three devices with clocks of their own write, delete and are away: all converge on a plain model, no text is lost.

The log here is a list; what a device does at a sync is what specs/merge.md and specs/tree.md say, and no more.
"""

from dataclasses import dataclass, field
from itertools import count

from history_operations import id_of
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_vault import clock, deletion, merge, tree
from privity_vault.clock import NEVER, Clock, Stamp
from privity_vault.contents.chat import Node, Role, State, Text
from privity_vault.contents.home import Prompt
from privity_vault.contents.schema import Field

START = 1_795_600_000_000
HOUR = 3_600_000
YEARS = 50 * 365 * 24 * HOUR
CHAT = id_of("chat")


@dataclass
class World:
    """The log, and what the plain model knows: every edit ever made."""

    log: list[tuple[bytes, object]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)
    now: int = START
    edits: dict[tuple[bytes, str], list[tuple[Stamp, str]]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    answered_for: set[str] = field(default_factory=set)
    """Texts that a person replaced or deleted while seeing them, or was offered."""

    def word(self) -> str:
        text = f"text {next(self.numbers)}"
        self.typed.add(text)
        return text


def texts_of(content: object) -> set[str]:
    if isinstance(content, Prompt):
        return {content.title.value, content.text.value}
    return {part.text for part in content.parts if isinstance(part, Text)}  # type: ignore[attr-defined]


class Device:
    def __init__(self, name: str, world: World, skew: int) -> None:
        self.world, self.skew = world, skew
        self.clock = Clock(id_of(name))
        self.read = 0
        self.held: dict[bytes, object] = {}
        self.gone: set[bytes] = set()
        self.base: dict[bytes, object] = {}
        self.waiting: dict[bytes, object] = {}
        self.deleting: dict[bytes, object] = {}
        """What was seen of it when it was deleted."""

    def now(self) -> int:
        return self.world.now + self.skew

    def seen(self) -> dict[bytes, object]:
        return {id_: one for id_, one in (self.held | self.waiting).items() if id_ not in self.deleting}

    def make(self) -> None:
        self.clock, stamp = clock.tick(self.clock, self.now())
        id_ = id_of(f"p{next(self.world.numbers)}")
        title, text = self.world.word(), self.world.word()
        self.waiting[id_] = Prompt(Field(title, stamp), Field(text, stamp), Field("", NEVER))
        for name, value in (("title", title), ("text", text)):
            self.world.edits.setdefault((id_, name), []).append((stamp, value))

    def edit(self, pick: int, name: str) -> None:
        prompts = sorted(id_ for id_, one in self.seen().items() if isinstance(one, Prompt))
        if not prompts:
            return self.make()
        id_ = prompts[pick % len(prompts)]
        was = self.seen()[id_]
        self.world.answered_for.add(getattr(was, name).value)
        text = self.world.word()
        self.clock, now = merge.edit(was, self.clock, self.now(), **{name: text})  # type: ignore[type-var]
        self.base.setdefault(id_, was)
        self.waiting[id_] = now
        self.world.edits.setdefault((id_, name), []).append((getattr(now, name).stamp, text))
        return None

    def say(self, pick: int) -> None:
        nodes = {id_: one for id_, one in self.seen().items() if isinstance(one, Node)}
        parents = [None, *sorted(nodes)]
        parent = parents[pick % len(parents)]
        at = tree.reply_time(nodes.get(parent or b""), self.now())
        id_ = id_of(f"n{next(self.world.numbers)}")
        role = Role.USER if pick % 3 else Role.ASSISTANT
        text = self.world.word() if role is Role.USER else "answer"
        self.waiting[id_] = Node(CHAT, parent, role, (Text(text),), None, None, State.COMPLETE, at)

    def delete(self, pick: int) -> None:
        ids = sorted(self.seen())
        if ids:
            id_ = ids[pick % len(ids)]
            below = deletion.of_message(self.nodes(), id_) if id_ in self.nodes() else (id_,)
            self.remove(below)

    def nodes(self) -> dict[bytes, Node]:
        return {id_: one for id_, one in self.seen().items() if isinstance(one, Node)}

    def remove(self, ids: tuple[bytes, ...]) -> None:
        for id_ in ids:
            seen = self.seen()[id_]
            self.world.answered_for |= texts_of(seen)
            if self.waiting.pop(id_, None) is None or id_ in self.held:
                self.deleting[id_] = seen

    def pull(self) -> None:
        for id_, content in self.world.log[self.read :]:
            assert id_ not in self.gone, "a deleted id returned"
            if content is None:
                self.gone.add(id_)
                self.held.pop(id_, None)
                self.deleting.pop(id_, None)
                self.lose(id_)
                continue
            if isinstance(content, Prompt):
                self.clock = merge.observe_all(self.clock, content, self.now())
                if id_ in self.deleting:
                    late = merge.lost(self.deleting[id_], content)  # type: ignore[type-var]
                    self.world.answered_for |= {one.text for one in late}
            self.held[id_] = content
            if id_ in self.waiting:
                merged = merge.merge(self.base[id_], self.waiting[id_], content, self.now())  # type: ignore[type-var]
                self.world.answered_for |= {one.text for one in merged.lost}
                self.base[id_] = content
                if merged.content is None:
                    del self.waiting[id_], self.base[id_]
                else:
                    self.waiting[id_] = merged.content
        self.read = len(self.world.log)

    def lose(self, id_: bytes) -> None:
        mine, base = self.waiting.pop(id_, None), self.base.pop(id_, None)
        if mine is not None:
            self.world.answered_for |= {one.text for one in merge.lost(base, mine)}  # type: ignore[type-var]

    def sync(self) -> None:
        self.pull()
        found = deletion.sweep(self.nodes(), self.gone, box_gone=False, answered=())
        for offer in found.offers:
            self.world.answered_for |= {text for id_ in offer.nodes for text in texts_of(self.nodes()[id_])}
        mine = {id_ for offer in found.offers for id_ in offer.nodes}
        self.remove(deletion.sweep(self.nodes(), self.gone, box_gone=False, answered=mine).deletes)
        self.world.log += [(id_, one) for id_, one in self.waiting.items() if id_ not in self.deleting]
        self.world.log += [(id_, None) for id_ in sorted(self.deleting)]
        self.waiting.clear()
        self.base.clear()
        self.pull()


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["make", "edit", "edit", "edit", "say", "say", "delete", "sync", "sync", "wait"]),
        st.integers(0, 11),
    ),
    max_size=40,
)


def played(steps: list[tuple[int, str, int]], skews: tuple[int, int, int]) -> tuple[World, list[Device]]:
    world = World()
    devices = [Device(name, world, skew) for name, skew in zip("abc", skews, strict=True)]
    for who, what, pick in steps:
        device = devices[who]
        if what == "wait":
            world.now += pick * 60_000
        elif what == "edit":
            device.edit(pick, ("title", "text")[pick % 2])
        elif what in ("say", "delete"):
            getattr(device, what)(pick)
        else:
            getattr(device, what)()
    for device in [*devices, *devices, *devices]:
        device.sync()
    return world, devices


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, skews=st.tuples(*[st.integers(-HOUR // 4, HOUR // 4)] * 3))
def test_devices_with_honest_clocks_converge_on_the_plain_model(steps, skews) -> None:
    """The plain model: of each field the edit with the highest stamp, of all that was not deleted."""
    world, (first, *others) = played(steps, skews)
    assert all(one.held == first.held and one.gone == first.gone for one in others)
    for (id_, name), edits in world.edits.items():
        if id_ not in first.gone and id_ in first.held:
            assert (getattr(first.held[id_], name).stamp, getattr(first.held[id_], name).value) == max(edits)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, skews=st.tuples(*[st.integers(-YEARS, YEARS)] * 3))
def test_devices_with_any_clocks_converge_and_no_text_is_lost(steps, skews) -> None:
    world, (first, *others) = played(steps, skews)
    assert all(one.held == first.held and one.gone == first.gone for one in others)
    there = {text for content in first.held.values() for text in texts_of(content)}
    assert world.typed - there - world.answered_for == set()
    assert first.held.keys() & first.gone == set()


@settings(max_examples=100, deadline=None)
@given(order=st.permutations(range(8)), parents=st.lists(st.integers(0, 7), min_size=8, max_size=8))
def test_a_tree_does_not_hang_on_the_order_of_arrival(order, parents) -> None:
    made = {}
    for at, parent in enumerate(parents):
        above = id_of(str(parent)) if parent < at else None
        made[id_of(str(at))] = Node(CHAT, above, Role.USER, (Text(""),), None, None, State.COMPLETE, at % 3)
    shuffled = {id_of(str(at)): made[id_of(str(at))] for at in order}
    assert tree.build(shuffled) == tree.build(made)
    assert tree.shown(tree.build(shuffled), None) == tree.shown(tree.build(made), None)


def test_a_value_of_the_far_future_gives_way_to_whoever_saw_it() -> None:
    world = World()
    broken, sane = Device("a", world, YEARS), Device("b", world, 0)
    broken.make()
    broken.sync()
    sane.sync()
    sane.edit(0, "title")
    sane.sync()
    broken.sync()
    assert broken.held == sane.held
    (content,) = sane.held.values()
    assert content.title.stamp.millis < START + HOUR  # type: ignore[attr-defined]
    assert clock.is_ahead(content.text.stamp, sane.now())  # type: ignore[attr-defined]


def test_setting_a_value_that_is_there_changes_nothing() -> None:
    content = Prompt(Field("a", NEVER), Field("b", NEVER), Field("", NEVER))
    assert merge.edit(content, Clock(id_of("a")), START, title="a", text="b") == (Clock(id_of("a")), content)
