"""Reference integrity manifests signed by a self-made chain: the shape of NVIDIA's, with any one thing changed."""

from functools import cache
from xml.sax.saxutils import quoteattr

from cryptography.hazmat.primitives.asymmetric import ec
from image_pki import DAY, NOW, Authority, root
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, XMLSigner

SWID = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
SHA384 = "http://www.w3.org/2001/04/xmlenc#sha384"
ZERO, ONE, TWO = "00" * 48, "11" * 48, "22" * 48


@cache
def signers() -> tuple[Authority, ...]:
    """Leaf, intermediate and root."""
    top = root("Test RIM Root")
    middle = top.below("Test RIM CA", length=0)
    return middle.below("Test RIM Signer", authority=False, until=NOW + 100 * DAY), middle, top


def record(index: int, *hashes: str, active: str = "True", **changed: str) -> str:
    """One golden measurement."""
    attributes = {"type": "Measurement", "index": str(index), "active": active, "size": "48"}
    attributes |= {"alternatives": str(len(hashes))} | {f"h:Hash{n}": one for n, one in enumerate(hashes)}
    attributes |= {key.replace("_", ":", 1) if key.startswith("h_") else key: one for key, one in changed.items()}
    return "<Resource " + " ".join(f"{key}={quoteattr(one)}" for key, one in attributes.items()) + "/>"


RECORDS = (record(0, ONE), record(1, ZERO, active="False"), record(2, TWO, ONE))


def manifest(
    *records: str, product: str = "GH100", version: str = "1.2.3", path: tuple[Authority, ...] | None = None
) -> bytes:
    """A signed manifest."""
    path = path or signers()
    text = (
        f'<SoftwareIdentity xmlns="{SWID}" xmlns:h="{SHA384}" name="X">'
        f'<Meta product="{product}" edition="GPU" colloquialVersion="{version}"/>'
        f"<Payload>{''.join(records or RECORDS)}</Payload></SoftwareIdentity>"
    )
    c14n = CanonicalizationMethod.CANONICAL_XML_1_1
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA384, digest_algorithm=DigestAlgorithm.SHA384, c14n_algorithm=c14n
    )
    key = path[0].key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signed = signer.sign(etree.fromstring(text), key=key, cert=[one.certificate for one in path])
    return etree.tostring(signed)
