"""Authentication of the sandbox: two accounts, each with key and token, an access token, and a cookie."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from starlette.datastructures import Headers, QueryParams

COOKIE_NAME = "sandbox-account"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the sandbox, and its credentials."""

    number: str

    @property
    def api_key(self) -> str:
        return f"sandbox-key-{self.number}"

    @property
    def token(self) -> str:
        return f"sandbox-token-{self.number}"

    @property
    def access_token(self) -> str:
        return f"sandbox-access-{self.number}"

    @property
    def cookie(self) -> str:
        """The `Set-Cookie` header of every response to this account."""
        return f"{COOKIE_NAME}={self.number}; Path=/; HttpOnly"


ACCOUNTS = (Account("1"), Account("2"))


def authenticate(headers: Headers, query: QueryParams) -> Account | None:
    """The account of all credentials in a request; None where they are missing, wrong or of two accounts."""
    keys = {*headers.getlist("apikey"), *query.getlist("apiKey"), *query.getlist("apikey")}
    tokens = {*headers.getlist("token"), *query.getlist("token")}
    access_tokens = set(_access_tokens(headers.getlist("authorization")))
    if not (access_tokens or (keys and tokens)):
        return None
    for account in ACCOUNTS:
        if (
            keys <= {account.api_key}
            and tokens <= {account.token}
            and access_tokens <= {account.access_token}
        ):
            return account
    return None


def carries_foreign_cookie(headers: Headers, account: Account) -> bool:
    """Whether a request carries another account's cookie: its sender mixed up the cookies of two accounts."""
    crumbs = (crumb for line in headers.getlist("cookie") for crumb in line.split(";"))
    pairs = (crumb.strip().partition("=") for crumb in crumbs)
    return any(name == COOKIE_NAME and number != account.number for name, _, number in pairs)


def _access_tokens(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        scheme, _, credentials = line.partition(" ")
        yield credentials.strip() if scheme.lower() == "bearer" else ""
