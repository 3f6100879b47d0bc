"""Cases of vectors/cosignature and vectors/witness-policy: who signed, and whether that is enough."""

import log_material as m
from log_form import Case, case
from log_material import ALPHA, BETA, FOREIGN, GAMMA, LOG, NEXT_LOG, NOW, ORIGIN, PQ_LOG, Signer, head, written
from privity_tlog import keys
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, Key
from privity_tlog.limits import MAX_POLICY, MAX_POLICY_LINES
from privity_tlog.note import Signature

HEAD = head(7)
EXTENDED = head(7, extensions=("one more line",))


def _late(one: Signature, time: int) -> Signature:
    """The line with another time in front of the same signature."""
    return Signature(one.name, one.key_id, time.to_bytes(8) + one.signature[8:])


def cosignature_cases() -> list[Case]:
    alpha, beta = ALPHA.line(HEAD), BETA.line(HEAD)
    short = Signature(beta.name, beta.key_id, beta.signature[:-1])
    plain = Signature(ALPHA.key.name, ALPHA.key.id, ALPHA.sign(HEAD_TEXT))
    renamed = Signer("gamma.example/w", COSIGNATURE_MLDSA44, BETA.key.name)
    borrowed = Signature(renamed.key.name, renamed.key.id, beta.signature)
    timed = Signature(LOG.key.name, LOG.key.id, NOW.to_bytes(8) + LOG.sign(HEAD_TEXT))
    good = [
        ("ed25519", "Ed25519 at a time", [alpha], ALPHA),
        ("mldsa44", "ML-DSA-44 at a time", [beta], BETA),
        ("mldsa44-no-time", "ML-DSA-44 that says no time", [BETA.line(HEAD, 0)], BETA),
        ("newest", "an old cosignature before a new one", [ALPHA.line(HEAD, NOW - 9), alpha], ALPHA),
        ("newest-first", "a new cosignature before an old one", [alpha, ALPHA.line(HEAD, NOW - 9)], ALPHA),
        ("absent", "none by this witness", [beta], ALPHA),
        ("strangers-share-the-name", "another key of the same name", [Signature(alpha.name, bytes(4), b"x")], ALPHA),
    ]
    bad = [
        ("spoiled", "one bit changed", [m.spoiled(alpha)], ALPHA, "witness_signature"),
        ("mldsa44-spoiled", "one bit changed", [m.spoiled(beta)], BETA, "witness_signature"),
        ("time-changed", "another time before the signature", [_late(alpha, NOW + 1)], ALPHA, "witness_signature"),
        ("mldsa44-time-changed", "another time", [_late(beta, NOW + 1)], BETA, "witness_signature"),
        ("other-head", "a cosignature of another head", [ALPHA.line(head(6))], ALPHA, "witness_signature"),
        ("mldsa44-other-head", "a cosignature of another head", [BETA.line(head(6))], BETA, "witness_signature"),
        ("one-false", "a good one and a false one", [alpha, m.spoiled(alpha)], ALPHA, "witness_signature"),
        ("mldsa44-borrowed", "the cosignature of a namesake's key", [borrowed], renamed, "witness_signature"),
        ("short", "one byte missing", [short], BETA, "cosignature_malformed"),
        ("no-time", "a signature of a note, without a time", [plain], ALPHA, "cosignature_malformed"),
        ("time-too-large", "a time of 2^53", [_late(alpha, 2**53)], ALPHA, "cosignature_malformed"),
        ("time-largest", "a time of 2^53 - 1", [_late(alpha, 2**53 - 1)], ALPHA, "witness_signature"),
        ("time-of-eight-bytes", "a time of 2^64 - 1", [_late(beta, 2**64 - 1)], BETA, "cosignature_malformed"),
        ("key-of-a-log", "a key that signs notes, not heads", [timed], LOG, "cosignature_malformed"),
    ]
    cases = [
        *(_cosigned(end, what, HEAD, lines, who, ...) for end, what, lines, who in good),
        *(_cosigned(end, what, HEAD, lines, who, reason) for end, what, lines, who, reason in bad),
    ]
    # The log's own lines are signed by Ed25519, and left out of what ML-DSA-44 signs.
    cases.append(_cosigned("extended", "a head with a line more", EXTENDED, [ALPHA.line(EXTENDED)], ALPHA, ...))
    cases.append(_cosigned("mldsa44-extended", "lines nobody vouches for", EXTENDED, [beta], BETA, ...))
    cases.append(_cosigned("extended-later", "a line added", EXTENDED, [alpha], ALPHA, "witness_signature"))
    return cases


HEAD_TEXT = f"{ORIGIN}\n7\n{m.text64(HEAD.root)}\n".encode()


def _cosigned(end: str, what: str, of: Checkpoint, lines: list[Signature], who: Signer, expect: object) -> Case:
    return case(end, what, "verify_cosignature", expect, data=written(of, lines), vkey=who.vkey)


def policy_cases() -> list[Case]:
    return [*_policies(), *_quorums(), *_heads()]


def _policies() -> list[Case]:
    a, b, c, log = ALPHA.vkey, BETA.vkey, GAMMA.vkey, LOG.vkey
    twin = keys.encode(Key("other.example", COSIGNATURE_ED25519, ALPHA.key.public))
    good = [
        ("groups", "two of three", m.POLICY.decode()),
        ("rotating", "three keys of one log", m.ROTATING.decode()),
        ("none", "no quorum", "quorum none\n"),
        ("one-witness", "a witness as the quorum", f"witness a {a}\nquorum a\n"),
        ("spaced", "white space, comments, empty lines", f"\n \t # log\n\twitness  a {a} \n#\nquorum\ta"),
        ("urls", "where log and witness are", f"log {log} https://log.example/\nwitness a {a} w\nquorum none\n"),
        ("nested", "groups of groups", f"witness a {a}\nwitness b {b}\ngroup x any a\ngroup y all x b\nquorum y\n"),
        ("names", "names beyond ASCII", f"witness ä#+ {a}\ngroup \u212a any ä#+\nquorum \u212a\n"),
        ("most-lines", "as many lines as are read", "#\n" * (MAX_POLICY_LINES - 1) + "quorum none\n"),
        ("largest", "the largest policy", "quorum none\n#" + "x" * (MAX_POLICY - 13)),
        ("key-in-two-roles", "a log that witnesses others", f"log {PQ_LOG.vkey}\nwitness a {PQ_LOG.vkey}\nquorum a"),
    ]
    bad = [
        ("empty", "no line", ""),
        ("no-quorum", "no quorum", f"witness a {a}\n"),
        ("two-quorums", "two quorums", f"witness a {a}\nquorum a\nquorum a\n"),
        ("quorum-unknown", "a quorum that nobody is", f"witness a {a}\nquorum b\n"),
        ("quorum-early", "a quorum before its witness", f"quorum a\nwitness a {a}\n"),
        ("quorum-more", "a word after the quorum", f"witness a {a}\nquorum a a\n"),
        ("word-unknown", "a line of another kind", "quorum none\nmonitor a\n"),
        ("case", "a keyword in upper case", "Quorum none\n"),
        ("carriage-return", "lines that end as on Windows", "quorum none\r\n"),
        ("bell", "a control character in a comment", "quorum none\n#\x07\n"),
        ("delete", "a DEL", "quorum none\n#\x7f\n"),
        ("non-breaking", "a space of Unicode between words", "quorum\u00a0none\n"),
        ("log-key-of-a-witness", "a log with a witness's key type", f"log {a}\nquorum none\n"),
        ("witness-key-of-a-log", "a witness with a log's key type", f"witness a {log}\nquorum none\n"),
        ("log-twice", "one log key twice", f"log {log}\nlog {log}\nquorum none\n"),
        ("witness-twice", "one witness key twice", f"witness a {a}\nwitness b {a}\nquorum none\n"),
        ("witness-twice-renamed", "one public key under two names", f"witness a {a}\nwitness b {twin}\nquorum none\n"),
        ("name-twice", "two witnesses of one name", f"witness a {a}\nwitness a {b}\nquorum none\n"),
        ("name-of-a-group", "a group named as a witness", f"witness a {a}\ngroup a any a\nquorum a\n"),
        ("name-none", "a witness named none", f"witness none {a}\nquorum none\n"),
        ("group-empty", "a group without members", f"witness a {a}\ngroup g any\nquorum g\n"),
        ("group-of-none", "none as a member", "group g any none\nquorum g\n"),
        ("group-unknown", "an unknown member", f"witness a {a}\ngroup g any a b\nquorum g\n"),
        ("group-itself", "a group in itself", f"witness a {a}\ngroup g any a g\nquorum g\n"),
        ("member-twice", "one member twice", f"witness a {a}\ngroup g 2 a a\nquorum g\n"),
        ("member-of-two", "a member of two groups", f"witness a {a}\ngroup g any a\ngroup h any a\nquorum h\n"),
        ("least-zero", "a group of which none must sign", f"witness a {a}\ngroup g 0 a\nquorum g\n"),
        ("least-too-many", "more than there are", f"witness a {a}\nwitness c {c}\ngroup g 3 a c\nquorum g\n"),
        ("least-zeros", "a number with a leading zero", f"witness a {a}\ngroup g 01 a\nquorum g\n"),
        ("least-word", "a number in words", f"witness a {a}\ngroup g one a\nquorum g\n"),
        ("witness-more", "a word after the address", f"witness a {a} b c\nquorum none\n"),
        ("too-many-lines", "one line too many", "#\n" * MAX_POLICY_LINES + "quorum none\n"),
        ("too-large", "one byte too many", "quorum none\n#" + "x" * (MAX_POLICY - 12)),
    ]
    decode = "decode_witness_policy"
    return [
        *(case(end, what, decode, ..., data=text.encode()) for end, what, text in good),
        *(case(end, what, decode, "policy_malformed", data=text.encode()) for end, what, text in bad),
        case("octets", "a name that is not UTF-8", decode, ..., data=b"quorum none\n#\xff\xfe\n"),
        case("vkey-bad", "a key that is none", decode, "key_malformed", data=f"log {log[:-1]}\nquorum none".encode()),
        case("vkey-octets", "a key name that is not UTF-8", decode, "key_malformed",
             data=b"log \xff" + log.encode() + b"\nquorum none\n"),
    ]  # fmt: skip


def _quorums() -> list[Case]:
    nested = m.WITNESSES + "group x 2 a b\ngroup y any x c\nquorum y\n"
    everyone = m.WITNESSES + "group x all a b c\nquorum x\n"
    rows = [
        ("two-of-three", m.POLICY.decode(), [["a", "b"], ["a", "c"], ["a"], [], ["a", "x", "y"], ["a", "b", "c"]]),
        ("all", everyone, [["a", "b", "c"], ["a", "b"], ["x"]]),
        ("nested", nested, [["a"], ["b"], ["a", "b"], ["c"], ["x"], ["y"]]),
        ("none", "quorum none\n", [[], ["a"]]),
    ]
    return [
        case(
            f"met-{end}-{'-'.join(names) or 'nobody'}", "who is enough", "is_met", ...,
            data=text.encode(), cosigned=names,
        )
        for end, text, every in rows
        for names in every
    ]  # fmt: skip


def _heads() -> list[Case]:
    log, alpha, beta, gamma = (one.line(HEAD) for one in (LOG, ALPHA, BETA, GAMMA))
    late = [LOG.line(HEAD), ALPHA.line(HEAD, NOW - 500), BETA.line(HEAD, NOW - 100), GAMMA.line(HEAD, NOW - 900)]
    other = head(7, origin="other.example/release")
    fork = Checkpoint(ORIGIN, 7, bytes(32))
    policy, rotating, none = m.POLICY, m.ROTATING, m.NO_QUORUM
    good = [
        ("two", "log and two witnesses", [log, alpha, beta], policy),
        ("three", "log and three witnesses", [log, alpha, beta, gamma], policy),
        ("any-order", "witnesses before the log", [gamma, FOREIGN.line(HEAD), alpha, log], policy),
        ("quorum-time", "the time is when the second of two had seen it", late, policy),
        ("no-witness", "a policy that demands no witness", [log], none),
        ("old-log-key", "the old key while keys change", [log, alpha, beta], rotating),
        ("new-log-key", "the new key while keys change", [NEXT_LOG.line(HEAD), alpha, beta], rotating),
        ("both-log-keys", "both keys while keys change", [log, NEXT_LOG.line(HEAD), alpha, beta], rotating),
        ("mldsa44-log-key", "a log that signs with ML-DSA-44", [PQ_LOG.line(HEAD, 0), alpha, beta], rotating),
    ]
    bad = [
        ("one-short", "one witness where two are due", [log, alpha], policy, "witness_quorum"),
        ("no-witnesses", "no witness", [log], policy, "witness_quorum"),
        ("foreign", "a foreign witness as the second", [log, alpha, FOREIGN.line(HEAD)], policy, "witness_quorum"),
        ("twice", "one witness twice", [log, alpha, ALPHA.line(HEAD, NOW - 1)], policy, "witness_quorum"),
        ("forged", "a quorum, and a forged third", [log, alpha, beta, m.spoiled(gamma)], policy, "witness_signature"),
        ("cut", "a quorum, and a short third", [log, alpha, beta, Signature(gamma.name, gamma.key_id, b"x")],
         policy, "cosignature_malformed"),
        ("unsigned", "witnesses, and not the log", [alpha, beta], policy, "log_signature"),
        ("log-forged", "a false signature of the log", [m.spoiled(log), alpha, beta], policy, "log_signature"),
        ("next-key-early", "the next key before it is known", [NEXT_LOG.line(HEAD), alpha, beta], policy,
         "log_signature"),
        ("next-key-forged", "the old key, a false new one", [log, m.spoiled(NEXT_LOG.line(HEAD)), alpha, beta],
         rotating, "log_signature"),
        ("mldsa44-log-forged", "a false ML-DSA-44 line of the log", [log, m.spoiled(PQ_LOG.line(HEAD)), alpha, beta],
         rotating, "log_signature"),
        ("mldsa44-log-cut", "a short line of the log", [log, Signature(ORIGIN, PQ_LOG.key.id, b"x"), alpha, beta],
         rotating, "log_signature"),
        ("other-head", "witnesses of another head", [log, ALPHA.line(fork), BETA.line(fork)], policy,
         "witness_signature"),
    ]  # fmt: skip
    given = {"origin": ORIGIN}
    cases = [
        *(_head(end, what, HEAD, lines, which, ..., given) for end, what, lines, which in good),
        *(_head(end, what, HEAD, lines, which, reason, given) for end, what, lines, which, reason in bad),
        _head("other-log", "another log than expected", other, [LOG.line(other)], none, "log_unknown", given),
        _head("not-in-policy", "a log that the policy does not know", other, [LOG.line(other)], none, "log_unknown",
              {"origin": other.origin}),
    ]  # fmt: skip
    return [*cases, *_ages(late)]


def _ages(late: list[Signature]) -> list[Case]:
    """The quorum of `late` had seen the head 500 s before NOW."""
    rows = [
        ("fresh", "the oldest that is fresh", m.POLICY, NOW, 500, 0, ...),
        ("stale", "one second too old", m.POLICY, NOW + 1, 500, 0, "checkpoint_stale"),
        ("skewed", "as far ahead as clocks may differ", m.POLICY, NOW - 800, 500, 300, ...),
        ("ahead", "one second further", m.POLICY, NOW - 801, 500, 300, "checkpoint_from_the_future"),
        ("ageless", "no witness, no age", m.NO_QUORUM, NOW + 10**9, 500, 0, ...),
    ]
    return [
        _head(f"age-{end}", what, HEAD, late, policy, expect,
              {"origin": ORIGIN, "now": now, "most": most, "skew": skew})
        for end, what, policy, now, most, skew, expect in rows
    ]  # fmt: skip


def _head(
    end: str, what: str, of: Checkpoint, lines: list[Signature], policy: bytes, expect: object, given: dict[str, object]
) -> Case:
    return case(f"head-{end}", what, "verify_head", expect, data=written(of, lines), policy=policy, **given)
