"""What a form names by its SID, read from Twilio; a refusal on the form's field when the account has no such thing."""

from bot.catalog.form import Form, Values, mistakes
from bot.catalog.operation import CannotPlanError
from bot.twilio import reads
from bot.twilio.gateway import Account


async def found_service(account: Account, service_sid: str, field: str = "service_sid") -> reads.Service:
    """A messaging service of the account. Raises `CannotPlanError`."""
    service = await reads.service(account, service_sid)
    if service is None:
        raise CannotPlanError(
            f"This account has no messaging service {service_sid}. It may be deleted, or another account's.", field
        )
    return service


async def found_brand(account: Account, brand_sid: str) -> reads.Brand:
    """A brand of the account. Raises `CannotPlanError`."""
    brand = await reads.brand(account, brand_sid)
    if brand is None:
        raise CannotPlanError(
            f"This account has no brand {brand_sid}. It may be deleted, or another account's.", "brand_sid"
        )
    return brand


def chosen(form: type[Form], field: str, values: Values) -> str:
    """What was chosen so far in a field that names something; "" while nothing was. Raises `CannotPlanError`."""
    if not values.get(field):
        return ""
    if wrong := [m.text for m in mistakes(form, values) if m.field == field]:
        raise CannotPlanError(wrong[0], field)
    return str(values[field])
