"""Cases of vectors/note and vectors/checkpoint."""

import log_material as m
from log_form import Case, case
from privity_tlog import keys, note
from privity_tlog.keys import NOTE_ED25519, Key
from privity_tlog.limits import MAX_NAME, MAX_NOTE, MAX_SIGNATURE, MAX_SIGNATURES, MAX_SIZE
from privity_tlog.note import Note, Signature

TEXT = "Some text\nin two lines\n"
SIGNED = m.LOG.sign(TEXT.encode())
GOOD = note.encode(Note(TEXT, (Signature(m.LOG.key.name, m.LOG.key.id, SIGNED),)))
UNKNOWN = Signature(m.FOREIGN.key.name, m.FOREIGN.key.id, bytes(64))
UNKNOWN_LINE = f"— {UNKNOWN.name} {m.text64(UNKNOWN.key_id + UNKNOWN.signature)}\n".encode()
NAMESAKE = Key(m.ORIGIN, NOTE_ED25519, m.FOREIGN.key.public)


def _of(*lines: Signature, text: str = TEXT) -> bytes:
    return note.encode(Note(text, lines))


def _raw(line: str, text: str = TEXT) -> bytes:
    return f"{text}\n{line}\n".encode()


def note_cases() -> list[Case]:
    return [*_keys(), *_notes(), *_signatures()]


def _keys() -> list[Case]:
    good = m.LOG.vkey
    name, identifier, encoded = good.split("+", 2)
    public = m.LOG.key.public
    short, other = Key(name, NOTE_ED25519, public[:-1]), Key(name, 2, public)
    spaced, wide, control = (Key(f"log{one}example", NOTE_ED25519, public) for one in (" ", "\u00a0", "\u0085"))
    rows = [
        ("empty", "no text", ""),
        ("name-empty", "no name", keys.encode(Key("", NOTE_ED25519, public))),
        ("name-space", "a space in the name", keys.encode(spaced)),
        ("name-no-break-space", "a space of Unicode in the name", keys.encode(wide)),
        ("name-control", "a control character in the name", keys.encode(control)),
        ("id-other", "the id of another key", f"{name}+{m.FOREIGN.key.id.hex()}+{encoded}"),
        ("id-upper", "an id in upper case", f"{name}+{identifier.upper()}+{encoded}"),
        ("id-missing", "no id", f"{name}+{encoded}"),
        ("base64-unpadded", "base64 that ends early", good[:-1]),
        ("key-short", "a key of 31 bytes", keys.encode(short)),
        ("type-unknown", "ECDSA", keys.encode(other)),
        ("line-feed", "a line feed at the end", good + "\n"),
        ("part-more", "a fourth part", good + "+00"),
    ]
    accepted = [("note", m.LOG), ("cosignature", m.ALPHA), ("mldsa44", m.BETA)]
    return [
        *(case(f"key-{one}", f"a key of type {one}", "decode_key", ..., vkey=key.vkey) for one, key in accepted),
        *(case(f"key-{end}", what, "decode_key", "key_malformed", vkey=vkey) for end, what, vkey in rows),
    ]


def _notes() -> list[Case]:
    line = note.encode(Note("x\n", (Signature("a", bytes(4), b"\1"),))).decode().split("\n")[2]
    long = Signature("a" * MAX_NAME, bytes(4), b"\1")
    most = Signature("a", bytes(4), bytes(MAX_SIGNATURE - 4))
    filling = "y" * (MAX_NOTE - len(_raw(line, "\n"))) + "\n"
    good = [
        ("one", "one signature", GOOD),
        ("blank-lines", "a text with empty lines", _of(UNKNOWN, text="a\n\n\nb\n\n")),
        ("unicode", "a text beyond ASCII", _of(UNKNOWN, text="ὀλίγον\u2028\ufeff\n")),
        ("byte-order-mark", "a text that begins with a byte order mark", _of(UNKNOWN, text="\ufeffa\n")),
        ("twice", "one line twice", _of(UNKNOWN, UNKNOWN)),
        ("sixteen", "sixteen signatures, which everybody must accept", _of(*[UNKNOWN] * 16)),
        ("most-signatures", "as many signatures as are read", _of(*[UNKNOWN] * MAX_SIGNATURES)),
        ("longest-name", "the longest name", _of(long)),
        ("longest-signature", "the longest signature", _of(most)),
        ("largest", "the largest note", _raw(line, filling)),
    ]
    bad = [
        ("empty", "nothing", b""),
        ("no-signature", "no signature", b"text\n\n"),
        ("no-blank-line", "no blank line", b"text\n" + line.encode() + b"\n"),
        ("no-text", "no text", b"\n\n" + line.encode() + b"\n"),
        ("no-last-line-feed", "no line feed at the end", GOOD[:-1]),
        ("after", "an empty line after the signatures", GOOD + b"\n"),
        ("hyphen", "a hyphen in place of the dash", GOOD.replace("—".encode(), b"-")),
        ("no-space", "no space after the dash", GOOD.replace("— ".encode(), "—".encode())),
        ("double-space", "two spaces before the signature", GOOD.replace(b"release ", b"release  ")),
        ("name-plus", "a plus in the name", _raw(line.replace("a ", "a+b "))),
        ("name-space", "a space of Unicode in the name", _raw(line.replace("a ", "a\u3000b "))),
        ("name-too-long", "a name of 256 bytes", _raw(line.replace("a ", "a" * 256 + " "))),
        ("base64", "base64 of another alphabet", _raw("— a AAAAA_A=")),
        ("base64-bits", "base64 with spare bits", _raw("— a AAAAAAF=")),
        ("base64-unpadded", "base64 without padding", _raw("— a AAAAAAE")),
        ("base64-spaced", "a space after the signature", _raw(line + " ")),
        ("only-id", "a key id and no signature", _raw("— a AAAAAA==")),
        ("carriage-return", "lines that end as on Windows", GOOD.replace(b"\n", b"\r\n")),
        ("tab", "a tab in the text", GOOD.replace(b"Some text", b"Some\ttext")),
        ("nul", "a NUL in the text", GOOD.replace(b"Some", b"So\0e")),
        ("not-utf8", "bytes that are not UTF-8", GOOD.replace(b"Some", b"So\xff\xfe")),
        ("surrogate", "a surrogate in UTF-8", GOOD.replace(b"Some", b"S\xed\xa0\x80")),
        ("too-many", "one signature too many", GOOD + GOOD.split(b"\n\n")[1] * MAX_SIGNATURES),
        ("signature-too-long", "a signature one byte too long", _raw(f"— a {m.text64(bytes(MAX_SIGNATURE + 1))}")),
        ("too-large", "one byte more than a note may have", _raw(line, "y" + filling)),
    ]
    return [
        *(case(end, what, "decode_note", ..., data=data) for end, what, data in good),
        *(case(end, what, "decode_note", "note_malformed", data=data) for end, what, data in bad),
    ]


def _signatures() -> list[Case]:
    mine, vkey = Signature(m.LOG.key.name, m.LOG.key.id, SIGNED), m.LOG.vkey
    stranger = Signature(m.ORIGIN, NAMESAKE.id, bytes(64))
    same_id = Signature("another.example", m.LOG.key.id, bytes(64))
    good = [
        ("verified", "signed by the key", GOOD),
        ("beside-others", "signed by strangers too", _of(UNKNOWN, mine, UNKNOWN)),
        ("name-shared", "a stranger's line under the same name", _of(mine, stranger)),
        ("id-shared", "a stranger's line with the same id", _of(same_id, mine)),
    ]
    bad = [
        ("unsigned", "signed by strangers only", _of(UNKNOWN)),
        ("spoiled", "one bit changed", _of(m.spoiled(mine))),
        ("text-changed", "a signature of another text", _of(mine, text="Some text\nin two Lines\n")),
        ("one-false", "a good signature and a false one of the same key", _of(mine, m.spoiled(mine))),
        ("truncated", "a signature of 63 bytes", _of(Signature(mine.name, mine.key_id, SIGNED[:-1]))),
    ]
    return [
        *(case(end, what, "verify_note", ..., data=data, vkey=vkey) for end, what, data in good),
        *(case(end, what, "verify_note", "log_signature", data=data, vkey=vkey) for end, what, data in bad),
    ]


def checkpoint_cases() -> list[Case]:
    root = m.text64(bytes(range(32)))
    good = [
        ("plain", "three lines", f"{m.ORIGIN}\n20852163\n{root}\n"),
        ("empty-tree", "no leaf yet", f"{m.ORIGIN}\n0\n{root}\n"),
        ("largest", "the largest size", f"{m.ORIGIN}\n{MAX_SIZE}\n{root}\n"),
        ("extensions", "two lines of the log's own", f"{m.ORIGIN}\n5\n{root}\none\n two\n"),
        ("origin-free", "an origin with spaces and plus", f"a log + more\n5\n{root}\n"),
        ("origin-longest", "the longest origin", f"{'o' * MAX_NAME}\n5\n{root}\n"),
    ]
    bad = [
        ("empty", "no text", ""),
        ("two-lines", "no root", f"{m.ORIGIN}\n5\n"),
        ("unfinished", "no line feed at the end", f"{m.ORIGIN}\n5\n{root}"),
        ("unfinished-extension", "no line feed after a line of the log's own", f"{m.ORIGIN}\n5\n{root}\nmore"),
        ("origin-empty", "an empty origin", f"\n5\n{root}\n"),
        ("origin-too-long", "an origin of 256 bytes", f"{'o' * 256}\n5\n{root}\n"),
        ("origin-bytes", "an origin of 256 bytes in 128 characters", f"{'ö' * 128}\n5\n{root}\n"),
        ("extension-empty", "an empty line of the log's own", f"{m.ORIGIN}\n5\n{root}\none\n\n"),
        ("size-empty", "no size", f"{m.ORIGIN}\n\n{root}\n"),
        ("size-zeros", "a size with a leading zero", f"{m.ORIGIN}\n05\n{root}\n"),
        ("size-zero-twice", "a size of two zeros", f"{m.ORIGIN}\n00\n{root}\n"),
        ("size-plus", "a size with a sign", f"{m.ORIGIN}\n+5\n{root}\n"),
        ("size-negative", "a negative size", f"{m.ORIGIN}\n-5\n{root}\n"),
        ("size-space", "a space after the size", f"{m.ORIGIN}\n5 \n{root}\n"),
        ("size-hex", "a size in hexadecimal", f"{m.ORIGIN}\n0x5\n{root}\n"),
        ("size-exponent", "a size with an exponent", f"{m.ORIGIN}\n5e3\n{root}\n"),
        ("size-script", "a size in digits of another script", f"{m.ORIGIN}\n\u0665\n{root}\n"),
        ("size-too-large", "a size of 2^53", f"{m.ORIGIN}\n{2**53}\n{root}\n"),
        ("size-too-long", "a size of twenty digits", f"{m.ORIGIN}\n{10**19}\n{root}\n"),
        ("root-short", "a root of 31 bytes", f"{m.ORIGIN}\n5\n{m.text64(bytes(31))}\n"),
        ("root-long", "a root of 33 bytes", f"{m.ORIGIN}\n5\n{m.text64(bytes(33))}\n"),
        ("root-hex", "a root in hexadecimal", f"{m.ORIGIN}\n5\n{bytes(32).hex()}\n"),
        ("root-bits", "a root with spare bits", f"{m.ORIGIN}\n5\n{root[:-2]}9=\n"),
    ]
    return [
        *(case(end, what, "decode_checkpoint", ..., text=text) for end, what, text in good),
        *(case(end, what, "decode_checkpoint", "checkpoint_malformed", text=text) for end, what, text in bad),
    ]
