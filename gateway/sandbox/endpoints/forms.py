"""`GET /api/2.3/forms` and `/api/2.3/forms/{formId}`, and the results of a form."""

from gateway.sandbox.representations.form import (
    form_json,
    form_result_json,
)
from gateway.sandbox.responses import EndpointRequest, Response, item_response, list_response


def list_forms(request: EndpointRequest) -> Response:
    return list_response(
        map(form_json, request.sample_data.current_state_by_account[request.account].forms.values())
    )


def form_by_id(request: EndpointRequest) -> Response:
    form = request.sample_data.current_state_by_account[request.account].forms.get(
        request.ids["formId"]
    )
    return item_response(form and form_json(form))


def form_result_by_id(request: EndpointRequest) -> Response:
    id_ = request.ids["resultId"]
    history = request.sample_data.history_for_entity(request.account, id_)
    result = history.form_results.get(id_) if history else None
    if (
        history is None
        or result is None
        or result.deleted
        or result.form.id != request.ids["formId"]
    ):
        return item_response(None)
    return item_response(form_result_json(result, history.client))
