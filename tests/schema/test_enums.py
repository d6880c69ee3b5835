import pytest
from graphql import GraphQLEnumType

from gateway.schema import build_schema, enums
from gateway.upstream.records import activities

WORDS = {
    enums.ActivityKind: [
        *("appointment", "note", "consent", "formResult", "emailNotification"),
        *("textMessageNotification", "conferenceRegistration"),
    ],
    enums.ActivityEvent: ["created", "updated", "deleted"],
    enums.AppointmentStatus: [
        *("completed", "noShow", "accepted", "pending", "declined", "cancelled", "inProgress"),
    ],
    enums.RegistrationStatus: ["accepted", "cancelled", "waitingList"],
    enums.RegistrationSourceType: ["api", "widget"],
    enums.FormResultStatus: ["NEUTRAL", "IN_PROGRESS", "FINISHED", "REOPENING"],
}


@pytest.mark.parametrize("enum", WORDS, ids=lambda enum: enum.__name__)
def test_every_word_of_the_upstream_is_a_value_and_one_is_for_the_rest(enum):
    assert [word.value for word in enum][:-1] == WORDS[enum]
    assert [*enum][-1] is enum.UNKNOWN
    type_ = build_schema().type_map[enum.__name__]
    assert isinstance(type_, GraphQLEnumType)
    assert list(type_.values) == [word.name for word in enum]


@pytest.mark.parametrize("enum", WORDS, ids=lambda enum: enum.__name__)
def test_a_word_not_known_yet_is_unknown(enum):
    assert enum("dreamt") is enum.UNKNOWN


def test_every_kind_but_the_unknown_has_a_record():
    assert [*activities.KINDS] == WORDS[enums.ActivityKind]


async def test_an_order_is_asked_for_by_its_name(gateway_over_items):
    query = "{ activities(clientId: 7, sort: desc) { totalCount } }"
    answer = await gateway_over_items().ask(query)
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
