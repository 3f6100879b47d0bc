"""The reverse proxies: both take their configuration, forward to the roles, and write down nobody's address."""

import datetime
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from account_host import Host
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ports import free_row

ROOT = Path(__file__).resolve().parents[2]
NGINX, CADDY = ROOT / "deploy/proxy/nginx.conf", ROOT / "deploy/proxy/Caddyfile"
NAMES = ("chat.example", "run.chat.example", "log.chat.example")
SOMEBODY = "127.0.0.77"
LONGEST_REQUEST = 64 + 4096 * 8192
"""specs/relay.md: bytes of `POST /ec1/run`."""
LONGEST_JSON = 1_572_864
"""specs/service-api.md, "Form"."""
EACH = pytest.mark.parametrize("kind", ["nginx", "caddy"])


def test_both_forward_to_the_ports_of_the_examples() -> None:
    service = json.loads((ROOT / "deploy/examples/service.json").read_text())
    ports = {service["service"]["port"], service["relay"]["port"], 8083}
    for path in (NGINX, CADDY):
        assert {int(port) for port in re.findall(r"127\.0\.0\.1:([0-9]+)", path.read_text())} == ports


def test_both_have_room_for_the_longest_requests_and_for_little_more() -> None:
    small, large, none = re.findall(r"client_max_body_size ([0-9]+)([mk]);", NGINX.read_text())
    assert LONGEST_JSON <= int(small[0]) * 2**20 < 2 * LONGEST_JSON
    assert LONGEST_REQUEST <= int(large[0]) * 2**20 < LONGEST_REQUEST + 2**20
    assert none == ("1", "k")
    little, much = re.findall(r"max_size ([0-9]+)MB", CADDY.read_text())
    assert LONGEST_JSON <= int(little) * 10**6 < 2 * LONGEST_JSON
    assert LONGEST_REQUEST <= int(much) * 10**6 < LONGEST_REQUEST + 10**6


def test_neither_buffers_what_streams() -> None:
    text = NGINX.read_text()
    assert {"proxy_buffering off;", "proxy_request_buffering off;", "gzip off;"} <= set(re.findall(r"\w+ off;", text))
    assert CADDY.read_text().count("flush_interval -1") == 2


def test_the_relay_is_told_nothing_of_who_asks_and_the_service_one_address() -> None:
    blocks = NGINX.read_text().split("server_name ")
    told = {block.split(";")[0]: re.findall(r"X-Forwarded-For (\S+);", block) for block in blocks[1:]}
    assert told == {"chat.example": ["$remote_addr"], "run.chat.example": ['""'], "log.chat.example": []}
    parts = dict(zip(NAMES, re.split(r"^\S*chat\.example \{", CADDY.read_text(), flags=re.M)[1:], strict=True))
    assert re.findall(r"header_up (.*)", parts["chat.example"]) == ["X-Forwarded-For {remote_host}"]
    assert "header_up -X-Forwarded-For" in parts["run.chat.example"]


@dataclass
class Proxy:
    """A running proxy: its TLS port, the folder of all that it writes, and the certificate to believe."""

    port: int
    folder: Path

    def client(self) -> httpx.Client:
        """Somebody who believes any certificate, at a recognisable address."""
        return httpx.Client(transport=httpx.HTTPTransport(verify=trusting(), local_address=SOMEBODY), timeout=20)

    def ask(self, client: httpx.Client, method: str, name: str, path: str, **more: object) -> httpx.Response:
        """A request to one of the three names."""
        url, host = f"https://127.0.0.1:{self.port}{path}", {"host": name}
        return client.request(method, url, headers=host, extensions={"sni_hostname": name}, **more)  # type: ignore[arg-type]


def certificate(folder: Path) -> None:
    """A certificate of its own for all three names."""
    folder.mkdir()
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for one in NAMES:
        (folder / f"{one}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        (folder / f"{one}.key").write_bytes(secret)


def to(text: str, ports: dict[int, int]) -> str:
    """A configuration with the roles at other ports."""
    return re.sub(r"127\.0\.0\.1:([0-9]+)", lambda found: f"127.0.0.1:{ports[int(found[1])]}", text)


def prepared(kind: str, folder: Path, port: int, ports: dict[int, int]) -> tuple[list[str], list[str]]:
    """Write the configuration for this machine; the command that checks it, and the one that runs."""
    program = shutil.which(kind, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip(f"{kind} is not on this machine")
    folder.mkdir()
    if kind == "nginx":
        certificate(folder / "tls")
        text = to(NGINX.read_text(), ports).replace("/etc/privity/tls", str(folder / "tls"))
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)
        text = re.sub(r"listen 443 ", f"listen 127.0.0.1:{port} ", text)
        text = text.replace("listen 80 ", f"listen 127.0.0.1:{free_row()} ")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{one}_temp_path {folder}/{one};" for one in kinds)
        (folder / "nginx.conf").write_text(text.replace("http {", "http { " + folders, 1))
        common = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        return [*common, "-t", "-g", f"pid {folder}/pid;"], [*common, "-g", f"pid {folder}/pid; daemon off;"]
    own = f"{{\n\tlocal_certs\n\tskip_install_trust\n\tadmin off\n\thttp_port {free_row()}\n\thttps_port {port}\n"
    (folder / "Caddyfile").write_text(to(CADDY.read_text(), ports).replace("{\n", own, 1))
    given = ["--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    return [program, "validate", *given], [program, "run", *given]


@contextmanager
def running(kind: str, folder: Path, ports: dict[int, int]) -> Iterator[Proxy]:
    """A proxy until the block ends."""
    port = free_row()
    checked, run = prepared(kind, folder, port, ports)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(checked, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(run, env=home, stdout=said, stderr=said)
    try:
        answers(port, process)
        yield Proxy(port, folder)
    finally:
        process.terminate()
        process.wait(timeout=60)


def trusting() -> ssl.SSLContext:
    """A context that believes any certificate."""
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def answers(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until somebody listens and has a certificate for each name: Caddy makes its own after it listens."""
    end, context, waiting = time.monotonic() + 60, trusting(), list(NAMES)
    while waiting and time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                context.wrap_socket(connection, server_hostname=waiting[0]).close()
            waiting.pop(0)
        except OSError:
            time.sleep(0.05)
    assert waiting == [], "the proxy does not answer"


def is_answered(proxy: Proxy, client: httpx.Client, name: str, path: str, size: int, wanted: set[int]) -> bool:
    """Whether an upload is answered so, at least once in twenty.

    Whoever refuses one in its middle may end the connection before the answer is read; a proxy then says 502.
    """
    for _ in range(20):
        try:
            status = proxy.ask(client, "POST", name, path, content=bytes(size)).status_code
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            continue
        if status in wanted:
            return True
        assert status == 502
    return False


@pytest.mark.system
@EACH
def test_a_proxy_forwards_and_writes_down_no_address(kind: str, tmp_path: Path) -> None:
    host = Host(tmp_path / "machine")
    host.write()
    with host.running() as origins:
        relay = int(origins["relay"].rpartition(":")[2])
        ports = {8080: host.port, 8081: relay, 8083: free_row()}
        with running(kind, tmp_path / kind, ports) as proxy, proxy.client() as client:
            found = proxy.ask(client, "GET", "chat.example", "/.well-known/privity")
            assert (found.status_code, found.json()["deploy"]) == (200, "tried")
            assert "max-age" in found.headers["strict-transport-security"]
            assert proxy.ask(client, "GET", "chat.example", "/v1/service").json()["registration"] == "open"
            assert proxy.ask(client, "GET", "run.chat.example", "/v1/service").status_code == 404
            assert proxy.ask(client, "GET", "run.chat.example", "/healthz").json() == {"nodes": 0, "status": "waiting"}
            # The relay's own refusal: it has read the header, which is all zeros.
            assert is_answered(proxy, client, "run.chat.example", "/ec1/run", LONGEST_REQUEST, {400, 410})
            # Caddy has sent the beginning on when it meets its limit, and then calls the service a bad gateway.
            assert is_answered(proxy, client, "chat.example", "/v1/access/begin", 3 << 20, {413, 502})
            assert proxy.ask(client, "GET", "log.chat.example", "/release/checkpoint").status_code == 502
            assert proxy.ask(client, "POST", "log.chat.example", "/release/append").status_code in {403, 405}
        written = {path: path.read_bytes() for path in proxy.folder.rglob("*") if path.is_file()}
        assert [path for path, content in written.items() if SOMEBODY.encode() in content] == []
