"""What the readers of receipts and of embedding requests do beside the vectors: odd documents, and nothing in a log."""

import hashlib
from dataclasses import replace

import pytest
from privity_protocol import binding, canonical, chat, receipt
from privity_protocol.errors import Malformed
from privity_protocol.lines import SignedReceipt
from vector_evidence import DOCUMENT
from vector_receipts import FILE, KEY, RECEIPT, signed, spelled


@pytest.mark.parametrize(
    ("models", "reason"),
    [
        ([], "member_type"),
        ({"v": 1}, "missing_member"),
        ({"models": ["second"], "v": 1}, "member_type"),
        ({"models": [{"id": "second"}], "v": 1}, "missing_member"),
    ],
)
def test_a_models_document_of_another_form_names_no_model(models: object, reason: str) -> None:
    document = spelled(models).encode()
    named = replace(DOCUMENT, sig=KEY.public_key().public_bytes_raw(), models=hashlib.sha256(document).digest())
    node = binding.encode(named)
    said = SignedReceipt(**signed({**RECEIPT, "node": hashlib.sha256(node).hexdigest()}))
    with pytest.raises(Malformed) as caught:
        receipt.check(said, node_document=node, models=document)
    assert caught.value.reason == reason


def test_bytes_that_no_encoder_writes_are_refused() -> None:
    with pytest.raises(Malformed) as caught:
        receipt.decode_file(canonical.encode({**FILE, "bundle": "A"}))
    assert caught.value.reason == "member_value"


def test_a_request_for_vectors_does_not_show_its_texts() -> None:
    request = chat.decode_embed(b'{"model":"m","input":["a secret"]}')
    assert (repr(request), "secret" in repr(request)) == ("EmbedRequest(1 texts)", False)
