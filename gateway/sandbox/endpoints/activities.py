"""`GET /api/2.3/activities`: a client's timeline, filtered and sorted by its four query parameters."""

from gateway.sandbox.responses import EndpointRequest, Response, error_response

SORT_ORDERS = ("asc", "desc")


def list_activities(request: EndpointRequest) -> Response:
    """The activities of a client. Blank parameters count as absent; an unknown kind matches nothing."""
    query = request.query
    client_id = query.get("clientId", "").strip()
    if not client_id:
        return error_response(400, "The parameter clientId is required.")
    sort = query.get("sort") or "asc"
    if sort not in SORT_ORDERS:
        return error_response(400, "The parameter sort must be asc or desc.")
    timeline = request.sample_data.timeline(request.account, client_id)
    if timeline is None:
        return error_response(404, "Unknown client.")
    kinds = frozenset(word.strip() for word in query.get("type", "").split(",") if word.strip())
    body = timeline.body(
        kinds or None, query.get("appointmentId") or None, newest_first=sort == "desc"
    )
    return Response(200, body)
