"""`python -m tests.chaos --kills 300 --seed 7`: the long version, which prints what it has survived."""

import argparse
import asyncio
import logging
import secrets
import sys
import tempfile
from pathlib import Path

import structlog

from tests.chaos.program import PACE, survive


def main() -> int:
    """Run, print the report, and exit with 1 when a promise was broken."""
    options = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    options.add_argument("--kills", type=int, default=300, help="how many processes to kill (300)")
    options.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="gives everybody's decisions")
    options.add_argument("--pace", type=float, default=PACE, help=f"seconds between two kills, on average ({PACE})")
    options.add_argument("--keep", type=Path, help="a folder for the logs of the bots; by default they are thrown away")
    options.add_argument("--limit", type=float, help="seconds after which it counts as hanging (120, and 4 a kill)")
    chosen = options.parse_args()
    if chosen.keep and chosen.keep.exists() and any(chosen.keep.iterdir()):
        options.error(f"{chosen.keep} is not empty: another run is kept there")
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    # that Redis is gone again is no news here
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="tenfour-chaos-") as folder:
        report = asyncio.run(survive(chosen.kills, chosen.seed, chosen.keep or Path(folder), chosen.pace, chosen.limit))
    sys.stdout.write(f"{report.text()}\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
