"""The operator's file and the command, from a shell's point of view."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from image_pki import DAY, NOW
from image_server import Reply, serving
from image_worlds import CHIP, DCAP, TCB, device, devices, intel, roots
from privity_image import cli
from privity_image.collateral import settings
from privity_image.collateral.subject import from_bundle
from privity_image.commands import collateral
from privity_image.errors import Failed
from privity_protocol import cbor, evidence
from typer.testing import CliRunner

DCAP_TABLE = '[dcap]\ntee = "tdx"\nfmspc = "90c06f000000"\nauthority = "platform"\n'


@pytest.fixture
def file(tmp_path):
    """Writes the operator's file."""

    def write(text: str):
        path = tmp_path / "collateral.toml"
        path.write_text('folder = "out"\n' + text)
        return path

    return write


def test_the_file_says_everything(file, tmp_path) -> None:
    (tmp_path / "gpu.pem").write_bytes(b"".join(one.pem for one in device()))
    levels = ", ".join(f"{name} = {level}" for name, level in TCB.items())
    found = settings.load(
        file(
            f'rims = ["NV_1"]\nmax_age_days = 3\nproxy = "http://127.0.0.1:1"\n{DCAP_TABLE}'
            f'[sev_snp]\nproduct = "Genoa"\nchip_id = "{CHIP.hex()}"\ntcb = {{ {levels} }}\n'
            '[nvidia]\nchains = ["gpu.pem"]\n[addresses]\namd_kds = "http://kds.example/"\n'
        )
    )
    assert found.subject.dcap == DCAP
    assert found.subject.sev_snp is not None
    assert (found.subject.sev_snp.tcb, found.subject.sev_snp.chip_id) == (TCB, CHIP)
    assert found.subject.devices == devices()
    assert (found.folder, found.max_age, found.rims) == (tmp_path / "out", 3 * DAY, ("NV_1",))
    assert found.addresses["amd_kds"] == "http://kds.example"
    assert found.addresses["intel_pcs"] == settings.ADDRESSES["intel_pcs"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "folder",
        'unknown = 1\nrims = ["a"]',
        'rims = "a"',
        "rims = [1]",
        'rims = ["a"]\nmax_age_days = 91',
        'rims = ["a"]\nmax_age_days = true',
        'rims = ["a"]\nmax_age_days = -1',
        'rims = ["a"]\n[addresses]\nintel_pcs = "ftp://x"',
        'rims = ["a"]\n[addresses]\nothers = "http://x"',
        'evidence = "missing"',
        DCAP_TABLE + "more = 1",
        DCAP_TABLE.replace("tdx", "nitro"),
        DCAP_TABLE.replace("0000", "00"),
        DCAP_TABLE.replace("90c06f", "zzzzzz"),
        '[sev_snp]\nproduct = "Rome"',
        '[sev_snp]\nproduct = "Genoa"\nchip_id = "00"',
        '[nvidia]\nchains = ["missing.pem"]',
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(file, text) -> None:
    with pytest.raises(Failed, match="configuration"):
        settings.load(file(text))


def test_a_bundle_tells_what_to_fetch() -> None:
    chain = [one.certificate.public_bytes(Encoding.DER) for one in device()]
    item = cbor.encode([b"evidence", chain])
    found = from_bundle(evidence.encode({"gpu-0": ("nvidia-spdm+cbor", item), "switch-3": ("nvidia-spdm+cbor", item)}))
    assert found.devices is not None
    assert found.devices.chains == devices().chains * 2
    assert (found.dcap, found.sev_snp) == (None, None)


def test_a_bundle_with_real_evidence_tells_what_to_fetch(vectors) -> None:
    quote = vectors.read("tdx/v5-90c06f-uptodate.quote.bin")
    assert from_bundle(evidence.encode({"cpu": ("tdx-quote", quote)})).dcap == DCAP
    report = vectors.read("sev-snp/turin-v5.report.bin")
    snp = from_bundle(evidence.encode({"cpu": ("snp-report", report)})).sev_snp
    assert snp is not None
    assert (snp.product, len(snp.chip_id), snp.tcb["fmc"]) == ("Turin", 8, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        evidence.encode({"gpu-0": ("nvidia-spdm+cbor", cbor.encode([b"", []]))}),
        evidence.encode({"gpu-0": ("nvidia-spdm+cbor", b"")}),
        evidence.encode({"cpu": ("tdx-quote", bytes(100))}),
        evidence.encode({"cpu": ("snp-report", bytes(100))}),
        evidence.encode({"cpu": ("snp-report", bytes(1184))}),
    ],
)
def test_a_bundle_that_does_not_tell_is_refused(data) -> None:
    with pytest.raises(Failed, match="evidence"):
        from_bundle(data)


def with_server(address: str) -> str:
    """The operator's file for a local server."""
    return DCAP_TABLE + f'[addresses]\nintel_pcs = "{address}"\nintel_certificates = "{address}"\n'


def test_a_run_prints_a_line_per_item_and_leaves_with_its_code(file, capsys) -> None:
    with serving() as vendors:
        vendors.replies |= intel().answers()
        path = file(with_server(vendors.address))
        assert collateral.fetch(path, roots=roots(), now=NOW) == cli.DONE
        assert "✓ dcap-collateral" in capsys.readouterr().out
        vendors.replies = {"/": Reply()}
        assert collateral.fetch(path, roots=roots(), now=NOW) == cli.FAILED
        assert "✗ dcap-collateral: not_found" in capsys.readouterr().out
        assert collateral.fetch(path, roots=roots(), now=NOW + 14 * DAY) == cli.ALARM
    assert "! dcap-collateral: tcb_info age ended on" in capsys.readouterr().out
    assert collateral.status(path, now=NOW) == cli.DONE
    assert collateral.status(path, now=NOW + 14 * DAY) == cli.ALARM


def test_the_table_is_readable(file, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    with serving() as vendors:
        vendors.replies |= intel().answers()
        path = file(with_server(vendors.address))
        collateral.fetch(path, roots=roots(), now=NOW)
        capsys.readouterr()
        collateral.status(path, now=NOW + 14 * DAY)
    shown = capsys.readouterr().out
    assert "qe_identity" in shown
    assert "past half" in shown
    assert "! dcap-collateral: tcb_info age ended on 2027-01-21" in shown
    assert "add to acknowledged" not in shown


def test_what_only_a_vendor_can_renew_may_be_acknowledged(file, capsys) -> None:
    with serving() as vendors:
        vendors.replies |= intel().answers()
        path = file(with_server(vendors.address))
        collateral.fetch(path, roots=roots(), now=NOW)
        vendors.replies = {}
        collateral.fetch(path, roots=roots(), now=NOW)
    capsys.readouterr()
    collateral.status(path, now=NOW + 400 * DAY)
    shown = capsys.readouterr().out
    line = "dcap-collateral: tcb_info issuer 0 until 2029-10-11"
    assert f'add to acknowledged: "{line}"' in shown
    assert "✗ dcap-collateral: last try on 2027-01-15: not_found" in shown
    path.write_text(f'acknowledged = ["{line}"]\n' + path.read_text())
    collateral.status(path, now=NOW + 400 * DAY)
    assert line not in capsys.readouterr().out


def test_misuse_has_its_own_code(file) -> None:
    done = CliRunner().invoke(cli.app, ["collateral", "fetch", "--settings", str(file("what = 1"))])
    assert (done.exit_code, "unknown key what" in done.output) == (cli.MISUSE, True)
    assert CliRunner().invoke(cli.app, ["collateral", "status", "--settings", "/nowhere"]).exit_code == cli.MISUSE
    assert CliRunner().invoke(cli.app, ["collateral", "fetch"]).exit_code == cli.MISUSE
