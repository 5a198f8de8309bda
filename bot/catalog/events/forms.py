"""The forms of Event Streams."""

from typing import Annotated, Literal

from bot.catalog.form import Ask, Form, Option


class EventsSetup(Form):
    """Which events Twilio is to send."""

    page_titles = ("Events",)

    messages: Annotated[
        bool,
        Ask(
            "Follow message outcomes too",
            "What becomes of brands, campaigns and numbers comes in any case. Outcomes of messages are an event or "
            "more for each message, and Twilio charges for events by their number.",
            "yes_no",
        ),
    ] = False


class EventsRemove(Form):
    """What Twilio is to send no more."""

    page_titles = ("Events",)

    what: Annotated[
        Literal["all", "messages"],
        Ask(
            "End",
            "",
            "choice",
            options=(
                Option("all", "All events", "Tenfour then learns what it can by asking Twilio: no states of numbers."),
                Option("messages", "Outcomes of messages", "Those of brands, campaigns and numbers go on."),
            ),
        ),
    ] = "all"


class EventsShow(Form):
    """Which sinks to show."""

    page_titles = ("Sinks",)

    others: Annotated[
        bool,
        Ask("Other sinks too", "Those of this account that send events to somebody else.", "yes_no"),
    ] = True
