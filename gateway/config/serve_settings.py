"""Settings of `gateway serve`, with the checks that the sandbox, whose data is not real, does not need."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationInfo, field_validator

from gateway.config.environment import named_problem
from gateway.config.proxies import is_loopback
from gateway.config.settings import Settings


class ServeSettings(Settings):
    """The settings, with checks that service credentials and the authentication of callers fit together."""

    @field_validator("allow_anonymous")
    @classmethod
    def _require_caller_authentication(cls, allow_anonymous: bool, info: ValidationInfo) -> bool:
        """Require it for service credentials, unless only this machine can reach the port."""
        if not {"host", "caller_keys_file"} <= info.data.keys():
            return allow_anonymous
        is_open = info.data["caller_keys_file"] is None and not allow_anonymous
        if is_open and _has_service_credentials(info.data) and not is_loopback(info.data["host"]):
            raise named_problem(
                "HOST: with service credentials, anybody who can connect to this address could read "
                "clients' data: set GATEWAY_CALLER_KEYS_FILE, or GATEWAY_ALLOW_ANONYMOUS=true where a "
                "proxy in front of the gateway authenticates callers"
            )
        return allow_anonymous

    @field_validator("caller_keys_file")
    @classmethod
    def _require_service_credentials(cls, caller_keys: Any, info: ValidationInfo) -> Any:
        """Require them for caller keys, which give access to nothing else."""
        is_known = {"api_key", "token", "bearer_token"} <= info.data.keys()
        if caller_keys is not None and is_known and not _has_service_credentials(info.data):
            raise ValueError(
                "needs service credentials, which the keys give access to: set GATEWAY_API_KEY and "
                "GATEWAY_TOKEN, or GATEWAY_BEARER_TOKEN"
            )
        return caller_keys

    @property
    def has_service_credentials(self) -> bool:
        """Whether there are service credentials, of either form."""
        return _has_service_credentials(self.__dict__)


def _has_service_credentials(values: Mapping[str, Any]) -> bool:
    return values.get("api_key") is not None or values.get("bearer_token") is not None
