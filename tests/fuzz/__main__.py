"""`python -m tests.fuzz`: feeds changed inputs to every parser for a while (`--seconds` each, 600 when not given).

What goes wrong is written into `tests/fuzz/seeds/TARGET/` and run again by every test run from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import traceback

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import KEPT, TARGETS, kept

MAX_SECONDS = 2.0
"""CPU time of one input; they are all small."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all when none is named")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    failures = 0
    for name in options.targets or TARGETS:
        found, count = fuzz(name, seed=options.seed, seconds=options.seconds)
        failures += len(found)
        print(f"{name}: {count} inputs, {len(found)} went wrong (seed {options.seed})", flush=True)
        for data, trouble in found:
            path = KEPT / name / hashlib.sha256(data).hexdigest()[:16]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            print(f"  {path}\n{trouble}", flush=True)
    return 1 if failures else 0


def fuzz(
    name: str, *, seed: int, seconds: float = float("inf"), inputs: int | None = None
) -> tuple[list[tuple[bytes, str]], int]:
    """Run one target; returns what went wrong, one input for each place in the code, and how many inputs there were."""
    target, chance = TARGETS[name], random.Random(f"{seed} {name}")
    pool = [*target.seeds, *kept(name)]
    every = [one for other in TARGETS.values() for one in other.seeds]
    wrong: dict[str, tuple[bytes, str]] = {}
    end, count = time.monotonic() + seconds, 0
    queue = list(pool)
    while (inputs is None or count < inputs) and time.monotonic() < end:
        data = queue.pop() if queue else mutated(chance.choice(pool), every, chance)
        count += 1
        trouble = run(name, data)
        if trouble is not None:
            wrong.setdefault(trouble.splitlines()[-1][:60] + trouble[-400:-200], (data, trouble))
    return list(wrong.values()), count


def run(name: str, data: bytes) -> str | None:
    """What went wrong with one input, as text."""
    started = time.process_time()
    try:
        TARGETS[name].run(data)
    except Exception:  # noqa: BLE001  # whatever comes out is what is looked for
        return traceback.format_exc(limit=-6)
    spent = time.process_time() - started
    return f"it took {spent:.1f} s" if spent > MAX_SECONDS else None


if __name__ == "__main__":
    sys.exit(main())
