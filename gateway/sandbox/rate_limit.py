"""The rate limit: so many requests of an account in each second of the clock."""

from collections.abc import Callable

from gateway.sandbox.responses import Response, error_response

RETRY_AFTER_SECONDS = 1


class RateLimit:
    """Counts the requests of each account. The count starts anew with each second of the clock."""

    def __init__(self, requests_per_second: int, now: Callable[[], float]) -> None:
        self._requests_per_second = requests_per_second
        self._now = now
        self._second = 0
        self._count_by_account: dict[str, int] = {}

    def refusal(self, account: str) -> Response | None:
        """Count a request; 429 where it is one too many."""
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._count_by_account.clear()
        count = self._count_by_account.get(account, 0) + 1
        self._count_by_account[account] = count
        if count <= self._requests_per_second:
            return None
        refused = error_response(429, "Too many requests in this second.")
        return refused.with_header("retry-after", str(RETRY_AFTER_SECONDS))
