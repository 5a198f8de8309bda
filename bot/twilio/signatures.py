"""Whether a webhook comes from Twilio: its signature over the address that Twilio called and the body that it sent."""

import re
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import HMAC_SHA1, RequestValidator

HEADER = "X-Twilio-Signature"
MOST_FIELDS = 1000
"""Of a form; Twilio sends some twenty."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Form(dict[str, list[str]]):
    """The fields of a form: every value of every name, blank ones too, as the signature covers them all."""

    def getall(self, name: str) -> list[str]:
        """What Twilio's validator asks for, so that a repeated field counts with all its values."""
        return self[name]


def read_form(body: bytes) -> Form:
    """A form body. Raises ValueError when it is not UTF-8, or has more fields than any of Twilio's."""
    return Form(parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))


class Signatures:
    """Judges signatures over addresses below `public_url`, whatever host a request claims to be for.

    A proxy may leave the path of `public_url` on what was asked for, or take it away: the address is the same.

    Nothing read so far settles whether Twilio signs the address with or without the credentials of a destination, so
    with a `login` (`user:password`) both count: neither can be signed without the account's auth token. The algorithm
    is the auth token's own, HMAC-SHA1: a request does not choose another (twilio.md 11.4 to 11.6).
    """

    def __init__(self, public_url: str, login: str = "") -> None:
        scheme, _, rest = public_url.partition("://")
        self._prefix = urlsplit(public_url).path
        self._bases = (public_url, f"{scheme}://{login}@{rest}") if login else (public_url,)

    def signs_json(self, auth_token: str, path: str, body: str, signature: str) -> bool:
        """Whether a body in JSON was signed. `path` is what was asked for, query included, as it came.

        The signature covers the address alone, so an address without the body's hash proves nothing about the body.
        """
        return _has_body_hash(path) and self._signs(auth_token, path, body, signature)

    def signs_form(self, auth_token: str, path: str, form: Form, signature: str) -> bool:
        """Whether a form was signed. `path` is what was asked for, query included, as it came."""
        return self._signs(auth_token, path, form, signature)

    def _signs(self, auth_token: str, path: str, content: str | Form, signature: str) -> bool:
        # an absolute address on the request line, or one that is not ASCII, is none that Twilio was given
        if not path.startswith("/") or not path.isascii():
            return False
        if self._prefix and path.startswith(f"{self._prefix}/"):
            path = path.removeprefix(self._prefix)
        validator = RequestValidator(auth_token)
        return any(validator.validate(base + path, content, signature, HMAC_SHA1) for base in self._bases)


def _has_body_hash(path: str) -> bool:
    found = parse_qs(path.partition("?")[2]).get("bodySHA256", [])
    return len(found) == 1 and bool(_HASH.fullmatch(found[0]))
