"""What the upstream does to its own form without being wrong: every value can still be read."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway.sandbox.world.entities import Json
from gateway.sandbox.world.links import HOST, PLAIN_HOST, REGIONAL_HOST


class Quirk(NamedTuple):
    """Done to the `first` activity of its kind (from 0), and to every so many after it."""

    first: int
    every: int
    change: Callable[[Json], object]


def number_for_id(activity: Json) -> None:
    activity["id"] = int(activity["id"])


def unknown_keys(activity: Json) -> None:
    activity["channel"] = "web"
    activity["_revision"] = {"number": 3, "tags": ["a", None], "score": 0.5}


def date_without_zone(activity: Json) -> None:
    del activity["date"]["timeZone"]


def without_user(activity: Json) -> None:
    del activity["user"]


def without_event(activity: Json) -> None:
    del activity["event"]


def numbers_for_staff_and_service(activity: Json) -> None:
    for part in ("staff", "service"):
        activity["appointment"][part]["id"] = int(activity["appointment"][part]["id"])


def end_without_zone(activity: Json) -> None:
    del activity["appointment"]["end"]["timeZone"]


def link_on(host: str) -> Callable[[Json], None]:
    """Only the host differs: the ids are in the path."""

    def change(activity: Json) -> None:
        details = _details(activity)
        details["selfLink"] = details["selfLink"].replace(HOST, host)

    return change


def link_of_another_version(activity: Json) -> None:
    details = _details(activity)
    details["selfLink"] = details["selfLink"].replace("/api/2.1/", "/api/2.3/")


def link_with_a_query(activity: Json) -> None:
    _details(activity)["selfLink"] += "?levelDetail=full&clientId=7"


def link_of_unknown_form(activity: Json) -> None:
    """To a page for people: no company is named in it."""
    details = _details(activity)
    details["selfLink"] = f"https://app.agendize.com/#/calendar?event={details['id']}"


def without_link(activity: Json) -> None:
    del _details(activity)["selfLink"]


def misprinted_form_name(activity: Json) -> None:
    """As the specification prints the row: `formResult.name.name`."""
    result = activity["formResult"]
    result["name"] = {"name": result["form"].pop("name")}


def number_for_form(activity: Json) -> None:
    activity["formResult"]["form"]["id"] = int(activity["formResult"]["form"]["id"])


def number_for_note(activity: Json) -> None:
    activity["note"]["id"] = int(activity["note"]["id"])


def text_for_capacity(activity: Json) -> None:
    conference = activity["conferenceRegistration"]["conference"]
    conference["capacity"] = str(conference["capacity"])


def numbers_for_conference(activity: Json) -> None:
    for part in ("conference", "session"):
        shown = activity["conferenceRegistration"][part]
        shown["id"] = int(shown["id"])


def _details(activity: Json) -> Json:
    kind = activity["type"]
    details: Json = activity["note" if kind == "consent" else kind]
    return details


WHOLE_THREADS = (range(60, 63), range(69, 72))
"""All the activities of two appointments, three each: nothing tells in which company they are."""

ANY_KIND = (Quirk(4, 10, number_for_id), Quirk(6, 15, unknown_keys))
QUIRKS: Mapping[str, tuple[Quirk, ...]] = {
    "appointment": (
        Quirk(1, 5, link_on(PLAIN_HOST)),
        Quirk(2, 7, numbers_for_staff_and_service),
        Quirk(4, 5, link_on(REGIONAL_HOST)),
        Quirk(5, 27, end_without_zone),
        Quirk(33, 300, date_without_zone),
        Quirk(42, 90, link_on("")),
        Quirk(46, 60, link_of_another_version),
        Quirk(47, 60, link_with_a_query),
        *(Quirk(n, 150, without_link) for n in WHOLE_THREADS[0]),
        *(Quirk(n, 150, link_of_unknown_form) for n in WHOLE_THREADS[1]),
    ),
    "note": (
        Quirk(2, 6, number_for_note),
        Quirk(3, 8, link_on(PLAIN_HOST)),
        Quirk(4, 9, without_link),
    ),
    "consent": (Quirk(1, 3, link_on(REGIONAL_HOST)), Quirk(2, 4, without_user)),
    "formResult": (
        Quirk(1, 4, number_for_form),
        Quirk(2, 4, misprinted_form_name),
        Quirk(3, 8, without_user),
    ),
    "emailNotification": (
        Quirk(2, 9, without_event),
        Quirk(3, 9, without_link),
        Quirk(5, 9, link_on("")),
    ),
    "textMessageNotification": (Quirk(1, 4, without_user),),
    "conferenceRegistration": (
        Quirk(0, 2, text_for_capacity),
        Quirk(1, 3, numbers_for_conference),
    ),
}


class Quirks:
    """Counts the kinds of one timeline, and changes each activity as its turn says."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def apply(self, activity: Json) -> None:
        kind = activity["type"]
        for quirk in QUIRKS.get(kind, ()):
            _in_turn(quirk, self._seen[kind], activity)
        for quirk in ANY_KIND:
            _in_turn(quirk, self._seen[""], activity)
        self._seen[kind] += 1
        self._seen[""] += 1


def _in_turn(quirk: Quirk, seen: int, activity: Json) -> None:
    if seen >= quirk.first and (seen - quirk.first) % quirk.every == 0:
        quirk.change(activity)
