"""What a link of the upstream says: the ids in its path. Links are never followed. Pure.

Its host is not trusted, credentials would ride along, and its form is not documented: scheme, host,
version and query are ignored (upstream contract, 11).
"""

import re

_ID = r"[A-Za-z0-9_-]{1,64}"
# RFC 3986, appendix B. `urlsplit` would drop line breaks, and so read an id that was not sent.
_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)")
_COMPANY = re.compile(rf"/companies/({_ID})/appointments/{_ID}/?\Z")
_FORM = re.compile(rf"/forms/({_ID})/results/{_ID}/?\Z")
_ALL_COMPANIES_ID = "0"


def is_id(text: str) -> bool:
    """Whether a text can be an id of the upstream, and so stand in a path."""
    return re.fullmatch(_ID, text) is not None


def company_id(link: object) -> str | None:
    """The company that an appointment's link leads through, or None where it does not say."""
    id_ = _match_id(_COMPANY, link)
    return None if id_ == _ALL_COMPANIES_ID else id_


def form_id(link: object) -> str | None:
    """The form that a form result's link leads through, or None where it does not say."""
    return _match_id(_FORM, link)


def _match_id(pattern: re.Pattern[str], link: object) -> str | None:
    if not isinstance(link, str):
        return None
    path = _PATH.match(link)
    id_match = path and pattern.search(path[1])
    return id_match[1] if id_match else None
