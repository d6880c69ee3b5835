"""Links of the upstream: the ids in a link's path. Links are never followed. Pure.

The host of a link is not trusted, credentials would be sent to it, and the form of links is undocumented:
scheme, host, version and query are ignored.
"""

import re

_ID = r"[A-Za-z0-9_-]{1,64}"
# RFC 3986, appendix B. `urlsplit` would drop line breaks, and so read an id that was not sent.
_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)")
_COMPANY = re.compile(rf"/companies/({_ID})/appointments/{_ID}/?\Z")
_FORM = re.compile(rf"/forms/({_ID})/results/{_ID}/?\Z")
_ALL_COMPANIES_ID = "0"


def is_id(text: str) -> bool:
    """Whether a text can be an id of the upstream, and so be part of a path."""
    return re.fullmatch(_ID, text) is not None


def company_id(link: object) -> str | None:
    """The company in the link of an appointment, or None where the link has none."""
    id_ = _match_id(_COMPANY, link)
    return None if id_ == _ALL_COMPANIES_ID else id_


def form_id(link: object) -> str | None:
    """The form in the link of a form result, or None where the link has none."""
    return _match_id(_FORM, link)


def _match_id(pattern: re.Pattern[str], link: object) -> str | None:
    if not isinstance(link, str):
        return None
    path = _PATH.match(link)
    id_match = path and pattern.search(path[1])
    return id_match[1] if id_match else None
