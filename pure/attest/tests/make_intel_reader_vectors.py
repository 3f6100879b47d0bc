"""Writes vectors/dcap: what both languages must read and refuse of Intel's formats. Run it by hand; a test compares."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import test_intel_readers as readers
import test_measured_boot as boot
from intel_attack import TDX
from intel_forgeries import FORMS
from privity_attest import measured_boot
from privity_attest.dcap import collateral, intel_json, pck, quote, tcb
from privity_attest.dcap.intel_json import IntelJsonError
from privity_attest.dcap.quote import QuoteError
from privity_attest.der import DerError
from privity_attest.measured_boot import SHA384, BootLogError
from privity_protocol.errors import Malformed

FILE = Path(__file__).resolve().parents[3] / "vectors" / "dcap" / "cases.json"
WHAT = "Intel's formats: quotes, certificate chains, the PCK extension, JSON, documents, collateral; and boot logs."
ERRORS = (QuoteError, DerError, IntelJsonError, Malformed, BootLogError)


def of_quote(data: bytes) -> object:
    found = quote.decode(data)
    return {
        "version": found.version,
        "tee": "tdx" if hasattr(found.body, "mrtd") else "sgx",
        "signed": len(found.signed),
        "report_data": found.body.report_data.hex(),
        "trailing": found.trailing,
    }


def of_extension(data: bytes) -> object:
    found = pck.decode(data)
    texts = {name: getattr(found, name).hex() for name in ("ppid", "components", "cpu_svn", "pceid", "fmspc")}
    flags = [found.dynamic_platform, found.cached_keys, found.smt]
    return {**texts, "pcesvn": found.pcesvn, "type": found.type, "flags": flags}


def of_document(data: bytes) -> object:
    found = tcb.tcb_info(data) if b"tcbType" in data else tcb.qe_identity(data)
    levels = [[one.status, one.date, list(one.advisories)] for one in found.levels]
    return {"id": found.id, "issued": found.issued, "evaluation": found.evaluation, "levels": levels}


def of_log(data: bytes) -> object:
    events = measured_boot.decode(data, SHA384)
    registers = {str(index): value.hex() for index, value in measured_boot.replay(events, SHA384).items()}
    return {"events": len(events), "registers": registers, "faults": list(measured_boot.payload_faults(events, SHA384))}


OPERATIONS: dict[str, Callable[[bytes], object]] = {
    "read_quote": of_quote,
    "read_chain": lambda data: [len(one) for one in pck.chain_of(data)],
    "read_pck_extension": of_extension,
    "read_intel_json": intel_json.decode,
    "read_intel_document": of_document,
    "read_collateral": lambda data: [len(getattr(collateral.decode(data), name)) for name in collateral.TEXTS],
    "read_boot_log": of_log,
}
HONEST = TDX.made_quote()
OF_QUOTES = {title: attack for title, attack in FORMS.items() if attack.reasons[0].endswith(":cpu")}


def inputs() -> list[tuple[str, str, bytes]]:
    """Operation, title and bytes of every case."""
    found: list[tuple[str, str, bytes]] = [
        ("read_quote", f"honest {name}", data) for name, data in readers.QUOTES.items()
    ]
    found += [("read_quote", title, attack.intel.made_quote()) for title, attack in OF_QUOTES.items()]
    found += [("read_chain", title, quote.decode(attack.intel.made_quote()).chain) for title, attack in CHAINS.items()]
    found += [("read_pck_extension", "honest", readers.extension(lambda members: members))]
    found += [("read_pck_extension", title, readers.extension(change)) for title, change in readers.EXTENSIONS.items()]
    found += [("read_intel_json", f"text {index}", text) for index, text in enumerate((*readers.REFUSED, *READ))]
    for index, (name, within, beyond) in enumerate(readers.LIMITS):
        for what, change in (("within", within), ("beyond", beyond)):
            text = readers.changed(name, change)
            if len(text) < 8000:
                found.append(("read_intel_document", f"limit {index} {what}", text))
    found += [("read_collateral", "honest", readers.COLLATERAL), ("read_collateral", "cut", readers.COLLATERAL[:-1])]
    found += [("read_boot_log", "honest", boot.LOG), ("read_boot_log", "empty", boot.LOG[: boot.HEAD])]
    found += [("read_boot_log", title, data) for title, data in boot.FORMS.items()]
    return found


CHAINS = {
    title: attack
    for title, attack in FORMS.items()
    if attack.reasons == ("certificate_malformed:cpu",) and title.startswith("chain")
}
READ = (
    b' {\t"a" : [ true , false,null , 4294967295 ]\r\n} ',
    b'{"a":9999999999}',
    b'{"":{}}',
    b'{"a":' + b"[" * 7 + b"]" * 7 + b"}",
    b'{"a":' + b"[" * 8 + b"]" * 8 + b"}",
    b'{"a":"[[[[[[[[[[["}',
    b'{"__proto__":1,"constructor":2}',
)


def pieces(data: bytes, blobs: dict[str, bytes]) -> list[str]:
    """`data` as what it shares with the blob that it resembles most, and hexadecimal."""
    best = [data.hex()]
    for name, whole in blobs.items():
        shortest = min(len(data), len(whole))
        start = next((at for at in range(shortest) if data[at] != whole[at]), shortest)
        end = next((at for at in range(shortest - start) if data[-1 - at] != whole[-1 - at]), shortest - start)
        parts = (
            f"${name}[0:{start}]",
            data[start : len(data) - end].hex(),
            f"${name}[{len(whole) - end}:{len(whole)}]",
        )
        written = [part for part, kept in zip(parts, (start, len(data) - end - start, end), strict=True) if kept > 0]
        best = min(best, written, key=lambda one: len(json.dumps(one)))
    return best


def made() -> str:
    """The content of the file, one case per line."""
    members = {name: readers.MEMBERS[name].encode() for name in ("tcb_info", "qe_identity")}
    spaced = {name: json.dumps(json.loads(text)).encode() for name, text in members.items()}
    blobs = {**readers.QUOTES, "chain": quote.decode(HONEST).chain, **spaced, "collateral": readers.COLLATERAL}
    cases = []
    for operation, title, data in inputs():
        try:
            expect: dict[str, Any] = {"ok": OPERATIONS[operation](data)}
        except ERRORS as error:
            expect = {"error": error.code if isinstance(error, QuoteError) else REASONS.get(operation, "malformed")}
        name = f"{operation}-{title}".replace(" ", "-")
        cases.append(
            {"id": name, "what": title, "op": operation, "input": {"data": pieces(data, blobs)}, "expect": expect}
        )
    head = json.dumps({"spec": "dcap", "what": WHAT, "blobs": {name: data.hex() for name, data in blobs.items()}})[:-1]
    return head + ', "cases": [\n' + ",\n".join(" " + json.dumps(one) for one in cases) + "\n]}\n"


REASONS = {
    "read_chain": "certificate_malformed",
    "read_pck_extension": "certificate_malformed",
    "read_intel_json": "collateral_mismatch",
    "read_intel_document": "collateral_mismatch",
}

if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(made())
