"""The links that activities carry: the path says where the thing lives, and its ids are right."""

HOST = "https://api.agendize.com"
REGIONAL_HOST = "https://france.agendize.com"
PLAIN_HOST = "http://api.agendize.com"


def appointment_link(company_id: str, appointment_id: str) -> str:
    return f"{HOST}/api/2.1/scheduling/companies/{company_id}/appointments/{appointment_id}"


def notification_link(company_id: str, notification_id: str) -> str:
    return f"{HOST}/api/2.1/scheduling/companies/{company_id}/notifications/{notification_id}"


def newsletter_link(message_id: str) -> str:
    return f"{HOST}/api/2.3/messages/emails/{message_id}"


def note_link(note_id: str) -> str:
    return f"{HOST}/api/2.0/notes/{note_id}"


def form_result_link(form_id: str, result_id: str) -> str:
    return f"{HOST}/api/2.3/forms/{form_id}/results/{result_id}"


def registration_link(conference_id: str, session_id: str, registration_id: str) -> str:
    return (
        f"{HOST}/conferences/api/1.0/conferences/{conference_id}"
        f"/sessions/{session_id}/registrations/{registration_id}"
    )
