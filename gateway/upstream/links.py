"""What a link of the upstream says: the ids in its path. Links are never followed. Pure.

Its host is not trusted, credentials would ride along, and its form is not documented: scheme, host,
version and query are ignored (upstream contract, 11).
"""

import re

_ID = r"[A-Za-z0-9_-]{1,64}"
_COMPANY = re.compile(rf"/companies/({_ID})/")
_FORM = re.compile(rf"/forms/({_ID})/results/")


def company_id(link: object) -> str | None:
    """The company that an appointment's link leads through, or None where it does not say."""
    return _found(_COMPANY, link)


def form_id(link: object) -> str | None:
    """The form that a form result's link leads through, or None where it does not say."""
    return _found(_FORM, link)


def _found(pattern: re.Pattern[str], link: object) -> str | None:
    found = pattern.search(link.partition("?")[0]) if isinstance(link, str) else None
    return found[1] if found else None
