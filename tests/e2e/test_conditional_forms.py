"""A page asks what follows from its answers as soon as they are given, and loses nothing that was typed."""

from bot.sandbox.twilio import start_state
from handlers.blocks.form import drawn_fields
from tests.e2e.world import A2P, RITA, World, shown


async def opened(world: World, text: str = "add") -> None:
    """Rita has opened the form for adding senders."""
    await world.slack.command(RITA, A2P, "/a2p-sender", text)
    await world.page(RITA, 1)


async def asks(world: World, *fields: str) -> None:
    """Wait until the page asks for these fields besides those that it always asks for."""
    wanted = {"service_sid", "kind", *fields}
    await world.until(lambda: drawn_fields(world.view(RITA)) == wanted, str(wanted))


async def test_a_page_submitted_before_its_new_questions_were_drawn_shows_them_first(world: World) -> None:
    await opened(world)
    await world.slack.suggest(RITA, "lookup:services", "")
    world.slack.faults.add(method="views.update", error="hash_conflict", times=1)
    await world.slack.click(RITA, "field:kind", value="alpha")
    await world.until(lambda: world.slack.calls("views.update"), "the redrawing that is lost")
    values = {"service_sid": start_state.SUPPORT_SERVICE, "kind": "alpha"}
    await world.slack.submit(RITA, values, bypass_client=True)
    assert drawn_fields(world.view(RITA)) >= {"alpha_sender", "iso_country_code"}
    assert "more to answer" in shown(world.view(RITA))
    done = await world.slack.submit(RITA, {"alpha_sender": "ACME", "iso_country_code": "DE"})
    assert not done.errors
    await world.previewed(RITA)


async def test_an_answer_brings_the_questions_that_follow_from_it_and_keeps_the_others(world: World) -> None:
    await opened(world)
    await asks(world, "numbers")
    await world.slack.suggest(RITA, "lookup:services", "")
    await world.slack.click(RITA, "lookup:services", value=start_state.SUPPORT_SERVICE)
    await world.slack.click(RITA, "field:kind", value="alpha")
    await asks(world, "alpha_sender", "iso_country_code")
    done = await world.slack.submit(RITA, {"alpha_sender": "ACME"})
    assert not done.errors, "the service that was chosen before is still chosen"
    await world.previewed(RITA)
    assert "ACME" in shown(world.view(RITA))


async def test_a_question_that_comes_back_holds_what_was_typed(world: World) -> None:
    await opened(world, "add kind=alpha")
    await world.slack.click(RITA, "field:alpha_sender", value="ACME")
    await world.slack.click(RITA, "field:kind", value="short_code")
    await asks(world, "short_codes")
    await world.slack.click(RITA, "field:kind", value="alpha")
    await asks(world, "alpha_sender", "iso_country_code")
    assert "ACME" in shown(world.view(RITA))


async def test_an_answer_that_changes_nothing_else_draws_nothing_anew(world: World) -> None:
    await opened(world, "add kind=alpha")
    before = len(world.slack.calls("views.update"))
    for text in ("A", "AC", "ACM", "ACME"):
        await world.slack.click(RITA, "field:alpha_sender", value=text)
    assert len(world.slack.calls("views.update")) == before
