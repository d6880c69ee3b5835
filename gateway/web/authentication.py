"""Authentication of callers: by upstream credentials, by a caller key, or anonymously."""

import hashlib
import hmac
from collections.abc import Mapping, MutableMapping
from typing import Any

from gateway.errors import BadRequest, CallerUnknown
from gateway.upstream.credentials import has_credentials

KEY_HEADER = b"x-gateway-key"
_MIN_KEY_CHARACTERS = 32
"""A shorter key could be guessed, whatever generated it."""


class CallerAuthenticator:
    """Admits callers to the service credentials. A caller with upstream credentials needs no key."""

    def __init__(self, name_by_digest: Mapping[bytes, str], *, allows_anonymous: bool) -> None:
        """`name_by_digest` maps the SHA-256 of each key to its name; where it is empty, no key is needed."""
        self._name_by_digest = name_by_digest
        self._requires_key = bool(name_by_digest) and not allows_anonymous

    def replace_keys(self, name_by_digest: Mapping[bytes, str]) -> bool:
        """Know these keys instead, from the next request on; whether they differ from those before."""
        is_changed = name_by_digest != self._name_by_digest
        self._name_by_digest = name_by_digest
        return is_changed

    def authenticate(self, scope: MutableMapping[str, Any]) -> str | None:
        """The name of a request's caller key; None where the request needs none. Removes the key.

        Raises:
            CallerUnknown: The request needs a key, and has none or an unknown one.
            BadRequest: A key or a credential is sent more than once.
        """
        headers = scope["headers"]
        keys = [value for name, value in headers if name == KEY_HEADER]
        if keys:
            scope["headers"] = headers = [each for each in headers if each[0] != KEY_HEADER]
            if len(keys) > 1:
                raise BadRequest("The header X-Gateway-Key is sent more than once.")
        if has_credentials(headers):
            return None
        if keys and self._name_by_digest:
            return self._name_for_key(keys[0])
        if self._requires_key:
            raise CallerUnknown(
                "Send `X-Gateway-Key`, or the upstream's own `apiKey` and `token` or `Authorization`."
            )
        return None

    def _name_for_key(self, key: bytes) -> str:
        """The name of a key. All digests are compared, in constant time: the duration reveals nothing."""
        key_digest = hashlib.sha256(key).digest()
        names = [
            name
            for digest, name in self._name_by_digest.items()
            if hmac.compare_digest(digest, key_digest)
        ]
        if not names or len(key) < _MIN_KEY_CHARACTERS:
            raise CallerUnknown("Unknown `X-Gateway-Key`.")
        return names[0]
