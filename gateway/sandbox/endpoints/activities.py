"""`GET /api/2.3/activities`: a client's timeline, by the four query parameters that it has."""

from gateway.sandbox.responses import Answer, Question, refusal

SORTS = ("asc", "desc")


def activities(question: Question) -> Answer:
    """Blank parameters count as absent; a kind that nobody knows matches nothing."""
    query = question.query
    client_id = query.get("clientId", "").strip()
    if not client_id:
        return refusal(400, "The parameter clientId is required.")
    sort = query.get("sort") or "asc"
    if sort not in SORTS:
        return refusal(400, "The parameter sort must be asc or desc.")
    timeline = question.world.timeline(question.account, client_id)
    if timeline is None:
        return refusal(404, "There is no such client.")
    kinds = frozenset(word.strip() for word in query.get("type", "").split(",") if word.strip())
    body = timeline.body(
        kinds or None, query.get("appointmentId") or None, newest_first=sort == "desc"
    )
    return Answer(200, body)
