"""The engine process: run as a script by the supervisor, it shuts itself in, then lets xllamacpp read the weights.

Source: specs/models.md, section "The engine process". It imports nothing of ours, so that what an auditor reads here is
all of our code in that process. Standard input carries one JSON line of orders, the API key among them, and stays open:
its end means that the node is gone. Standard output carries one word of `WORDS` at a time, and nothing that C++ prints.
"""

import contextlib
import ctypes
import json
import os
import resource
import sys
from typing import Any, Final

WORDS: Final = frozenset({"isolated", "not_isolated", "not_isolable", "loaded", "not_loadable"})
SETTINGS: Final[dict[str, object]] = {
    # Caches that one conversation fills and another can time, or even read.
    "cache_ram_mib": 0,
    "cache_idle_slots": False,
    "cache_prompt": False,
    "slot_prompt_similarity": 0,
    "n_ctx_checkpoints": 0,
    "kv_unified": False,
    "ctx_shift": False,
    # Routes that show or store what others wrote, reach out, or serve pages.
    "endpoint_slots": False,
    "endpoint_props": False,
    "endpoint_metrics": False,
    "slot_save_path": "",
    "media_path": "",
    "server_tools": [],
    "ui": False,
    "cors_credentials": False,
    # Vectors for models whose weights say how to pool them; the node asks only those.
    "embedding": True,
    "offline": True,
    "verbosity": 0,
    # One long prompt may hold up the other chats, or a stop, for one batch.
    "n_batch": 256,
    "n_ubatch": 256,
    # The context is a promise of the configuration; it must not shrink to fit the machine.
    "fit_params": False,
    "warmup": True,
}
"""What never varies; its hash, with slots, context and template, is `settings` of the models document."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_SIGKILL = 9


def go_first() -> None:
    """When memory runs out, the engine goes before the node, which can start it again.

    Before `leave_the_network`: afterwards this file of /proc belongs to somebody else.
    """
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def leave_the_network() -> bool:
    """Move this process into a network namespace that holds nothing; False where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    # The user namespace makes it possible without privileges; with privileges some kernels forbid only that part.
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET))


def shut_in() -> None:
    """No core dump, no reader of this memory, no file grown by a byte, no new privilege, no life after the node.

    After `leave_the_network`: a change of credentials undoes the death signal. Raises OSError when refused.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_DUMPABLE, 0), (_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_PDEATHSIG, _SIGKILL)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def silence() -> int:
    """Send both standard outputs to nowhere and return a descriptor of the one that the supervisor reads."""
    report = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return report


def serve(orders: dict[str, Any]) -> object:
    """Load the sealed weights and listen on the Unix socket. Raises whatever xllamacpp raises."""
    # Threads that spin at barriers stall for seconds as soon as another process wants the core; read when OpenMP loads.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    import xllamacpp

    params = xllamacpp.CommonParams()
    for name, value in SETTINGS.items():
        setattr(params, name, value)
    params.model.path = f"/proc/self/fd/{orders['model']}"
    params.hostnames = [orders["socket"]]
    params.api_keys = [orders["key"]]
    params.n_parallel = orders["slots"]
    params.n_ctx = orders["slots"] * orders["context"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = orders["threads"]
    if orders["template"] is not None:
        params.chat_template = orders["template"]
    return xllamacpp.Server(params)


def main() -> None:
    """Follow the orders until standard input ends."""
    report = silence()

    def say(word: str) -> None:
        os.write(report, word.encode() + b"\n")

    orders = json.loads(sys.stdin.buffer.readline())
    go_first()
    isolated = leave_the_network()
    if not isolated and orders["network_isolation"] == "required":
        say("not_isolable")
        return
    shut_in()
    say("isolated" if isolated else "not_isolated")
    try:
        server = serve(orders)
    except Exception:
        say("not_loadable")
        return
    say("loaded")
    sys.stdin.buffer.read()
    # Not `return`: the server's threads hold the process until every request has ended.
    os._exit(0 if server else 1)


if __name__ == "__main__":
    main()
