"""`make bench`: every benchmark in turn, and one table of figure, goal and whether it is met.

`python bench/run.py [--quick] [--strict] [NAME ...]`. Figures depend on the machine and on what else it does; ratios
are taken within one run. So a missed goal is said in its line and in the last one, and is no failure of the run unless
`--strict` asks for that. Exit code 1 where a benchmark could not be measured.
"""

import argparse
import importlib
import os
import sys
import time

from figure import Figure, table

BENCHMARKS = (
    "channel",
    "appraise",
    "proofs",
    "log",
    "devices",
    "vendors",
    "evidence",
    "attest_evidence",
    "engine",
    "relay",
    "relay_of_others",
    "accounts",
    "tokens",
    "node_memory",
    "traffic_shape",
    "traffic_live",
    "end_to_end",
    "proxy",
    "cold_start",
    "history",
    "unlock",
    "chat",
    "web",
)
FAILED = "failed: "


def measured(name: str, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark; one that fails is a line in the table and not the end of the others."""
    began = time.monotonic()
    print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
    try:
        figures: list[Figure] = importlib.import_module(name).run(quick=quick)
    except Exception as error:
        print(repr(error)[:2000], file=sys.stderr)
        figures = [Figure(name, f"{FAILED}{type(error).__name__}", "", False)]
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return figures


def main() -> int:
    """Run what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: an impression in a few minutes")
    parser.add_argument("--strict", action="store_true", help="exit with 1 also when a goal is missed")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark named {unknown[0]}")
    before = os.getloadavg()[0]
    figures = [figure for name in chosen.names or BENCHMARKS for figure in measured(name, quick=chosen.quick)]
    print(table(figures))
    cores = len(os.sched_getaffinity(0))
    failed = [figure for figure in figures if figure.value.startswith(FAILED)]
    missed = sum(figure.met is False for figure in figures) - len(failed)
    machine = f"{cores} cores, load {before:.1f} before the run{', quick' if chosen.quick else ''}"
    print(f"\n{missed} goals missed; {machine}")
    return 1 if failed or (chosen.strict and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
