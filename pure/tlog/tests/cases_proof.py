"""Cases of vectors/proof, vectors/view and vectors/tiles: whole proofs, what is remembered, and static files."""

import log_material as m
import naive
from log_form import Case, case
from log_material import ALPHA, BETA, ENTRIES, FOREIGN, LEAVES, LOG, NOW, ORIGIN, head, proved, signed
from privity_tlog import checkpoint, merkle
from privity_tlog.limits import MAX_EXTRA, MAX_HASHES, MAX_PROOF

QUORUM = (LOG, ALPHA, BETA)
FIRST = "c2sp.org/tlog-proof@v1\n"


def proof_cases() -> list[Case]:
    return [*_forms(), *_whole()]


def _forms() -> list[Case]:
    note, one = b"any\n", m.text64(bytes(32))
    good = [
        ("bare", "no path", f"{FIRST}index 0\n\n"),
        ("path", "a path of two", f"{FIRST}index 2\n{one}\n{one}\n\n"),
        ("extra", "extra data", f"{FIRST}extra AAECAw==\nindex 2\n{one}\n\n"),
        ("extra-empty", "empty extra data", f"{FIRST}extra \nindex 2\n\n"),
        ("extra-most", "the longest extra data", f"{FIRST}extra {m.text64(bytes(MAX_EXTRA))}\nindex 2\n\n"),
        ("longest", "the longest path", FIRST + "index 9007199254740991\n" + f"{one}\n" * MAX_HASHES + "\n"),
    ]
    bad = [
        ("other-version", "another version", "c2sp.org/tlog-proof@v2\nindex 0\n\n"),
        ("no-index", "no index", f"{FIRST}{one}\n\n"),
        ("two-indices", "two indices", f"{FIRST}index 1\nindex 1\n\n"),
        ("index-late", "an index after the path", f"{FIRST}{one}\nindex 1\n\n"),
        ("index-zeros", "an index with leading zeros", f"{FIRST}index 01\n\n"),
        ("index-negative", "a negative index", f"{FIRST}index -1\n\n"),
        ("index-space", "two spaces before the index", f"{FIRST}index  1\n\n"),
        ("index-too-large", "an index of 2^53", f"{FIRST}index 9007199254740992\n\n"),
        ("extra-late", "extra data after the index", f"{FIRST}index 1\nextra AA==\n\n"),
        ("extra-twice", "extra data twice", f"{FIRST}extra AA==\nextra AA==\nindex 1\n\n"),
        ("extra-bits", "extra data with spare bits", f"{FIRST}extra AB==\nindex 1\n\n"),
        ("extra-too-long", "one byte too much", f"{FIRST}extra {m.text64(bytes(MAX_EXTRA + 1))}\nindex 2\n\n"),
        ("hash-short", "a hash of 31 bytes", f"{FIRST}index 1\n{m.text64(bytes(31))}\n\n"),
        ("hash-hex", "a hash in hexadecimal", f"{FIRST}index 1\n{bytes(32).hex()}\n\n"),
        ("hash-script", "a hash in another script", f"{FIRST}index 1\n\u0410{one[1:]}\n\n"),
        ("too-long", "one hash too many", FIRST + "index 1\n" + f"{one}\n" * (MAX_HASHES + 1) + "\n"),
        ("carriage-return", "lines that end as on Windows", f"{FIRST}index 1\r\n\n"),
        ("blank-early", "an empty line before the index", f"{FIRST}\nindex 1\n\n"),
    ]  # fmt: skip
    return [
        *(case(f"form-{end}", what, "decode_proof", ..., data=text.encode() + note) for end, what, text in good),
        *(case(f"form-{end}", what, "decode_proof", "proof_malformed", data=text.encode() + note)
          for end, what, text in bad),
        case("form-empty", "nothing", "decode_proof", "proof_malformed", data=b""),
        case("form-no-checkpoint", "no checkpoint", "decode_proof", "proof_malformed",
             data=f"{FIRST}index 0\n\n".encode()),
        case("form-unfinished", "no empty line", "decode_proof", "proof_malformed", data=f"{FIRST}index 0\n".encode()),
        case("form-too-large", "more than a proof may have", "decode_proof", "proof_malformed",
             data=f"{FIRST}index 0\n\n".encode() + b"a" * (MAX_PROOF - 31)),
        case("form-largest", "as much as a proof may have", "decode_proof", ...,
             data=f"{FIRST}index 0\n\n".encode() + b"a" * (MAX_PROOF - 32)),
    ]  # fmt: skip


def _whole() -> list[Case]:
    note = signed(11, *QUORUM)
    honest, path = proved(6, 11, note), naive.inclusion(LEAVES, 6)
    spoiled = honest.replace(m.text64(LEAVES[7]).encode(), m.text64(bytes(32)).encode())
    fork = merkle.root_of([*LEAVES[:10], bytes(32)])
    lied = checkpoint.Checkpoint(ORIGIN, 11, fork)
    forked = proved(6, 11, m.written(lied, [one.line(lied) for one in QUORUM]))
    good = [
        ("first", "the first entry", proved(0, 11, note), 0),
        ("middle", "an entry within", honest, 6),
        ("last", "the last entry", proved(10, 11, note), 10),
        ("only", "the only entry", proved(0, 1, signed(1, *QUORUM)), 0),
        ("extra", "extra data, which nobody vouches for", honest.replace(b"index", b"extra AAAA\nindex"), 6),
    ]
    bad = [
        ("other-entry", "the proof of another entry", honest, 7, "inclusion"),
        ("other-index", "another index", honest.replace(b"index 6", b"index 7"), 6, "inclusion"),
        ("index-beyond", "an index beyond the log", honest.replace(b"index 6", b"index 11"), 6, "inclusion"),
        ("path-spoiled", "another sibling", spoiled, 6, "inclusion"),
        ("path-short", "a path that ends early", m.proof.encode(6, path[:-1], note), 6, "inclusion"),
        ("path-long", "a path that goes on", m.proof.encode(6, [*path, bytes(32)], note), 6, "inclusion"),
        ("empty-log", "an entry in an empty log", m.proof.encode(0, [], signed(0, *QUORUM)), 0, "inclusion"),
        ("forked", "the path of another history", forked, 6, "inclusion"),
        ("older-head", "a head before the entry", m.proof.encode(6, path, signed(6, *QUORUM)), 6, "inclusion"),
        ("one-short", "one witness where two are due", proved(6, 11, signed(11, LOG, ALPHA)), 6, "witness_quorum"),
        ("foreign", "a foreign witness", proved(6, 11, signed(11, LOG, ALPHA, FOREIGN)), 6, "witness_quorum"),
        ("unsigned", "not signed by the log", proved(6, 11, signed(11, ALPHA, BETA)), 6, "log_signature"),
        ("head-changed", "a head that nobody signed", honest.replace(b"\n11\n", b"\n12\n"), 6, "log_signature"),
        ("note-cut", "a note without its last line feed", honest[:-1], 6, "note_malformed"),
        ("head-malformed", "a size with a leading zero", honest.replace(b"\n11\n", b"\n011\n"), 6,
         "checkpoint_malformed"),
    ]  # fmt: skip
    return [
        *(_proof(end, what, data, index, ...) for end, what, data, index in good),
        *(_proof(end, what, data, index, reason) for end, what, data, index, reason in bad),
        _proof("other-log", "another log than expected", honest, 6, "log_unknown", origin="log.example/keys"),
        _proof("stale", "one second too old", honest, 6, "checkpoint_stale", now=NOW + 7201, most=7200, skew=300),
        _proof("future", "one second too early", honest, 6, "checkpoint_from_the_future",
               now=NOW - 301, most=7200, skew=300),
    ]  # fmt: skip


def _proof(end: str, what: str, data: bytes, index: int, expect: object, **more: object) -> Case:
    given = {"data": data, "entry": ENTRIES[index], "policy": m.POLICY, "origin": ORIGIN, **more}
    return case(f"whole-{end}", what, "verify_proof", expect, **given)


def view_cases() -> list[Case]:
    def text(size: int, root: bytes | None = None, origin: str = ORIGIN) -> str:
        return checkpoint.encode(checkpoint.Checkpoint(origin, size, head(size).root if root is None else root))

    def path(old: int, new: int) -> list[str]:
        return [one.hex() for one in naive.consistency(LEAVES[:new], old)]

    fork = merkle.root_of([bytes(32), *LEAVES[1:9]])
    rows: list[tuple[str, str, str | None, str, list[str] | None, object]] = [
        ("first", "the first head of a log", None, text(5), None, ...),
        ("same", "the same head again", text(5), text(5), None, ...),
        ("grown", "a head that continues", text(5), text(9), path(5, 9), ...),
        ("grown-power", "from a complete tree", text(8), text(9), path(8, 9), ...),
        ("grown-from-one", "from one leaf", text(1), text(9), path(1, 9), ...),
        ("grown-from-nothing", "from no leaf", text(0), text(9), [], ...),
        ("other-log", "the head of another log", text(5), text(5, origin="other"), [], "log_unknown"),
        ("split", "another root of the same size", text(9), text(9, fork), [], "split_view"),
        ("split-empty", "another root of no leaf", text(0), text(0, bytes(32)), [], "split_view"),
        ("rollback", "a smaller head", text(9), text(5), path(5, 9), "checkpoint_rollback"),
        ("rollback-to-nothing", "an empty log", text(9), text(0), [], "checkpoint_rollback"),
        ("unproved", "a head that nothing connects", text(5), text(9), None, "consistency"),
        ("path-empty", "an empty path", text(5), text(9), [], "consistency"),
        ("path-short", "a path that ends early", text(5), text(9), path(5, 9)[:-1], "consistency"),
        ("path-long", "a path that goes on", text(5), text(9), [*path(5, 9), "00" * 32], "consistency"),
        ("path-other", "the path from another size", text(5), text(9), path(6, 9), "consistency"),
        ("path-hashes", "hashes of 31 bytes", text(5), text(9), [one[2:] for one in path(5, 9)], "consistency"),
        ("path-too-long", "a path of 64 hashes", text(5), text(9), ["00" * 32] * (MAX_HASHES + 1), "consistency"),
        ("forked", "a head of another history", text(5), text(9, fork), path(5, 9), "consistency"),
        ("forked-before", "another history before", text(5, bytes(32)), text(9), path(5, 9), "consistency"),
        ("forked-power", "another complete tree before", text(8, bytes(32)), text(9), path(8, 9), "consistency"),
        ("from-false-nothing", "a false root of no leaf", text(0, bytes(32)), text(9), [], "consistency"),
        ("from-nothing-path", "a path from no leaf", text(0), text(9), ["00" * 32], "consistency"),
    ]
    pairs = [
        ("older", "an older head of one history", text(5), text(9), path(5, 9), ...),
        ("equal", "the same head", text(9), text(9), [], ...),
        ("split", "two roots of one size", text(9), text(9, fork), [], "split_view"),
        ("forked", "an older head of another history", text(5), text(9, fork), path(5, 9), "consistency"),
        ("reversed", "the newer head as the older one", text(9), text(5), path(5, 9), "consistency"),
        ("other-log", "heads of two logs", text(5, origin="other"), text(9), path(5, 9), "log_unknown"),
    ]
    return [
        *(case(f"advance-{end}", what, "advance", expect, known=old, new=new, path=steps)
          for end, what, old, new, steps, expect in rows),
        *(case(f"history-{end}", what, "same_history", expect, older=old, newer=new, path=steps)
          for end, what, old, new, steps, expect in pairs),
    ]  # fmt: skip


def tile_cases() -> list[Case]:
    row, root = b"".join(LEAVES), head(11).root.hex()
    bundle = b"".join(len(one).to_bytes(2) + one for one in ENTRIES[:3])
    given = {"size": 11, "old": 6, "root": root, "old_root": head(6).root.hex()}
    paths = [(0, 0, 256), (0, 1, 112), (1, 999, 256), (2, 1000, 1), (0, 1_234_067, 255), (6, 70_000_000, 256)]
    sizes = [(0, 1), (0, 256), (255, 257), (0, 70_000), (69_999, 70_000), (256, 256), (65_535, 65_537)]
    bad_bundles = [
        ("cut", "a bundle that ends early", bundle[:-1], 3),
        ("length-cut", "half a length", bundle + b"\0", 3),
        ("too-few", "fewer entries than named", bundle, 4),
        ("more", "more entries than named", bundle, 2),
        ("none", "no entry", b"", 1),
    ]
    return [
        *(case(f"path-{level}-{at}-{width}", "the path of a tile", "tile_path", ..., level=level, index=at, width=width)
          for level, at, width in paths),
        *(case(f"of-entries-{level}-{at}-{width}", "the path of a bundle", "bundle_path", ..., index=at, width=width)
          for level, at, width in paths[:3]),
        *(case(f"width-{width}", "no such width", "tile_path", "tile_malformed", level=0, index=0, width=width)
          for width in (0, -1, 257)),
        *(case(f"grown-{old}-{new}", "tiles that a log writes as it grows", "tiles_of", ..., old=old, new=new)
          for old, new in sizes),
        case("tile", "eleven hashes", "decode_tile", ..., data=row, width=11),
        case("tile-short", "one byte missing", "decode_tile", "tile_malformed", data=row[:-1], width=11),
        case("tile-long", "one byte more", "decode_tile", "tile_malformed", data=row + b"\0", width=11),
        case("tile-narrow", "more hashes than named", "decode_tile", "tile_malformed", data=row, width=10),
        case("entries", "three entries", "decode_entries", ..., data=bundle, width=3),
        case("entries-empty", "an empty entry", "decode_entries", ..., data=bytes(2), width=1),
        case("entries-longest", "the longest entry", "decode_entries", ..., data=b"\xff" * 65_537, width=1),
        *(case(f"entries-{end}", what, "decode_entries", "tile_malformed", data=data, width=width)
          for end, what, data, width in bad_bundles),
        case("proofs", "proofs from a tile", "verify_tile_proofs", ..., data=row, **given),
        case("proofs-spoiled", "a tile with another hash", "verify_tile_proofs", "inclusion",
             data=bytes(32) + row[32:], **given),
        case("proofs-root", "another root before", "verify_tile_proofs", "consistency", data=row,
             **given | {"old_root": "00" * 32}),
    ]  # fmt: skip
