"""`privity-image measure …` from a shell's point of view: parts, and the object they join into."""

import json

import pytest
from image_eif import eif
from image_firmware import firmware
from image_pe import image
from image_rim import manifest, signers
from privity_attest import reference_values
from privity_image import cli, trust
from privity_image.cli_measure import measure_app
from privity_image.commands import measure
from privity_image.reference_values import boot, tdvf
from privity_image.trust import Roots
from typer.testing import CliRunner

KERNEL = image({".text": b"kernel"})
RTMR0, ZERO = "0a" * 48, "00" * 48


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Files to measure, with NVIDIA's root replaced by the tests' own."""
    for name, data in {
        "firmware": firmware(),
        "kernel": KERNEL,
        "initrd": b"initrd",
        "uki": image({".linux": KERNEL, ".cmdline": b"quiet"}),
        "gpt": b"EFI PART",
        "eif": eif(),
        "driver": manifest(version="550.1"),
    }.items():
        (tmp_path / name).write_bytes(data)
    mine = signers()[-1].pins
    monkeypatch.setattr(measure, "PINNED", Roots(frozenset(), {}, frozenset(), mine))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and everything printed."""
    done = CliRunner().invoke(measure_app, list(arguments))
    return done.exit_code, done.output


TDX = ("tdx", "--shape", "c3-standard-4", "--firmware", "firmware", "--rtmr0", RTMR0)
DIRECT = (*TDX, "--kernel", "kernel", "--initrd", "initrd", "--cmdline", "quiet")


def test_a_tdx_part_holds_what_the_calculators_say(folder) -> None:
    code, text = run(*DIRECT)
    part = json.loads(text)["tdx"]
    rtmr1, rtmr2 = boot.direct(KERNEL, "quiet", b"initrd", boot.InitrdOption.APPENDED)
    mrtd = tdvf.mrtd(firmware(), tdvf.Order.PAGE).hex()
    assert code == cli.DONE
    assert part["shapes"] == [{"name": "c3-standard-4", "mrtd": mrtd, "rtmr0": RTMR0}]
    assert (part["rtmr1"], part["rtmr2"], part["mrconfigid"]) == ([rtmr1.hex()], [rtmr2.hex()], [ZERO])


def test_options_reach_the_calculators(folder) -> None:
    plain = json.loads(run(*DIRECT)[1])["tdx"]
    other = json.loads(run(*DIRECT, "--initrd-option", "prepended", "--order", "section")[1])["tdx"]
    assert other["rtmr2"] != plain["rtmr2"]
    assert other["shapes"][0]["mrtd"] == tdvf.mrtd(firmware(), tdvf.Order.SECTION).hex()
    unified = json.loads(run(*TDX, "--uki", "uki", "--partition-table", "gpt")[1])["tdx"]
    assert unified["rtmr1"] == [boot.unified((folder / "uki").read_bytes(), b"EFI PART")[0].hex()]


def test_parts_of_all_kinds_join_into_what_clients_read(folder) -> None:
    for name, arguments in {
        "a": DIRECT,
        "b": (*TDX[:2], "c3-standard-8", *TDX[3:-1], "0b" * 48, "--kernel", "kernel", "--initrd", "initrd"),
        "c": ("snp", "--firmware", "firmware", "--cpu", "EPYC-Genoa", "--vcpus", "1", "--vcpus", "2"),
        "d": ("nitro", "eif"),
        "e": ("sim-tpm", "--uki", "uki"),
        "f": ("sgx", "ab" * 32),
        "g": ("gpu", "--count", "1", "--switches", "0", "--driver", "driver", "--firmware-id", "cd" * 48),
    }.items():
        assert run(*arguments, "--out", name) == (cli.DONE, "")
    code, text = run("platforms", *"gfedcba")
    assert code == cli.DONE
    value = json.loads(text)
    found = reference_values.decode(value)
    assert found.tdx is not None
    assert [shape.name for shape in found.tdx.shapes] == ["c3-standard-4", "c3-standard-8"]
    assert len(found.tdx.rtmr2) == 2
    assert found.sev_snp is not None
    assert len(found.sev_snp.measurement) == 2
    assert set(value) == {"tdx", "sev_snp", "nitro", "sim_tpm", "sgx", "gpu"}
    assert run("platforms", *"abcdefg") == (cli.DONE, text)


def test_parts_that_contradict_each_other_do_not_join(folder) -> None:
    run(*DIRECT, "--out", "a")
    run(*TDX[:-1], "0b" * 48, "--kernel", "kernel", "--out", "b")
    code, text = run("platforms", "a", "b")
    assert (code, "two machine shapes of one name" in text) == (cli.FAILED, True)


def test_an_expired_manifest_is_told_and_measured(folder, monkeypatch) -> None:
    monkeypatch.setattr(measure.time, "time", lambda: 4e9)
    code, text = run("rim", "driver")
    assert (code, "rim_expired" in text) == (cli.DONE, True)


def test_a_manifest_of_another_root_is_refused(folder, monkeypatch) -> None:
    monkeypatch.setattr(measure, "PINNED", trust.PINNED)
    code, text = run("rim", "driver")
    assert (code, "rim_chain" in text) == (cli.FAILED, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (*TDX,),
        (*TDX, "--uki", "uki"),
        (*TDX, "--uki", "uki", "--partition-table", "gpt", "--kernel", "kernel"),
        (*TDX[:-1], "0a", "--kernel", "kernel"),
        (*TDX[:-1], "zz", "--kernel", "kernel"),
        (*DIRECT, "--order", "both"),
        ("nitro", "missing"),
        ("sim-tpm",),
        ("sim-tpm", "--sections", "eif"),
        ("gpu", "--count", "17", "--switches", "0"),
        ("snp", "--firmware", "firmware", "--cpu", "EPYC", "--vcpus", "0"),
    ],
)
def test_misuse_has_its_own_code(folder, arguments) -> None:
    assert run(*arguments)[0] == cli.MISUSE


@pytest.mark.parametrize(
    "arguments", [("nitro", "kernel"), ("sim-tpm", "--uki", "eif"), ("rim", "kernel"), ("platforms", "kernel")]
)
def test_a_file_of_another_kind_fails(folder, arguments) -> None:
    assert run(*arguments)[0] == cli.FAILED


def test_a_shape_whose_name_clients_would_not_read_is_refused(folder) -> None:
    code, text = run("tdx", "--shape", "C3 Standard", *DIRECT[3:])
    assert (code, "malformed" in text) == (cli.FAILED, True)
