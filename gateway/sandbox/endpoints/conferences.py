"""`GET /conferences/api/1.0/conferences/{conferenceId}`, its sessions, and their registrations."""

from gateway.sandbox.fixtures.catalogue import Conference, ConferenceSession
from gateway.sandbox.representations.conference import (
    conference_json,
    external_id,
    registration_json,
    session_json,
)
from gateway.sandbox.responses import EndpointRequest, Response, item_response, list_response


def conference_by_id(request: EndpointRequest) -> Response:
    """The conference with this id or external id."""
    conference = _requested_conference(request)
    return item_response(conference and conference_json(conference))


def list_sessions(request: EndpointRequest) -> Response:
    conference = _requested_conference(request)
    return (
        item_response(None)
        if conference is None
        else list_response(map(session_json, conference.sessions))
    )


def session_by_id(request: EndpointRequest) -> Response:
    session = _requested_session(request)
    return item_response(session and session_json(session))


def registration_by_id(request: EndpointRequest) -> Response:
    """A registration, unless it was deleted; a cancelled registration is still served."""
    id_ = request.ids["registrationId"]
    history = request.sample_data.history_for_entity(request.account, id_)
    registration = history.registrations.get(id_) if history else None
    if (
        history is None
        or registration is None
        or registration.deleted
        or registration.session != _requested_session(request)
    ):
        return item_response(None)
    return item_response(registration_json(registration, history.client))


def _requested_conference(request: EndpointRequest) -> Conference | None:
    requested_id = request.ids["conferenceId"]
    for one in request.sample_data.current_state_by_account[request.account].conferences.values():
        if requested_id in (one.id, external_id(one)):
            return one
    return None


def _requested_session(request: EndpointRequest) -> ConferenceSession | None:
    conference = _requested_conference(request)
    for one in conference.sessions if conference else ():
        if one.id == request.ids["sessionId"]:
            return one
    return None
