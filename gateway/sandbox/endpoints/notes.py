"""`GET /api/2.0/notes/{noteId}`: a note or a consent, unless it was deleted."""

from gateway.sandbox.representations.note import note_json
from gateway.sandbox.responses import EndpointRequest, Response, item_response


def note_by_id(request: EndpointRequest) -> Response:
    id_ = request.ids["noteId"]
    history = request.sample_data.history_for_entity(request.account, id_)
    note = history.notes.get(id_) if history else None
    return item_response(None if note is None or note.deleted else note_json(note))
