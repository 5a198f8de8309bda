"""Clocks: signatures of Slack are refused when they seem five minutes old, so none may be far off."""

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

import aiohttp
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.maintenance.inspection.report import Line, fail, ok, warn

MOST_SECONDS = 60.0
SECONDS = 10.0


async def clock_lines(redis: Redis | None, addresses: Mapping[str, str], clock: Callable[[], float]) -> list[Line]:
    """How far this machine's clock is from Redis' and from those of whoever answers at `addresses`, by name."""
    off: dict[str, float] = {}
    lines: list[Line] = []
    if redis is not None:
        try:
            whole, micros = await redis.time()
            off["Redis"] = clock() - (float(whole) + float(micros) / 1e6)
        except RedisError as error:
            lines.append(warn("Clock", f"Redis does not tell the time ({type(error).__name__}).", "Let it run TIME."))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
        for name, address in addresses.items():
            try:
                async with session.get(address, allow_redirects=False) as answer:
                    told = parsedate_to_datetime(answer.headers["Date"]).timestamp()
                    # its date has no fractions of a second
                    off[name] = clock() - (told + 0.5)
            except (aiohttp.ClientError, TimeoutError, KeyError, ValueError) as error:
                what = f"{name} did not tell the time ({type(error).__name__})."
                lines.append(warn("Clock", what, "It is compared when it answers."))
    far = {name: seconds for name, seconds in off.items() if abs(seconds) > MOST_SECONDS}
    for name, seconds in far.items():
        what = f"this machine is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} {name}."
        ours = len(far) == len(off) > 1
        whose = "This machine's clock is wrong" if ours else "One of the two clocks is wrong"
        mend = f"{whose}: let NTP set it (timedatectl set-ntp true). Signatures break at 300 s."
        lines.append(fail("Clock", what, mend))
    if off and not far:
        lines.append(ok("Clock", f"within {max(1.0, *map(abs, off.values())):.0f} s of {', '.join(off)}."))
    return lines
