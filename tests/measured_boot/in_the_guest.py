"""The first and only process of the measured machine: quotes by the enclave's own driver, then switches it off.

It runs from the initrd with no other file than what importing it needs. On the console, each line is `name: hex`, cut
into pieces; `done` ends them, and `failed` says what went wrong.
"""

import ctypes
import os
import sys
from hashlib import sha512
from pathlib import Path

from privity_enclave import runtime
from privity_enclave.hardware.tpm import Tpm, TpmDevice
from privity_enclave.hardware.tree import read_at_most

FIRST, SECOND = sha512(b"before the runtime events").digest(), sha512(b"after the runtime events").digest()
CONFIGURATION, MODELS = b'{"v":1}', b'{"models":[],"v":1}'
DEVICE, LOG = Path("/dev/tpmrm0"), Path("/sys/kernel/security/tpm0/binary_bios_measurements")
PIECE = 512  # bytes of one line
POWER_OFF = 0x4321FEDC  # reboot(2)


def say(name: str, data: bytes) -> None:
    for at in range(0, len(data), PIECE):
        print(f"{name}: {data[at : at + PIECE].hex()}", flush=True)


def mount(libc: ctypes.CDLL, kind: bytes, where: bytes) -> None:
    os.makedirs(where, exist_ok=True)
    if libc.mount(b"none", where, kind, 0, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {kind.decode()}")


def measure() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for kind, where in ((b"devtmpfs", b"/dev"), (b"sysfs", b"/sys"), (b"securityfs", b"/sys/kernel/security")):
        mount(libc, kind, where)
    tpm = Tpm(TpmDevice(DEVICE), boot_log=read_at_most(LOG, 65536))
    first = tpm.evidence(FIRST)
    say("platform", tpm.platform.id)
    say("first", first["cpu"][1])
    say("boot-log", first["boot-log"][1])
    say("runtime-log", runtime.measure(tpm, configuration=CONFIGURATION, models=MODELS))
    say("second", tpm.evidence(SECOND)["cpu"][1])


def main() -> None:
    try:
        measure()
        print("done", flush=True)
    except Exception as error:
        print(f"failed: {error!r}", flush=True)
    os.sync()
    ctypes.CDLL(None).reboot(POWER_OFF)


if __name__ == "__main__" and os.getpid() == 1:
    main()
elif __name__ == "__main__":
    sys.exit("this is the first process of a machine of its own")
