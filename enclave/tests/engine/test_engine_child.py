"""The engine process shuts itself in. Each promise is tried out in a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from privity_enclave.engine import child

FOLDER = os.path.dirname(child.__file__)


def inside(code: str, *arguments: str) -> dict:
    """What a process finds that runs `code` after `import child`; the code fills `found`."""
    head = f"import sys, json; sys.path.insert(0, {FOLDER!r}); import child; found = {{}}"
    program = f"{head}\n{code}\nprint(json.dumps(found))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict = json.loads(done.stdout)
    return found


CONNECT = """
import socket
def reaches(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False
"""


def test_the_child_leaves_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        found = inside(
            CONNECT + "port = int(sys.argv[1])\n"
            "found['before'] = reaches(port); found['left'] = child.leave_the_network()\n"
            "found['after'] = reaches(port)",
            port,
        )
    if not found["left"]:
        pytest.skip("this kernel does not let a process leave the network")
    assert found == {"before": True, "left": True, "after": False}


def test_a_refusal_of_the_kernel_is_told() -> None:
    found = inside("child._CLONE_NEWUSER = child._CLONE_NEWNET = 1; found['left'] = child.leave_the_network()")
    assert found == {"left": False}


SHUT = """
import ctypes, os, resource
child.go_first(); child.leave_the_network(); child.shut_in()
libc = ctypes.CDLL(None)
signal = ctypes.c_int()
libc.prctl(2, ctypes.byref(signal), 0, 0, 0)
found = {
    "core": resource.getrlimit(resource.RLIMIT_CORE), "file": resource.getrlimit(resource.RLIMIT_FSIZE),
    "dumpable": libc.prctl(3, 0, 0, 0, 0), "no_new_privs": libc.prctl(39, 0, 0, 0, 0), "death": signal.value,
    "oom": open("/proc/self/oom_score_adj").read().strip(),
}
"""


def test_no_core_dump_no_reader_no_new_privilege_no_life_after_the_node() -> None:
    assert inside(SHUT) == {
        "core": [0, 0],
        "file": [0, 0],
        "dumpable": 0,
        "no_new_privs": 1,
        "death": 9,
        "oom": "1000",
    }


UNPRIVILEGED = """
import ctypes, os
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
weights = os.memfd_create("weights", os.MFD_ALLOW_SEALING)
os.write(weights, b"GGUF")
child.go_first(); left = child.leave_the_network(); child.shut_in()
found["weights"] = open(f"/proc/self/fd/{weights}").read()
found["root"] = os.geteuid() == 0
"""


def test_it_needs_no_privileges() -> None:
    """A process that nobody may read finds most of its own /proc closed, but not its weights."""
    assert inside(UNPRIVILEGED) == {"weights": "GGUF", "root": False}


def test_no_file_can_grow(tmp_path) -> None:
    code = (
        "import os, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); child.shut_in()\n"
        "target = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)\n"
        "try: os.write(target, b'prompt'); found['error'] = None\n"
        "except OSError as error: found['error'] = error.errno"
    )
    assert inside(code, str(tmp_path / "leak")) == {"error": 27}
    assert (tmp_path / "leak").read_bytes() == b""


def test_nothing_printed_comes_out() -> None:
    program = (
        f"import sys, os; sys.path.insert(0, {FOLDER!r}); import child; report = child.silence()\n"
        "os.write(1, b'canary'); os.write(2, b'canary'); print('canary', flush=True); os.write(report, b'word\\n')"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"word\n", b"")


SAFE = {
    "cache_ram_mib": 0,
    "cache_idle_slots": False,
    "cache_prompt": False,
    "slot_prompt_similarity": 0,
    "n_ctx_checkpoints": 0,
    "kv_unified": False,
    "ctx_shift": False,
    "endpoint_slots": False,
    "endpoint_props": False,
    "endpoint_metrics": False,
    "slot_save_path": "",
    "media_path": "",
    "server_tools": [],
    "ui": False,
    "cors_credentials": False,
    "embedding": True,
    "offline": True,
    "verbosity": 0,
    "n_batch": 256,
    "n_ubatch": 256,
    "fit_params": False,
    "warmup": True,
}


@pytest.mark.parametrize("name", SAFE)
def test_every_safe_setting(name: str) -> None:
    """Each was chosen for a reason given in the specification; a change is a change of the promise."""
    assert child.SETTINGS[name] == SAFE[name]
    assert type(child.SETTINGS[name]) is type(SAFE[name])


def test_no_other_setting() -> None:
    assert set(child.SETTINGS) == set(SAFE)


class Params:
    """Takes what is set, like xllamacpp's parameters but stricter: a name set twice is an error."""

    def __init__(self) -> None:
        self.model = type("Path", (), {})()
        self.cpuparams = type("Threads", (), {})()
        self.cpuparams_batch = type("Threads", (), {})()


def test_the_settings_and_orders_reach_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = type(sys)("xllamacpp")
    fake.CommonParams = Params
    fake.Server = lambda params: params
    monkeypatch.setitem(sys.modules, "xllamacpp", fake)
    monkeypatch.setenv("OMP_WAIT_POLICY", "")
    orders = {"model": 7, "socket": "/s.sock", "key": "k", "slots": 3, "context": 100, "threads": 2, "template": "T"}
    served = vars(child.serve(orders))
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert {name: served[name] for name in SAFE} == SAFE
    assert served["model"].path == "/proc/self/fd/7"
    assert (served["hostnames"], served["api_keys"]) == (["/s.sock"], ["k"])
    assert (served["n_parallel"], served["n_ctx"], served["chat_template"]) == (3, 300, "T")
    assert (served["cpuparams"].n_threads, served["cpuparams_batch"].n_threads) == (2, 2)
    assert "chat_template" not in vars(child.serve(orders | {"template": None}))


def test_the_real_engine_knows_every_setting() -> None:
    """An attribute that a new version renamed would be set on nothing."""
    code = (
        "import xllamacpp; params = xllamacpp.CommonParams()\n"
        "found['unknown'] = [name for name in child.SETTINGS if not hasattr(params, name)]"
    )
    assert inside(code) == {"unknown": []}


def test_the_child_imports_nothing_of_ours() -> None:
    source = Path(child.__file__).read_text()
    assert not re.search(r"(import|from) privity", source)
