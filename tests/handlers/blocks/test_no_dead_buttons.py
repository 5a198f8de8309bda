"""Everything that can be clicked, submitted or looked up has its place on the map of handlers."""

import handlers
from bot.checks.guide import Guide
from bot.tracking.registration import Mute
from bot.tracking.subscriptions import Subscription
from handlers.blocks.amendment import void_now
from handlers.blocks.change import change_card, happened_modal, reject_modal, told
from handlers.blocks.change_buttons import break_glass_button
from handlers.blocks.following.registration import Shown, registration_card, registration_modal, verdict
from handlers.blocks.following.ticket import ticket_modal
from handlers.blocks.following.watch import Watched, watch_modal, watch_panel
from handlers.blocks.form import form_modal
from handlers.blocks.glass import (
    break_glass_modal,
    glass_broken,
    passed_over,
    review_over,
    reviews_list,
    sign_off_modal,
)
from handlers.blocks.home import home_view
from handlers.blocks.plan import details_modal, preview_modal
from tests.handlers.blocks.judge import elements
from tests.handlers.blocks.samples import (
    ANN,
    CATALOG,
    NOW,
    STATES,
    broken,
    change,
    draft,
    error,
    plan,
    registration,
    transition,
)

GUIDE = Guide.load()
FAILED = registration("FAILED", error())
MUTED = FAILED.model_copy(update={"muted": {"C0A2P": Mute(by=ANN, at=NOW)}})
WATCHED = Watched("C0A2P", Subscription(channel="C0A2P"), {"AC1": "main", "AC2": "other"}, {"BN1": "Acme"}, {}, [MUTED])
VIEWS = [
    *(
        form_modal(o, draft(), page, resume=draft())
        for o in CATALOG.operations
        for page in range(1, o.form.pages() + 1)
    ),
    preview_modal(CATALOG["service.create"], draft(of=plan())),
    reject_modal(change()),
    break_glass_modal(change()),
    sign_off_modal(broken()),
    happened_modal(change("unknown")),
    watch_modal(WATCHED),
]
OTHERS = [
    *(change_card(change(state)) for state in STATES),
    *filter(None, (told(change(state)) for state in STATES)),
    details_modal(change(), [break_glass_button(change())]),
    change_card(broken()),
    glass_broken(broken()),
    passed_over(broken()),
    review_over(broken()),
    reviews_list([broken()], frozenset({broken().number})),
    void_now(change()),
    registration_card(Shown(FAILED)),
    registration_card(Shown(FAILED, channel="C0A2P")),
    registration_card(Shown(MUTED, channel="C0A2P")),
    registration_modal(Shown(FAILED)),
    ticket_modal(Shown(FAILED)),
    verdict(Shown(FAILED, channel="C0A2P"), transition("FAILED", error())),
    watch_panel(WATCHED),
    watch_panel(Watched("C0A2P")),
    home_view(
        viewer=ANN,
        waiting=[change()],
        mine=[],
        registrations=[],
        may_ask=[o.name for o in CATALOG.operations],
        now=NOW,
    ),
]
TYPED = {"reason", "note", "sid"} | set(
    elements(watch_modal(Watched("C0A2P", accounts={"1": "", "2": ""}, brands={"3": ""})))
)
"""Inputs that are read on submit and send nothing by themselves."""


def test_every_button_is_on_the_map() -> None:
    ids = {action_id.partition(":")[0] for drawn in (*VIEWS, *OTHERS) for action_id in elements(drawn)}
    assert ids - TYPED <= set(handlers.ACTIONS)


def test_every_lookup_is_on_the_map() -> None:
    ids = {e["action_id"] for v in VIEWS for e in elements(v).values() if e["type"].endswith("external_select")}
    assert {action_id.partition(":")[0] for action_id in ids} <= set(handlers.OPTIONS)


def test_every_window_that_can_be_submitted_is_on_the_map() -> None:
    assert {view["callback_id"] for view in VIEWS if "submit" in view} <= set(handlers.SUBMISSIONS)
