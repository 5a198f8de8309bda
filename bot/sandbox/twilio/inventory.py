"""Numbers that can be bought: the fictional 555-01xx block of real area codes, always the same ones."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from bot.sandbox.twilio.wire import Refusal

_TOLL_FREE_CODES = ("800", "833", "844", "855", "866", "877", "888")
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")

# area code, region, locality, rate center, LATA, postal code, latitude, longitude
_AREAS = """
201|NJ|Jersey City|JERSEYCITY|224|07302|40.7195|-74.0427
202|DC|Washington|WSHNGTNZN1|236|20001|38.9072|-77.0369
203|CT|New Haven|NEW HAVEN|920|06510|41.3083|-72.9279
206|WA|Seattle|SEATTLE|674|98101|47.6101|-122.3344
210|TX|San Antonio|SANANTONIO|566|78205|29.4241|-98.4936
212|NY|New York|NWYRCYZN01|132|10001|40.7506|-73.9972
213|CA|Los Angeles|LSAN DA 01|730|90012|34.0614|-118.2385
214|TX|Dallas|DALLAS|552|75201|32.7876|-96.7994
215|PA|Philadelphia|PHLADELPHA|228|19103|39.9529|-75.1741
216|OH|Cleveland|CLEVELAND|320|44114|41.5134|-81.6751
303|CO|Denver|DENVER|656|80202|39.7527|-104.9992
305|FL|Miami|MIAMI|460|33130|25.7672|-80.2056
307|WY|Cheyenne|CHEYENNE|654|82001|41.1400|-104.8202
312|IL|Chicago|CHICAGO ZONE 1|358|60602|41.8829|-87.6291
313|MI|Detroit|DETROITZN1|340|48226|42.3317|-83.0479
314|MO|Saint Louis|STLOUIS|520|63101|38.6313|-90.1925
317|IN|Indianapolis|INDIANPLS|336|46204|39.7717|-86.1576
321|FL|Orlando|ORLANDO|458|32801|28.5421|-81.3790
401|RI|Providence|PROVIDENCE|130|02903|41.8200|-71.4158
402|NE|Omaha|OMAHA|644|68102|41.2589|-95.9340
404|GA|Atlanta|ATLANTA|438|30303|33.7529|-84.3925
405|OK|Oklahoma City|OKLA CITY|536|73102|35.4720|-97.5199
408|CA|San Jose|SNJS WEST|722|95113|37.3334|-121.8907
410|MD|Baltimore|BALTIMORE|238|21202|39.2998|-76.6075
412|PA|Pittsburgh|PITTSBURGH|234|15222|40.4477|-79.9933
415|CA|San Francisco|SNFC CNTRL|722|94103|37.7725|-122.4147
503|OR|Portland|PORTLAND|672|97204|45.5184|-122.6733
504|LA|New Orleans|NEWORLEANS|490|70112|29.9604|-90.0752
505|NM|Albuquerque|ALBUQUERQU|664|87102|35.0818|-106.6482
512|TX|Austin|AUSTIN|558|78701|30.2713|-97.7426
513|OH|Cincinnati|CINCINNATI|922|45202|39.1072|-84.5019
602|AZ|Phoenix|PHOENIX|666|85004|33.4510|-112.0685
612|MN|Minneapolis|MINNEAPLIS|628|55401|44.9835|-93.2683
615|TN|Nashville|NASHVILLE|470|37219|36.1675|-86.7833
617|MA|Boston|BOSTON|128|02108|42.3576|-71.0684
619|CA|San Diego|SNDG SNDG|732|92101|32.7194|-117.1628
628|CA|San Francisco|SNFC CNTRL|722|94105|37.7898|-122.3942
646|NY|New York|NWYRCYZN01|132|10011|40.7420|-74.0005
702|NV|Las Vegas|LAS VEGAS|721|89101|36.1720|-115.1223
704|NC|Charlotte|CHARLOTTE|422|28202|35.2290|-80.8419
713|TX|Houston|HOUSTON|560|77002|29.7594|-95.3594
737|TX|Austin|AUSTIN|558|78702|30.2638|-97.7166
801|UT|Salt Lake City|SALT LAKE|660|84101|40.7559|-111.8967
804|VA|Richmond|RICHMOND|248|23219|37.5407|-77.4360
808|HI|Honolulu|HONOLULU|834|96813|21.3179|-157.8521
813|FL|Tampa|TAMPA CEN|952|33602|27.9614|-82.4597
816|MO|Kansas City|KANSASCITY|524|64106|39.1052|-94.5699
901|TN|Memphis|MEMPHIS|468|38103|35.1440|-90.0480
904|FL|Jacksonville|JACKSONVL|452|32202|30.3299|-81.6517
907|AK|Anchorage|ANCHORAGE|832|99501|61.2116|-149.8761
916|CA|Sacramento|SCRM MAIN|726|95814|38.5804|-121.4922
919|NC|Raleigh|RALEIGH|426|27601|35.7727|-78.6324
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """A number on sale. `area` holds region, locality and so on, empty for a toll-free one."""

    phone_number: str
    kind: str
    area: Mapping[str, str]
    voice: bool
    sms: bool
    mms: bool
    beta: bool

    @property
    def area_code(self) -> str:
        return self.phone_number[2:5]

    @property
    def friendly_name(self) -> str:
        """`(415) 555-0142`"""
        return f"({self.area_code}) {self.phone_number[5:8]}-{self.phone_number[8:]}"

    def body(self) -> dict[str, Any]:
        """The number as a search result shows it; SMS and MMS are upper case there (reference, 2.1)."""
        place = {name: self.area.get(name) for name in ("lata", "locality", "rate_center", "region", "postal_code")}
        return {
            "friendly_name": self.friendly_name,
            "phone_number": self.phone_number,
            **place,
            "latitude": self.area.get("latitude"),
            "longitude": self.area.get("longitude"),
            "iso_country": "US",
            "address_requirements": "none",
            "beta": self.beta,
            "capabilities": {"voice": self.voice, "SMS": self.sms, "MMS": self.mms, "fax": False},
        }


@cache
def stock() -> tuple[Offer, ...]:
    """Every number there is, local ones first, one hundred for each area code."""
    return tuple(_offers())


def offer_of(phone_number: str) -> Offer:
    """The number with this E.164 number, whether still free or not; raises LookupError."""
    return _by_number()[phone_number]


@cache
def _by_number() -> Mapping[str, Offer]:
    return {offer.phone_number: offer for offer in stock()}


def matches(offer: Offer, wanted: Mapping[str, Any]) -> bool:
    """Whether an offer fits the filters of a search, which are named like its query parameters."""
    if "area_code" in wanted and offer.area_code != str(wanted["area_code"]):
        return False  # first: a search that names one leaves a hundredth of all
    exact = {"in_region": "region", "in_postal_code": "postal_code", "in_lata": "lata"}
    named = {"in_locality": "locality", "in_rate_center": "rate_center"}
    able = {"sms_enabled": offer.sms, "mms_enabled": offer.mms, "voice_enabled": offer.voice, "fax_enabled": False}
    return (
        all(offer.area.get(name) == wanted[given] for given, name in exact.items() if given in wanted)
        and all(
            offer.area.get(name, "").casefold() == wanted[given].casefold()
            for given, name in named.items()
            if given in wanted
        )
        and all(able[given] == wanted[given] for given in able if given in wanted)
        and (offer.beta <= wanted.get("beta", True))
        and ("contains" not in wanted or fits(offer.phone_number, wanted["contains"]))
    )


def near(offer: Offer, wanted: Mapping[str, Any]) -> bool:
    """Whether an offer lies in the area that NearNumber or NearLatLong point at, Distance being in miles."""
    if "near_number" in wanted:
        area_code: str = wanted["near_number"][2:5]
        return offer.area_code == area_code
    if "near_lat_long" in wanted and offer.area:
        latitude, longitude = (float(text) for text in wanted["near_lat_long"].split(","))
        # One degree of latitude is about 69 miles, one of longitude about 53 in the middle of the US.
        north = (float(offer.area["latitude"]) - latitude) * 69
        east = (float(offer.area["longitude"]) - longitude) * 53
        reach: float = wanted.get("distance", 25)
        return math.hypot(north, east) <= reach
    return "near_lat_long" not in wanted


def fits(phone_number: str, pattern: str) -> bool:
    """Whether a number fits a pattern that `check_pattern` has passed; letters are those of the keypad."""
    return _read_pattern(pattern).search(phone_number) is not None


@lru_cache
def _read_pattern(pattern: str) -> re.Pattern[str]:
    wanted = pattern.upper().translate(_KEYPAD)
    return re.compile(wanted.replace("*", "[0-9]").replace("%", "[0-9]*").replace("+", r"^\+"))


def check_pattern(pattern: str) -> None:
    """Raise `Refusal` for a `Contains` that the OpenAPI description of Local numbers forbids.

    2 to 16 characters; digits and letters in one piece, two at least; before them `+` (the number's beginning), `*`
    (one digit) or `%` (any digits), after them `$` (the number's end), `*` or `%`.
    """
    if len(pattern) > 16 or not re.fullmatch(r"[+*%]?[0-9A-Za-z]{2,}[*%$]?", pattern):
        raise Refusal(400, 20422, f"Invalid Pattern {pattern!r}: 2 to 16 digits or letters, wildcards at the ends only")


def _offers() -> Iterator[Offer]:
    for line in _AREAS.strip().splitlines():
        code, region, locality, rate_center, lata, postal_code, latitude, longitude = line.split("|")
        area = {
            "region": region,
            "locality": locality,
            "rate_center": rate_center,
            "lata": lata,
            "postal_code": postal_code,
            "latitude": latitude,
            "longitude": longitude,
        }
        for last in range(100):
            yield _offer(code, last, "local", area)
    for code in _TOLL_FREE_CODES:
        for last in range(100):
            yield _offer(code, last, "toll-free", {})


def _offer(code: str, last: int, kind: str, area: Mapping[str, str]) -> Offer:
    serial = int(code) + last
    # A few numbers cannot text at all, a few have no MMS, a few are new to Twilio: a search must say what it needs.
    voice_only = kind == "local" and serial % 25 == 24
    return Offer(
        phone_number=f"+1{code}55501{last:02d}",
        kind=kind,
        area=area,
        voice=True,
        sms=not voice_only,
        mms=not voice_only and (kind == "toll-free" or serial % 10 != 7),
        beta=serial % 50 == 49,
    )
