"""Dishonest logs against the monitor, the mirror, the audit and what a client checks: a sentence, and the reason."""

import json
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import StreamRequestHandler, TCPServer

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_log import followed, sequencer
from privity_log.alarm import Mail, Webhook, all_of
from privity_log.audit import audit
from privity_log.errors import LogError, StoreError
from privity_log.leaf_checks import checks_for, compare_web
from privity_log.mirror import copy
from privity_log.monitor import Watched, visit
from privity_log.sequencer import CHECKPOINT, Committed, Sequencer
from privity_log.signer import signature_of
from privity_log.source import FolderSource, HttpSource
from privity_log.store import locked
from privity_log.surprise import Surprise
from privity_tlog import checkpoint, head, note, tiles
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from stand import LOG, NOW, ORIGIN, W1, W2, policy, signer, witness_lines
from strict_store import Disk, StrictStore

FOREIGN_LOG = [signer(ORIGIN, 1, 91)]
FOREIGN_WITNESS = signer("one.example/w", 6, 92)
TWO_OF_THREE = policy(witness_lines(2))


def leaf(number: int) -> bytes:
    return json.dumps({"n": number, "t": "release", "v": 1}, separators=(",", ":")).encode()


class Operator:
    """A log's operator, honest until told otherwise: owns its files and its keys, and the ear of two witnesses."""

    def __init__(self, *sizes: int, start: int = 0, age: int = 0, witnesses=(W1[1], W2[0])) -> None:
        self.disk = Disk()
        self.now, self.witnesses = NOW - age, witnesses
        sequencer.create(StrictStore(self.disk), ORIGIN, LOG, now=NOW)
        self.log: Sequencer = sequencer.open_log(StrictStore(self.disk), ORIGIN, LOG, now=NOW)
        for size in sizes:
            self.grow(size, start)

    def grow(self, size: int, start: int = 0) -> None:
        self.log.append([leaf(start + number) for number in range(self.log.committed.head.size, size)], now=NOW)
        self.sign(self.log.committed.head)

    def sign(self, of: Checkpoint, signers=LOG) -> None:
        """Publish any head at all, as one who has the keys can."""
        lines = [signature_of(one, of, self.now) for one in (*signers, *self.witnesses)]
        self.disk.files[CHECKPOINT] = note.encode(note.Note(checkpoint.encode(of), tuple(lines)))

    def published(self) -> Committed:
        data = self.disk.files[CHECKPOINT]
        return Committed(checkpoint.decode(note.decode(data).text), data)

    def become(self, other: "Operator") -> None:
        """Serve another history under the same name."""
        self.disk.files.clear()
        self.disk.files.update(other.disk.files)


def fork(one: Operator) -> None:
    one.become(Operator(300, start=1000))


def grown_fork(one: Operator) -> None:
    one.become(Operator(700, start=1000))


def rollback(one: Operator) -> None:
    one.become(Operator(200))


def omitted_leaf(one: Operator) -> None:
    one.grow(400)
    name = "public/tile/entries/001.p/144"
    kept = list(tiles.entries(one.disk.files[name], 144))
    one.disk.files[name] = tiles.bundle(kept[:-1])


def missing_leaf(one: Operator) -> None:
    one.grow(400)
    del one.disk.files["public/tile/entries/001.p/144"]


def exchanged_leaf(one: Operator) -> None:
    one.grow(400)
    name = "public/tile/entries/001.p/144"
    kept = list(tiles.entries(one.disk.files[name], 144))
    one.disk.files[name] = tiles.bundle([*kept[:-1], leaf(9999)])


def rewritten_past(one: Operator) -> None:
    """The known leaf 299 is another one now, and the tiles fit it."""
    other = Operator(299)
    other.log.append([leaf(5555)], now=NOW)
    other.grow(400)
    one.become(other)


def tiles_of_another_tree(one: Operator) -> None:
    one.grow(400)
    one.disk.files["public/tile/0/001.p/144"] = bytes(144 * 32)


def head_without_leaves(one: Operator) -> None:
    one.sign(Checkpoint(ORIGIN, 301, bytes(32)))


def root_that_the_leaves_do_not_make(one: Operator) -> None:
    one.grow(400)
    one.sign(Checkpoint(ORIGIN, 400, bytes(32)))


def another_root(one: Operator) -> None:
    one.sign(Checkpoint(ORIGIN, 300, bytes(32)))


def stale_checkpoint(one: Operator) -> None:
    one.now = NOW - 8 * 86_400
    one.sign(one.log.committed.head)


def head_of_tomorrow(one: Operator) -> None:
    one.now = NOW + 86_400
    one.sign(one.log.committed.head)


def foreign_witness(one: Operator) -> None:
    one.witnesses = (FOREIGN_WITNESS, W2[0])
    one.sign(one.log.committed.head)


def false_cosignature(one: Operator) -> None:
    one.witnesses = ()
    one.sign(one.log.committed.head)
    signed = note.decode(one.disk.files[CHECKPOINT])
    bad = [note.Signature(each.key.name, each.key.id, bytes(8 + 2420)) for each in (W1[1], W2[0])]
    one.disk.files[CHECKPOINT] = note.encode(signed.with_signatures(bad))


def quorum_short_by_one(one: Operator) -> None:
    one.witnesses = (W2[0],)
    one.sign(one.log.committed.head)


def one_witness_twice(one: Operator) -> None:
    one.witnesses = (W2[0], W2[0])
    one.sign(one.log.committed.head)


def foreign_log_key(one: Operator) -> None:
    one.sign(one.log.committed.head, FOREIGN_LOG)


def another_log(one: Operator) -> None:
    other = Checkpoint("other.example/release", 300, one.log.committed.head.root)
    one.sign(other, [signer("other.example/release", 1, 1)])


def unreadable_checkpoint(one: Operator) -> None:
    one.disk.files[CHECKPOINT] = b"not a note"


DISHONEST = {
    fork: "split_view",
    grown_fork: "consistency",
    rollback: "checkpoint_rollback",
    omitted_leaf: "tile_malformed",
    missing_leaf: "inclusion",
    exchanged_leaf: "consistency",
    rewritten_past: "consistency",
    tiles_of_another_tree: "consistency",
    head_without_leaves: "inclusion",
    another_root: "split_view",
    root_that_the_leaves_do_not_make: "consistency",
    stale_checkpoint: "checkpoint_stale",
    head_of_tomorrow: "checkpoint_from_the_future",
    foreign_witness: "witness_quorum",
    false_cosignature: "witness_signature",
    quorum_short_by_one: "witness_quorum",
    one_witness_twice: "witness_quorum",
    foreign_log_key: "log_signature",
    another_log: "log_unknown",
    unreadable_checkpoint: "note_malformed",
}
CONVICTING = {fork, rollback, grown_fork, another_root}


class Ear:
    """An alarm that remembers, and can be deaf."""

    def __init__(self) -> None:
        self.heard: list = []
        self.deaf = False

    def __call__(self, surprises) -> None:
        if self.deaf:
            raise LogError("not_told", "deaf")
        self.heard += surprises


def watched(one: Operator, web=None) -> Watched:
    return Watched(ORIGIN, one.disk, TWO_OF_THREE, 7 * 86_400, checks_for(ORIGIN, web))


@pytest.fixture
def store(tmp_path):
    with locked(tmp_path / "state") as made:
        yield made


def evidence_in(folder) -> list[bytes]:
    return sorted(path.read_bytes() for path in (folder / "state/evidence").rglob("*") if path.is_file())


@pytest.mark.parametrize("deed", DISHONEST, ids=lambda one: one.__name__)
def test_the_monitor_tells_what_a_dishonest_log_does_once_and_keeps_the_notes(deed, store, tmp_path) -> None:
    one, ear = Operator(10, 300), Ear()
    assert visit(watched(one), store, ear, now=NOW).surprises == ()
    before = one.published().note
    deed(one)
    for _ in range(2):
        found = visit(watched(one), store, ear, now=NOW)
        assert [each.reason for each in found.surprises] == [DISHONEST[deed]]
    assert len(ear.heard) == 1
    if deed in CONVICTING:
        assert evidence_in(tmp_path) == sorted([before, one.published().note])
        assert {note.decode(each).text.split("\n")[0] for each in evidence_in(tmp_path)} == {ORIGIN}


def test_an_honest_log_is_followed_over_restarts_and_every_leaf_is_read_once(tmp_path) -> None:
    one, ear = Operator(10), Ear()
    new = []
    for size in (10, 300, 300, 9000):
        one.grow(size)
        with locked(tmp_path / "state") as store:
            found = visit(watched(one), store, ear, now=NOW)
            new.append(found.new)
    assert new == [10, 290, 0, 8700]
    assert ear.heard == []
    with locked(tmp_path / "state") as store:
        assert followed.load(store).edge.root() == one.log.committed.head.root


def test_leaves_that_were_known_must_still_be_served(store) -> None:
    """The head may be honest: whoever reads the bundle now would see another past than the one that is signed."""
    one, ear = Operator(10, 300), Ear()
    visit(watched(one), store, ear, now=NOW)
    one.grow(400)
    name = "public/tile/entries/001.p/144"
    kept_entries = list(tiles.entries(one.disk.files[name], 144))
    one.disk.files[name] = tiles.bundle([leaf(7777), *kept_entries[1:]])
    assert [each.reason for each in visit(watched(one), store, ear, now=NOW).surprises] == ["consistency"]


def test_after_an_alarm_the_honest_history_is_still_believed(store) -> None:
    one, ear = Operator(300), Ear()
    visit(watched(one), store, ear, now=NOW)
    honest = dict(one.disk.files)
    grown_fork(one)
    assert visit(watched(one), store, ear, now=NOW).size == 300
    one.disk.files.clear()
    one.disk.files.update(honest)
    one.log = sequencer.open_log(StrictStore(one.disk), ORIGIN, LOG, now=NOW)
    one.grow(310)
    assert visit(watched(one), store, ear, now=NOW).new == 10


def test_what_nobody_heard_is_told_again(store) -> None:
    one, ear = Operator(300), Ear()
    one.log.append([b"what is this"], now=NOW)
    one.sign(one.log.committed.head)
    ear.deaf = True
    with pytest.raises(LogError, match="not_told"):
        visit(watched(one), store, ear, now=NOW)
    assert followed.load(store) == followed.NOTHING
    ear.deaf = False
    visit(watched(one), store, ear, now=NOW)
    assert [each.reason for each in ear.heard] == ["leaf_malformed"]


def test_a_log_that_cannot_be_reached_is_no_surprise_but_a_failure(store) -> None:
    class Away(Disk):
        def read(self, path: str, most: int) -> bytes | None:
            raise LogError("source_unreachable", path)

    one, ear = Operator(3), Ear()
    one.disk = Away()
    with pytest.raises(LogError, match="source_unreachable"):
        visit(watched(one), store, ear, now=NOW)
    assert ear.heard == []


LEAVES = {
    b'{"t":"release","v":1}': None,
    b'{"t":"directory","v":1}': "leaf_unknown",
    b'{"t":"surprise","v":1}': "leaf_unknown",
    b'{"t":5}': "leaf_malformed",
    b'["t"]': "leaf_malformed",
    b'{"t":"web","t":"release"}': "leaf_malformed",
    b"\xff": "leaf_malformed",
    b"[" * 60_000: "leaf_malformed",
}


@pytest.mark.parametrize("entry", LEAVES, ids=lambda one: repr(one[:24]))
def test_a_leaf_of_no_known_kind_is_a_surprise(entry) -> None:
    found = checks_for(ORIGIN, None).surprises(ORIGIN, 0, entry)
    assert [each.reason for each in found] == ([LEAVES[entry]] if LEAVES[entry] else [])


def test_a_log_that_stays_hidden_until_its_head_is_old_wakes_somebody(store) -> None:
    one, ear = Operator(3), Ear()
    visit(watched(one), store, ear, now=NOW)
    one.disk.files.clear()
    for days, heard in ((1, 0), (8, 1), (9, 1)):
        with pytest.raises(LogError, match="source_missing"):
            visit(watched(one), store, ear, now=NOW + days * 86_400)
        assert len(ear.heard) == heard
    assert ear.heard[0].reason == "checkpoint_stale"


def test_names_that_a_log_chose_cannot_steer_a_terminal_or_break_a_mail(tmp_path) -> None:
    text = compare_web({"files": {"\x1b[2J": "0", "\ud800": "0"}}, tmp_path)
    assert text is not None
    assert text.isascii()
    assert "\x1b" not in text
    assert len(Surprise(ORIGIN, "leaf_differs", text).id) == 32


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.floats() | st.text() | st.integers(), st.lists).map(
        lambda one: json.dumps({"t": one}).encode()
    )
)
def test_any_bytes_as_a_leaf_are_a_surprise_of_the_list_or_none(entry) -> None:
    checks = checks_for(ORIGIN, None)
    reasons = {each.reason for each in checks.surprises(ORIGIN, 0, entry)}
    assert reasons <= {"leaf_malformed", "leaf_unknown"}
    assert all(len(each.id) == 32 for each in checks.surprises(ORIGIN, 0, entry))


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200)
    | st.fixed_dictionaries(
        {
            "size": st.integers() | st.floats() | st.text(),
            "rows": st.lists(st.lists(st.text() | st.integers())),
            "note": st.text(),
        }
    ).map(lambda one: json.dumps(one).encode())
)
def test_any_bytes_as_a_state_are_damage(data) -> None:
    class Held:
        def read(self, _name: str) -> bytes:
            return data

    with pytest.raises(StoreError, match="store_damaged"):
        followed.load(Held())


def test_the_newest_logged_web_bundle_is_compared_with_the_rebuilt_one(store, tmp_path) -> None:
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(b"<html>")
    (built / "assets/app.js").write_bytes(b"app")
    files = {"index.html": sha256(b"<html>").hexdigest(), "assets/app.js": sha256(b"app").hexdigest()}

    def web(listed: dict) -> bytes:
        return json.dumps({"t": "web", "v": 1, "files": listed}).encode()

    one, ear = Operator(3), Ear()
    one.log.append([web({"index.html": "old"}), web(files)], now=NOW)
    one.sign(one.log.committed.head)
    assert visit(watched(one, built), store, ear, now=NOW).surprises == ()
    for listed, named in (
        ({**files, "assets/app.js": "0" * 64}, "assets/app.js"),
        ({**files, "extra.js": "0" * 64}, "extra.js"),
    ):
        one.log.append([web(listed)], now=NOW)
        one.sign(one.log.committed.head)
        found = visit(watched(one, built), store, ear, now=NOW).surprises
        assert [each.reason for each in found] == ["leaf_differs"]
        assert named in found[0].detail


def test_a_state_that_was_altered_is_not_followed_from(store) -> None:
    one = Operator(300)
    visit(watched(one), store, Ear(), now=NOW)
    data = store.read(followed.FOLLOWED)
    kept = json.loads(data)
    for spoiled in ({**kept, "size": 299}, {**kept, "rows": kept["rows"][:-1]}, {**kept, "note": ""}, {}, []):
        store.replace(followed.FOLLOWED, json.dumps(spoiled).encode(), expected=store.read(followed.FOLLOWED))
        with pytest.raises(StoreError, match="store_damaged"):
            followed.load(store)


@pytest.mark.parametrize("deed", [fork, grown_fork, rollback, exchanged_leaf, rewritten_past, tiles_of_another_tree])
def test_a_mirror_copies_what_holds_and_stops_where_it_does_not(deed, tmp_path) -> None:
    one = Operator(10, 300)
    with locked(tmp_path) as store:
        assert copy(one.disk, TWO_OF_THREE, ORIGIN, store) == 300
        one.grow(350)
        assert copy(one.disk, TWO_OF_THREE, ORIGIN, store) == 350
        one = Operator(10, 300, 350) if deed is not rewritten_past else one
        before = (tmp_path / CHECKPOINT).read_bytes()
        deed(one)
        with pytest.raises(TlogError):
            copy(one.disk, TWO_OF_THREE, ORIGIN, store)
        assert (tmp_path / CHECKPOINT).read_bytes() == before
    found = audit(FolderSource(tmp_path / "public"), TWO_OF_THREE, ORIGIN)
    assert found.head.size == 350


@pytest.mark.parametrize(
    "deed", [omitted_leaf, missing_leaf, exchanged_leaf, tiles_of_another_tree, head_without_leaves]
)
def test_an_audit_finds_what_is_not_whole(deed) -> None:
    one = Operator(10, 300)
    audit(one.disk, TWO_OF_THREE, ORIGIN, committed=one.log.committed.note)
    deed(one)
    with pytest.raises((TlogError, LogError)) as failure:
        audit(one.disk, TWO_OF_THREE, ORIGIN)
    assert failure.value.reason in (DISHONEST[deed], "source_missing")


def test_an_audit_demands_that_the_committed_head_continues_the_published_one() -> None:
    one = Operator(300)
    forked = Operator(400, start=1000)
    with pytest.raises((TlogError, LogError)):
        audit(one.disk, TWO_OF_THREE, ORIGIN, committed=forked.log.committed.note)


CLIENT = {
    foreign_witness: "witness_quorum",
    quorum_short_by_one: "witness_quorum",
    false_cosignature: "witness_signature",
    foreign_log_key: "log_signature",
    another_log: "log_unknown",
}


@pytest.mark.parametrize("deed", CLIENT, ids=lambda one: one.__name__)
def test_a_client_refuses_the_same_head_for_the_same_reason(deed) -> None:
    one = Operator(300)
    deed(one)
    with pytest.raises(TlogError) as failure:
        head.verify(one.published().note, TWO_OF_THREE, origin=ORIGIN)
    assert failure.value.reason == CLIENT[deed] == DISHONEST[deed]


# Telling.


def served(target) -> threading.Thread:
    thread = threading.Thread(target=target)
    thread.start()
    return thread


@pytest.fixture
def surprises(store):
    one, ear = Operator(300), Ear()
    visit(watched(one), store, ear, now=NOW)
    fork(one)
    return visit(watched(one), store, ear, now=NOW).surprises


def test_a_webhook_gets_the_reason_and_both_notes(surprises) -> None:
    bodies: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200 if len(bodies) == 1 else 500)
            self.end_headers()

        def log_message(self, *_arguments) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server, httpx.Client(trust_env=False) as client:
        thread = served(lambda: [server.handle_request() for _ in range(2)])
        hook = Webhook(f"http://127.0.0.1:{server.server_port}/", client)
        hook(surprises)
        with pytest.raises(LogError, match="not_told: webhook: status 500"):
            hook(surprises)
        thread.join()
    told = bodies[0]["surprises"][0]
    assert (told["origin"], told["reason"], len(told["notes"])) == (ORIGIN, "split_view", 2)
    assert "split_view" in bodies[0]["text"]


def test_a_mail_holds_the_evidence(surprises) -> None:
    received: list[bytes] = []

    class Handler(StreamRequestHandler):
        """As much of SMTP as one mail needs."""

        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    while (part := self.rfile.readline()) != b".\r\n":
                        received.append(part)
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = served(server.handle_request)
        Mail(f"127.0.0.1:{server.server_address[1]}", "log@a.example", ("you@b.example",), tls=False)(surprises)
        thread.join()
    text = b"".join(received).decode()
    assert "Subject: Transparency log: 1 surprise" in text
    assert "To: you@b.example" in text


def test_a_dead_mail_server_and_a_dead_webhook_are_failures_and_the_others_are_still_asked(surprises) -> None:
    ear = Ear()
    with httpx.Client(trust_env=False) as client:
        dead = [Mail("127.0.0.1:1", "a", ("b",)), Webhook("http://127.0.0.1:1/", client), ear]
        with pytest.raises(LogError, match="not_told: mail"):
            all_of(dead)(surprises)
    assert len(ear.heard) == 1


def test_a_log_is_followed_over_http_and_oversized_answers_are_refused() -> None:
    one = Operator(300)

    def answer(request: httpx.Request) -> httpx.Response:
        data = one.disk.files.get("public" + request.url.path.removeprefix("/log"))
        if request.url.path.endswith("/broken"):
            return httpx.Response(500)
        return httpx.Response(404) if data is None else httpx.Response(200, content=data)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        source = HttpSource("http://x/log/", client)
        assert audit(source, TWO_OF_THREE, ORIGIN).head.size == 300
        for path, most in (("checkpoint", 10), ("broken", 10)):
            with pytest.raises(LogError, match="source_unreachable"):
                source.read(path, most)
        assert source.read("tile/0/999", 10) is None
