"""A ledger on another machine: TLS in front of it, by an authority that the node's machine trusts, and by no other."""

import asyncio
import datetime
import os
import ssl
import threading
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from privity_enclave import configuration
from privity_enclave.failure import StartFailed
from privity_service.ledger.application import Ledger, application
from privity_service.ledger.issuers import Issuers
from privity_service.ledger.nodes import Nodes
from privity_service.ledger.writer import Writer
from redeeming_stand import DEPLOY, NOON, Listed, Stand, drawn, post
from test_redeeming_processes import node_process, served

ROOT = Path(__file__).resolve().parents[2]
DAY = datetime.timedelta(days=1)


def authority(folder: Path, server: str) -> Path:
    """An authority's certificate, and beside it `server.pem`: a key with what the authority signed for that host."""
    folder.mkdir()
    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("authority of a test", server)]
    made = []
    for name, key, is_authority in zip(names, keys, (True, False), strict=True):
        usage = x509.KeyUsage(not is_authority, *[False] * 4, is_authority, is_authority, *[False] * 2)
        builder = (
            x509.CertificateBuilder(names[0], name, key.public_key(), x509.random_serial_number(), now - DAY, now + DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
        )
        if not is_authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(server)]), critical=False)
        made.append(builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "authority.pem").write_bytes(made[0])
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(keys[1].private_bytes(*form) + made[1])
    return folder / "authority.pem"


class Front:
    """TLS in front of a Unix socket, in a thread; `asked` counts connections whose handshake came to its end."""

    def __init__(self, certificate: Path, behind: Path) -> None:
        self.port, self.asked = 0, 0
        self._behind = behind
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(60)

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(60)
        self._loop.close()

    async def _serve(self) -> None:
        self._loop.set_exception_handler(lambda _loop, _context: None)  # what clients break off is theirs
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        inner, outer = await asyncio.open_unix_connection(str(self._behind))
        await asyncio.gather(_piped(reader, outer), _piped(inner, writer), return_exceptions=True)


async def _piped(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    finally:
        target.close()


@pytest.mark.system
@pytest.mark.parametrize(
    ("trusted", "host", "said"),
    [(True, "localhost", "answered"), (False, "localhost", "overloaded"), (True, "ledger.example", "overloaded")],
    ids=["an authority that the machine trusts", "another one", "a certificate for another host"],
)
def test_a_node_asks_a_ledger_behind_a_certificate_that_its_machine_trusts_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, host: str, said: str
) -> None:
    stand = Stand(tmp_path)
    stand.writer.close()
    writer = Writer(stand.engine, stand.clock)
    app = application(Ledger(Nodes(tmp_path, DEPLOY), Issuers(tmp_path), writer, stand.clock))
    ours, other = (authority(tmp_path / name, host) for name in ("ours", "other"))
    monkeypatch.setenv("SSL_CERT_FILE", str(ours if trusted else other))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    with (
        served(app, tmp_path / "s"),
        closing(Front(ours.with_name("server.pem"), tmp_path / "s")) as tls,
        node_process(f"https://localhost:{tls.port}", NOON) as node,
    ):
        post(tmp_path, Listed(node.document))
        mine = drawn()
        node.ask(os.urandom(16), mine)
        assert node.line() == said
        if said == "answered":
            assert stand.state(mine) == ("spent", 1)
        assert (tls.asked > 0, stand.state(mine) is not None) == (said == "answered", said == "answered")
    writer.close()


@pytest.mark.parametrize(
    ("ledger", "taken"),
    [
        ("https://ledger.example", True),
        ("https://ledger.example:8443", True),
        ("http://127.0.0.1:8089", True),
        ("http://ledger.example", False),
        ("http://192.0.2.1:8089", False),
        ("http://127.0.0.1.ledger.example:8089", False),
        ("https://user@ledger.example", False),
        ("https://ledger.example/elsewhere", False),
    ],
)
def test_a_ledger_without_tls_is_this_machines_or_none(ledger: str, taken: bool) -> None:
    prices = '"prices":{"chat":1,"embed":1}'
    metering = f'{{"issuer":"a.example","ledger":"{ledger}","origin":"r.example",{prices}}}'
    text = (
        (ROOT / "deploy/examples/node-simulated.json").read_text().replace('"metering":null', f'"metering":{metering}')
    )
    if taken:
        paid = configuration.decode(text.encode()).metering
        assert paid is not None
        assert paid.ledger == ledger
    else:
        with pytest.raises(StartFailed):
            configuration.decode(text.encode())
