"""Cases of HELLO: what the client sends, what a node accepts, what the client accepts."""

from typing import Any

import vector_material as m
from privity_protocol import hpke, hpke_sender, kdf, labels, xwing
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.records import RecordCipher
from vector_material import Case, case, flip

TOWARD_NODE = m.recorded("toward_node")
TOWARD_CLIENT = m.recorded("toward_client")
TTL = 120
HEADER = b"EC1\x01\x00\x01" + m.KID + b"\x00\x00"


def sealed(plain: bytes, *, header: bytes = HEADER, digest: bytes = m.DIGEST) -> bytes:
    """A HELLO request with any header and any sealed plaintext."""
    enc, context = hpke_sender.setup_base_s(
        m.NODE.public_key, labels.HELLO_INFO + header + digest, encapsulate=m.replay(TOWARD_NODE, m.NODE.public_key)
    )
    return header + enc + context.seal(b"", plain)


def good() -> tuple[bytes, bytes, bytes]:
    """Request, response and first chain key of an ordinary HELLO."""
    _, request = begin_hello(
        node_key=m.NODE.public_key,
        node_document=m.NODE_DOCUMENT,
        encapsulate=m.replay(TOWARD_NODE, m.NODE.public_key),
        ephemeral=m.EPHEMERAL,
    )
    response, chain = answer_hello(
        request,
        key=m.NODE,
        node_document=m.NODE_DOCUMENT,
        sid=m.SID,
        ttl=TTL,
        encapsulate=m.replay(TOWARD_CLIENT, m.EPHEMERAL.public_key),
    )
    return request, response, bytes(chain._cell[0])


def begin_cases() -> list[Case]:
    request, _, _ = good()
    base = {
        "node_key": m.NODE.public_key.hex(),
        "node_document": m.NODE_DOCUMENT.hex(),
        "ephemeral_seed": m.EPHEMERAL_SEED.hex(),
    }
    unreduced = (b"\xff\xff\xff" + m.NODE.public_key[3:]).hex()
    rows = [
        ("begin-short-key", "a node key one byte short", m.NODE.public_key[:-1].hex(), "size"),
        ("begin-long-key", "a node key one byte long", m.NODE.public_key.hex() + "00", "size"),
        ("begin-empty-key", "no node key", "", "size"),
        ("begin-unreduced-key", "a node key whose ML-KEM coefficients are not below the modulus", unreduced, "key"),
    ]
    accepted = case(
        "begin-good",
        "the request that a client sends",
        "begin_hello",
        base | {"encapsulation": TOWARD_NODE},
        {"ok": {"request": request.hex()}},
    )
    return [accepted] + [
        case(name, what, "begin_hello", base | {"node_key": key}, {"error": reason}) for name, what, key, reason in rows
    ]


def request_cases() -> list[Case]:
    request, response, chain = good()
    plain = m.EPHEMERAL.public_key + bytes(64)
    other = m.NODE_DOCUMENT + b" "

    def refused(name: str, what: str, body: bytes, reason: str, **more: Any) -> Case:
        given = {
            "node_seed": m.NODE_SEED.hex(),
            "node_document": m.NODE_DOCUMENT.hex(),
            "request": body.hex(),
            "sid": m.SID.hex(),
            "ttl": TTL,
        }
        return case(f"hello-request-{name}", what, "answer_hello", given | more, {"error": reason})

    accepted = refused("good", "a HELLO and its answer", request, "")
    accepted["input"]["encapsulation"] = TOWARD_CLIENT
    accepted["expect"] = {"ok": {"response": response.hex(), "chain": chain.hex()}}
    unreduced = b"\xff\xff\xff" + plain[3:]
    same_kid = m.KID + m.drawn("another document with the same kid", 24)
    return [
        accepted,
        refused("empty", "no bytes", b"", "size"),
        refused("short", "one byte missing", request[:-1], "size"),
        refused("long", "one byte more", request + b"\0", "size"),
        refused("header-only", "the header alone", request[:16], "size"),
        refused("magic", "another protocol", b"EC2" + request[3:], "header"),
        refused("type-run", "the type of a RUN", flip(request, 3, 3), "header"),
        refused("type-response", "the type of a HELLO response", flip(request, 3, 0x80), "header"),
        refused("suite-0", "suite 0", request[:4] + b"\0\0" + request[6:], "suite"),
        refused("suite-2", "suite 2", request[:4] + b"\0\2" + request[6:], "suite"),
        refused("suite-swapped", "the suite in the other byte order", request[:4] + b"\1\0" + request[6:], "suite"),
        refused("kid", "another key id", flip(request, 6), "unknown_key"),
        refused("reserved-14", "first reserved header byte set", flip(request, 14), "reserved_nonzero"),
        refused("reserved-15", "second reserved header byte set", flip(request, 15, 0x80), "reserved_nonzero"),
        refused("enc-lattice", "a bit of the ML-KEM ciphertext flipped", flip(request, 16), "not_authentic"),
        refused("enc-curve", "a bit of the X25519 share flipped", flip(request, 16 + 1088), "not_authentic"),
        refused("enc-last", "the last byte of enc flipped", flip(request, 1135), "not_authentic"),
        refused("sealed-first", "first sealed byte flipped", flip(request, 1136), "not_authentic"),
        refused("sealed-reserved", "a sealed reserved byte flipped", flip(request, 1136 + 1216), "not_authentic"),
        refused("tag", "last byte of the tag flipped", flip(request, 2431, 0x80), "not_authentic"),
        refused(
            "reserved-first", "first sealed reserved byte is not zero", sealed(flip(plain, 1216)), "reserved_nonzero"
        ),
        refused(
            "reserved-last", "last sealed reserved byte is not zero", sealed(flip(plain, 1279)), "reserved_nonzero"
        ),
        refused("key-unreduced", "the client's ML-KEM key is none", sealed(unreduced), "key"),
        refused(
            "document-same-kid",
            "sealed for another node document that has the same kid",
            sealed(plain, digest=same_kid),
            "not_authentic",
        ),
        refused("document-other", "the node has another document", request, "unknown_key", node_document=other.hex()),
        refused(
            "info-header",
            "sealed under another header and sent under the good one",
            HEADER + sealed(plain, header=flip(HEADER, 15))[16:],
            "not_authentic",
        ),
        refused(
            "other-key",
            "the node holds another key for this document",
            request,
            "not_authentic",
            node_seed=m.drawn("another node seed", 32).hex(),
        ),
    ]


def granted(grant: bytes, *, prk: bytes, opening: bytes) -> bytes:
    """An authentic answer that grants any 256 bytes."""
    confirm = kdf.expand(prk, labels.HELLO_CONFIRM, 32)
    return opening + confirm + RecordCipher(prk, labels.HELLO_AEAD).seal(grant)


def response_prk(request: bytes, header: bytes) -> bytes:
    """The secret of an answer with any header."""
    context = hpke.setup_base_r(m.NODE, request[16:1136], labels.HELLO_INFO + request[:16] + m.DIGEST)
    salt = kdf.sha256(
        labels.HELLO_SALT,
        kdf.sha256(labels.HELLO_TRANSCRIPT, request),
        header,
        bytes.fromhex(TOWARD_CLIENT["ciphertext"]),
    )
    return kdf.extract(salt, context.export(labels.HELLO_EXPORT, 32) + bytes.fromhex(TOWARD_CLIENT["secret"]))


def response_cases() -> list[Case]:
    request, response, chain = good()
    prk = response_prk(request, response[:8])
    grant = m.SID + TTL.to_bytes(4, "big") + bytes(236)

    def refused(name: str, what: str, body: bytes, reason: str, **more: Any) -> Case:
        given = {
            "node_key": m.NODE.public_key.hex(),
            "node_document": m.NODE_DOCUMENT.hex(),
            "ephemeral_seed": m.EPHEMERAL_SEED.hex(),
            "encapsulation": TOWARD_NODE,
            "response": body.hex(),
        }
        return case(f"hello-answer-{name}", what, "finish_hello", given | more, {"error": reason})

    accepted = refused("good", "the answer to the good HELLO", response, "")
    accepted["expect"] = {"ok": {"sid": m.SID.hex(), "ttl": TTL, "chain": chain.hex()}}
    longest = refused("ttl-large", "the largest lifetime is read as unsigned", b"", "")
    longest["input"]["response"] = granted(
        grant[:16] + b"\xff" * 4 + grant[20:], prk=prk, opening=response[:1128]
    ).hex()
    longest["expect"] = {"ok": {"sid": m.SID.hex(), "ttl": 2**32 - 1, "chain": chain.hex()}}
    marked = response[:6] + b"\0\1" + response[8:]
    return [
        accepted,
        longest,
        refused("empty", "no bytes", b"", "size"),
        refused("short", "one byte missing", response[:-1], "size"),
        refused("long", "one byte more", response + b"\0", "size"),
        refused("magic", "another protocol", b"ECX" + response[3:], "header"),
        refused("type-request", "the type of a request", flip(response, 3, 0x80), "header"),
        refused("type-run", "the type of a RUN response", flip(response, 3, 3), "header"),
        refused("suite", "suite 2", response[:4] + b"\0\2" + response[6:], "suite"),
        refused("reserved", "a reserved header byte set", marked, "reserved_nonzero"),
        refused("ciphertext", "a bit of the ML-KEM ciphertext flipped", flip(response, 8), "not_authentic"),
        refused("ciphertext-curve", "a bit of the X25519 share flipped", flip(response, 1127), "not_authentic"),
        refused("confirm-first", "first byte of the confirmation flipped", flip(response, 1128), "not_authentic"),
        refused("confirm-last", "last byte of the confirmation flipped", flip(response, 1159, 0x80), "not_authentic"),
        refused(
            "confirm-zero",
            "no confirmation, all else authentic",
            response[:1128] + bytes(32) + response[1160:],
            "not_authentic",
        ),
        refused("sealed", "first sealed byte flipped", flip(response, 1160), "not_authentic"),
        refused("tag", "last byte of the tag flipped", flip(response, 1431), "not_authentic"),
        refused(
            "reserved-first",
            "first sealed reserved byte is not zero",
            granted(flip(grant, 20), prk=prk, opening=response[:1128]),
            "reserved_nonzero",
        ),
        refused(
            "reserved-last",
            "last sealed reserved byte is not zero",
            granted(flip(grant, 255), prk=prk, opening=response[:1128]),
            "reserved_nonzero",
        ),
        refused(
            "other-request",
            "the answer to another HELLO",
            response,
            "not_authentic",
            ephemeral_seed=m.drawn("another ephemeral", 32).hex(),
        ),
        refused(
            "other-document",
            "the client spoke of another document",
            response,
            "not_authentic",
            node_document=(m.NODE_DOCUMENT + b" ").hex(),
        ),
    ]


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    assert xwing.PUBLIC_KEY == 1216
    return {
        "ec1/hello-begin": ("What a client sends to begin, and node keys that it refuses.", begin_cases()),
        "ec1/hello-request": ("What a node answers, and requests that it refuses.", request_cases()),
        "ec1/hello-response": ("What a client accepts, and answers that it refuses.", response_cases()),
    }
