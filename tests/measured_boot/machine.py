"""A machine without hardware of its own: QEMU's software emulation, OVMF as firmware, swtpm as TPM."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
LINE = re.compile(rb"^(platform|first|second|boot-log|runtime-log): ([0-9a-f]+)\r?$", re.MULTILINE)


def boot(esp: Path, folder: Path, *, seconds: int) -> dict[str, bytes]:
    """Boot what is on the EFI system partition `esp` and return what its console said, by name. `folder` is scratch."""
    variables = folder / "variables.fd"
    shutil.copy(VARIABLES, variables)
    with tpm(folder) as control:
        command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "1024"]
        command += ["-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"]
        command += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={FIRMWARE}"]
        command += ["-drive", f"if=pflash,unit=1,format=raw,file={variables}"]
        command += ["-drive", f"format=raw,file=fat:rw:{esp}"]
        command += ["-chardev", f"socket,id=tpm,path={control}", "-tpmdev", "emulator,id=tpm0,chardev=tpm"]
        command += ["-device", "tpm-tis,tpmdev=tpm0"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    said: dict[str, bytes] = {}
    for name, data in LINE.findall(done.stdout):
        said[name.decode()] = said.get(name.decode(), b"") + bytes.fromhex(data.decode())
    if b"done" not in done.stdout.split():
        raise AssertionError(done.stdout[-3000:].decode("utf-8", "replace") + done.stderr[-1000:].decode())
    return said


@contextmanager
def tpm(folder: Path) -> Iterator[Path]:
    """A fresh TPM; yields the socket by which QEMU drives it."""
    control = folder / "tpm"
    state = folder / "tpm-state"
    state.mkdir()
    command = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--ctrl", f"type=unixio,path={control}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not control.exists():
                if process.poll() is not None:
                    raise AssertionError("swtpm ended at once")
            yield control
        finally:
            process.terminate()
