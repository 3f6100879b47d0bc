"""The commands `privity-image measure …`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from privity_image.cli import EXIT_CODES, leave

measure_app = typer.Typer(
    help="What a release may measure: parts of its manifest's `platforms`, as canonical JSON.", no_args_is_help=True
)

Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of to standard output.")]
Firmware = Annotated[Path, typer.Option("--firmware", metavar="FILE", help="OVMF image: variables and code in one.")]
Kernel = Annotated[Path | None, typer.Option("--kernel", metavar="FILE", help="Kernel of a direct boot.")]
Initrd = Annotated[Path | None, typer.Option("--initrd", metavar="FILE", help="Its initrd.")]
CommandLine = Annotated[str, typer.Option("--cmdline", metavar="TEXT", help="Its command line.")]
Uki = Annotated[Path | None, typer.Option("--uki", metavar="FILE", help="Unified kernel image.")]


@measure_app.command(epilog=EXIT_CODES)
def tdx(
    shape: Annotated[str, typer.Option("--shape", help="Name of the machine shape.")],
    firmware: Firmware,
    rtmr0: Annotated[str, typer.Option("--rtmr0", metavar="HEX", help="RTMR0, recorded once on that shape.")],
    order: Annotated[Literal["page", "section"], typer.Option("--order", help="page: Linux 6.16 and later.")] = "page",
    mrconfigid: Annotated[str, typer.Option("--mrconfigid", metavar="HEX", help="Default: zero.")] = "",
    uki: Uki = None,
    partition_table: Annotated[
        Path | None, typer.Option("--partition-table", metavar="FILE", help="Payload of the recorded GPT event.")
    ] = None,
    kernel: Kernel = None,
    initrd: Initrd = None,
    cmdline: CommandLine = "",
    initrd_option: Annotated[
        Literal["appended", "prepended", "none"],
        typer.Option("--initrd-option", help="Where the firmware writes initrd=initrd; in front since edk2 of 2025."),
    ] = "appended",
    out: Out = None,
) -> None:
    """MRTD from the firmware, RTMR1 and RTMR2 from a kernel for direct boot or from a UKI on disk."""
    from privity_image.commands import measure

    leave(
        lambda: measure.write(
            [
                measure.tdx(
                    shape=shape,
                    firmware=firmware,
                    order=order,
                    rtmr0=rtmr0,
                    mrconfigid=mrconfigid,
                    image=uki,
                    partition_table=partition_table,
                    kernel=kernel,
                    initrd=initrd,
                    command_line=cmdline,
                    initrd_option=initrd_option,
                )
            ],
            out,
        )
    )


@measure_app.command(epilog=EXIT_CODES)
def snp(
    firmware: Firmware,
    cpu: Annotated[list[str], typer.Option("--cpu", help="vCPU type as QEMU names it; may be repeated.")],
    vcpus: Annotated[list[int], typer.Option("--vcpus", help="Number of vCPUs; may be repeated.")],
    kernel: Kernel = None,
    initrd: Initrd = None,
    cmdline: CommandLine = "",
    guest_features: Annotated[int, typer.Option("--guest-features", help="SEV features of the guest.")] = 1,
    host_data: Annotated[list[str] | None, typer.Option("--host-data", metavar="HEX", help="May be repeated.")] = None,
    out: Out = None,
) -> None:
    """SNP launch digests, one per vCPU type and count."""
    from privity_image.commands import measure

    leave(
        lambda: measure.write(
            [
                measure.sev_snp(
                    firmware=firmware,
                    cpu_types=cpu,
                    vcpus=vcpus,
                    kernel=kernel,
                    initrd=initrd,
                    command_line=cmdline,
                    guest_features=guest_features,
                    host_data=host_data or [],
                )
            ],
            out,
        )
    )


@measure_app.command(epilog=EXIT_CODES)
def nitro(image: Annotated[Path, typer.Argument(metavar="EIF", help="Enclave image file.")], out: Out = None) -> None:
    """PCR 0 to 2 of a Nitro enclave image file."""
    from privity_image.commands import measure

    leave(lambda: measure.write([measure.nitro(image)], out))


@measure_app.command(epilog=EXIT_CODES)
def sgx(
    mrenclave: Annotated[list[str], typer.Argument(metavar="MRENCLAVE…", help="As the enclave's build printed it.")],
    out: Out = None,
) -> None:
    """The part of SGX enclaves."""
    from privity_image.commands import measure

    leave(lambda: measure.write([measure.sgx(mrenclave)], out))


@measure_app.command("sim-tpm", epilog=EXIT_CODES)
def sim_tpm(
    uki: Uki = None,
    sections: Annotated[
        Path | None,
        typer.Option("--sections", metavar="FILE", help="JSON: names to SHA-256 of the contents."),
    ] = None,
    out: Out = None,
) -> None:
    """PCR 11 of a measured boot."""
    from privity_image.commands import measure

    leave(lambda: measure.write([measure.sim_tpm(uki, sections)], out))


@measure_app.command(epilog=EXIT_CODES)
def gpu(
    count: Annotated[int, typer.Option("--count", min=0, max=16, help="GPUs of the machine.")],
    switches: Annotated[int, typer.Option("--switches", min=0, max=16, help="NVSwitches of the machine.")],
    driver: Annotated[list[Path] | None, typer.Option("--driver", metavar="FILE", help="Driver's manifest.")] = None,
    firmware: Annotated[
        list[Path] | None, typer.Option("--vbios", metavar="FILE", help="VBIOS's or switch firmware's manifest.")
    ] = None,
    firmware_id: Annotated[list[str] | None, typer.Option("--firmware-id", metavar="HEX", help="Allowed FWID.")] = None,
    out: Out = None,
) -> None:
    """Golden values of GPUs and switches from NVIDIA's signed manifests."""
    from privity_image.commands import measure

    leave(
        lambda: measure.write(
            [
                measure.gpu(
                    count=count,
                    switches=switches,
                    drivers=driver or [],
                    firmware=firmware or [],
                    firmware_ids=firmware_id or [],
                )
            ],
            out,
        )
    )


@measure_app.command(epilog=EXIT_CODES)
def rim(manifest: Annotated[Path, typer.Argument(metavar="FILE", help="A manifest (XML).")], out: Out = None) -> None:
    """The golden values of one manifest, verified to NVIDIA's root."""
    from privity_image.commands import measure

    leave(lambda: measure.golden(manifest, out))


@measure_app.command(epilog=EXIT_CODES)
def platforms(
    parts: Annotated[list[Path], typer.Argument(metavar="PART…", help="Parts that the other commands wrote.")],
    out: Out = None,
) -> None:
    """Join parts into the `platforms` object of a release manifest."""
    from privity_image.commands import measure

    leave(lambda: measure.joined(parts, out))
