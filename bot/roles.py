"""What a process is there for: to answer people, to work, or both. Any number of each share one Redis."""

from enum import StrEnum


class Role(StrEnum):
    """The part of the bot that a process is (`tenfour run --role`)."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"

    @property
    def answers(self) -> bool:
        """Whether it receives: from Slack, from Twilio and from TCR."""
        return self is not Role.WORKER

    @property
    def works(self) -> bool:
        """Whether it takes tasks, and ticks the work that is done once for all."""
        return self is not Role.WEB
