"""Ask a GGUF file: JSON lists of messages on standard input, one a line; one JSON answer a line on standard output.

A program of its own, because the engine prints, installs signal handlers and may abort: what asks must survive that.
"""

import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xllamacpp

SLOTS, CONTEXT, LONGEST_ANSWER = 4, 2048, 160


def start(model: str, folder: str) -> xllamacpp.Server:
    """The engine, on a socket that nobody else can reach."""
    p = xllamacpp.CommonParams()
    p.model.path = model
    p.hostnames = [f"{folder}/engine.sock"]
    p.n_parallel, p.n_ctx, p.kv_unified = SLOTS, SLOTS * CONTEXT, False
    p.cache_ram_mib, p.cache_idle_slots, p.slot_prompt_similarity = 0, False, 0.0
    p.endpoint_slots = p.endpoint_props = p.endpoint_metrics = p.ui = False
    p.n_batch = p.n_ubatch = 256
    p.verbosity, p.warmup = 0, False
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(p)


def answer(server: xllamacpp.Server, messages: list[dict[str, str]]) -> str:
    """The most probable answer, the same each time."""
    asked = {"messages": messages, "temperature": 0.0, "max_tokens": LONGEST_ANSWER, "cache_prompt": False}
    reply: Any = server.handle_chat_completions(asked)
    if isinstance(reply, str | bytes):
        reply = json.loads(reply)
    return str(reply["choices"][0]["message"]["content"])


def main() -> None:
    questions = [json.loads(line) for line in sys.stdin]
    with tempfile.TemporaryDirectory() as folder:
        server = start(sys.argv[1], folder)
        with ThreadPoolExecutor(SLOTS) as pool:
            for text in pool.map(lambda messages: answer(server, messages), questions):
                print(json.dumps(text), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
