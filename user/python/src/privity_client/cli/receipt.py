"""`privity receipt verify`: a node's signed word on one answer, judged offline with the evidence of whose word it is.

Source: specs/receipt.md, "The receipt file".
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from privity_protocol import binding, evidence, receipt
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.line_reader import LineReader
from privity_protocol.lines import Text
from privity_protocol.receipt import MAX_FILE, Receipt, ReceiptFile, Shown
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

from privity_client.cli.failure import BANNER
from privity_client.cli.record import render
from privity_client.cli.verify_bundle import SAVED, Saved, judged, judged_with_logs, moment, read
from privity_client.errors import ClientError, EvidenceRefused, Exit
from privity_client.printable import clean
from privity_client.trust import saved_evidence

_MOST_SHOWN: Final = 2000  # characters of a question or an answer on a screen


@dataclass(frozen=True)
class Asked:
    """The command line. `judging` says how the evidence is judged; its file is the receipt.

    `saved` is evidence of the same node that `privity verify --save` kept with the logs, if there is any.
    """

    judging: Saved
    saved: Path | None


def verify_receipt(asked: Asked) -> int:
    """Check a receipt and judge its evidence; return 0 when both hold. Raises PrivityError with the reason."""
    data = read(asked.judging.file, MAX_FILE)
    file = receipt.decode_file(data)
    try:
        signed = receipt.check_file(file)
    except NotAuthentic:
        raise ClientError("refused", "the key of that node did not sign this receipt") from None
    try:
        record = _judged(asked, file)
    except EvidenceRefused as refused:
        _show(asked, file, signed, refused.record)
        return int(Exit.REFUSED)
    _show(asked, file, signed, record)
    return int(Exit.OK)


def _judged(asked: Asked, file: ReceiptFile) -> dict[str, object]:
    if asked.saved is None:
        judging = asked.judging
        begun = binding.decode(evidence.decode(file.bundle).items["node-document"].data).nbf
        return judged(judging, file.bundle, begun if judging.at == SAVED else moment(judging.at))
    kept = saved_evidence.decode(read(asked.saved))
    if kept.bundle != file.bundle:
        raise ClientError("misuse", f"{asked.saved} is evidence of another node, or of another time")
    now = kept.time if asked.judging.at == SAVED else moment(asked.judging.at)
    return judged_with_logs(replace(asked.judging, file=asked.saved), kept, now)


def _show(asked: Asked, file: ReceiptFile, signed: Receipt, record: dict[str, object]) -> None:
    question, answer = ("", "") if file.shown is None else _words(file.shown)
    if asked.judging.json:
        simulated = bool(record.get("simulated"))
        said = json.loads(file.signed.document)
        shown = None if file.shown is None else {"question": question, "answer": answer}
        members = {"simulated": simulated, "notice": BANNER if simulated else None, "receipt": said, "shown": shown}
        print(json.dumps({**members, "record": record}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(_table(signed, question, answer, is_shown=file.shown is not None))
    console.print(Styled("Whose key that is:", style="bold"))
    render(console, record)


def _table(signed: Receipt, question: str, answer: str, *, is_shown: bool) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    usage = signed.usage
    tokens = "not told" if usage is None else f"{usage.prompt} read, {usage.completion} written"
    rows = {
        "Signed by": f"node {signed.node.hex()}",
        "Model": f"{signed.model}, {', '.join(f'sha256:{digest.hex()}' for digest in signed.weights)}",
        "Tokens": tokens,
        "Left the enclave": "nothing" if signed.egress == "none" else f"by way of {signed.egress}",
        "Ended": signed.reason,
    }
    if is_shown:
        rows |= {"Asked": _shortened(question), "Answered": _shortened(answer)}
    else:
        rows["Shown"] = "nothing: this proves that there was such an answer, and not which"
    for name, value in rows.items():
        table.add_row(name, Styled(clean(value)))
    return table


def _words(shown: Shown) -> tuple[str, str]:
    """What was asked last and what was answered; the node signed both, whatever they are."""
    try:
        answer = "".join(line.d for line in LineReader().feed(shown.response) if isinstance(line, Text))
    except Malformed:
        answer = shown.response.decode("utf-8", "replace")
    return _last_said(shown.request), answer


def _last_said(body: bytes) -> str:
    try:
        asked = json.loads(body)
        said = asked["messages"][-1]["content"] if "messages" in asked else asked["input"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return body.decode("utf-8", "replace")
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}… ({len(text)} characters; --json shows all)"
