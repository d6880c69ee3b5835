import pytest
from graphql import GraphQLEnumType

from gateway import errors
from gateway.schema import build_schema, enums
from gateway.upstream.records import activities
from gateway.upstream.records.enums import MemberByWord

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
    members = MemberByWord(enum)
    assert members["dreamt"] is enum.UNKNOWN
    assert members[WORDS[enum][0]] is next(iter(enum))
    assert members[None] is None
    assert members[activities.UNREADABLE] is activities.UNREADABLE


def test_every_kind_but_the_unknown_has_a_record():
    assert [*activities.KINDS] == WORDS[enums.ActivityKind]


async def test_an_order_is_asked_for_by_its_name(gateway_over_items):
    query = "{ activities(clientId: 7, sort: desc) { totalCount } }"
    answer = await gateway_over_items().ask(query)
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def error_classes() -> list[type[errors.GatewayError]]:
    """The classes of the error tree."""
    classes: list[type[errors.GatewayError]] = [errors.GatewayError]
    for each in classes:
        classes += each.__subclasses__()
    return [each for each in classes if each.__module__ == errors.__name__]


def test_the_codes_of_errors_are_those_of_the_error_tree_and_of_no_class():
    codes = {each.code for each in error_classes() if "code" in vars(each)}
    assert {code.value for code in enums.ErrorCode} == codes | {*errors.CODES_WITHOUT_CLASS}


CODES = """BAD_REQUEST GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED OPERATION_RESOLUTION_FAILURE BAD_USER_INPUT
LIMIT_EXCEEDED PERSISTED_QUERY_NOT_FOUND PERSISTED_QUERY_NOT_SUPPORTED CALLER_UNKNOWN SUBSCRIPTIONS_DISABLED
DOCUMENT_NOT_TRUSTED NOT_ACCEPTABLE UNSUPPORTED_MEDIA_TYPE METHOD_NOT_ALLOWED PAYLOAD_TOO_LARGE UNAUTHENTICATED
FORBIDDEN NOT_FOUND UPSTREAM_TIMEOUT UPSTREAM_BUSY UPSTREAM_UNAVAILABLE UPSTREAM_CONTRACT_BROKEN
UPSTREAM_RESPONSE_TOO_LARGE UPSTREAM_BUDGET_EXCEEDED COMPANY_UNKNOWN OVERLOADED INTERNAL_SERVER_ERROR
INSTANT_UNKNOWN"""


def test_the_codes_of_errors_are_closed():
    """Generated clients may refuse enum values that they do not know. So a new situation uses one of these codes
    where one fits. A further code is added to this list, and announced in the changelog.
    """
    type_ = build_schema().type_map["ErrorCode"]
    assert isinstance(type_, GraphQLEnumType)
    assert sorted(type_.values) == sorted(CODES.split())


async def test_a_part_that_is_missing_has_the_code_of_its_error(gateway_over_items):
    gateway = gateway_over_items({"type": "note"}, {"id": "1", "type": "note"})
    query = "{ activities(clientId: 7) { totalCount completeness { missing { code count } } } }"
    answer = await gateway.ask(query)
    [error] = answer["errors"]
    assert answer["data"]["activities"] == {
        "totalCount": 1,
        "completeness": {"missing": [{"code": error["extensions"]["code"], "count": 1}]},
    }
