"""`python -m benchmarks [names …] [--quick] [--json]`: run the benches and print their table."""

import argparse
import importlib
import json
import pkgutil
import sys

import benchmarks
from benchmarks.rows import Row, loop_s, machine, table


def main() -> int:
    """Run what was asked for; talk on stderr, the table (or JSON) on stdout."""
    known = sorted(
        module.name.removeprefix("bench_")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name.startswith("bench_")
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(known)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="smaller runs, for a first look")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}; there are {', '.join(known)}")
    rows: list[Row] = []
    for name in asked.names or known:
        print(f"bench {name} …", file=sys.stderr, flush=True)
        before = loop_s()
        rows += importlib.import_module(f"benchmarks.bench_{name}").main(asked.quick)
        speed = f"{before:.2f} s before, {loop_s():.2f} s after"
        rows.append(Row(f"machine during {name}: 3M multiply-adds", speed))
    if asked.json:
        print(json.dumps({"machine": machine(), "rows": [row._asdict() for row in rows]}, indent=1))
    else:
        print(f"{machine()}\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
