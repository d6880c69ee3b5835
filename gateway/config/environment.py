"""Reading of settings from the environment: reports unknown variables and invalid values, without values."""

import difflib
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

_S = TypeVar("_S", bound=BaseSettings)

_SERVICE_LINK_NAME = re.compile(
    r"GATEWAY_(?:SERVICE_.*|PORT|PORT_.*|.+_SERVICE_HOST|.+_SERVICE_PORT.*|.+_PORT_[0-9]+_.*)"
)
"""Variables of Kubernetes for Services whose names begin with gateway; no setting has such a name."""

_SERVICE_PORT_NAME = re.compile(r"GATEWAY_.+_PORT")
SERVICE_LINK_VALUE = re.compile(r"(?:tcp|udp|sctp)://.*", re.IGNORECASE)
"""The value of a variable of Kubernetes, where its name may be that of a setting."""


class ConfigurationError(Exception):
    """The configuration is invalid; the message names every problem."""


class FileSecretsSource(EnvSettingsSource):
    """Settings source of secrets in files: `GATEWAY_TOKEN_FILE` names the file that holds `GATEWAY_TOKEN`."""

    def __init__(self, settings: type[BaseSettings], secrets: Collection[str]) -> None:
        super().__init__(settings)
        self._secrets = secrets

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        env_name = f"{self.env_prefix}{field_name.upper()}_FILE"
        path = os.environ.get(env_name)
        if field_name not in self._secrets or not path:
            return None, field_name, False
        try:
            secret = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError(f"{env_name} cannot be read: {reason}") from error
        if not secret:
            raise ConfigurationError(f"{env_name}: the named file is empty")
        return secret, field_name, False


def read_settings(
    settings: type[_S],
    overrides: Mapping[str, object],
    env_name_by_field: Mapping[str, str],
    *,
    secrets: Collection[str],
    prefix: str,
) -> _S:
    """The settings in the environment; `overrides` take precedence.

    Args:
        settings: The class of the settings.
        overrides: Values by the names of settings.
        env_name_by_field: The variable of each setting.
        secrets: The settings that may be in files of their own.
        prefix: A variable with this prefix is a setting, or an error.

    Raises:
        ConfigurationError: Names every unknown variable and every invalid value.
    """
    files = {f"{env_name_by_field[name]}_FILE" for name in secrets}
    problems = unknown_variables(prefix, {*env_name_by_field.values(), *files})
    try:
        instance = settings(**overrides)  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join([*problems, *validation_messages(error, env_name_by_field)])
        ) from error
    except SettingsError as error:  # wraps the exception of a source
        raise ConfigurationError("\n".join([*problems, str(error.__cause__)])) from error
    if problems:
        raise ConfigurationError("\n".join(problems))
    return instance


def unknown_variables(prefix: str, known_names: Collection[str]) -> list[str]:
    """One message per variable that has the prefix and is no known setting."""
    problems = []
    for name in sorted(os.environ):
        if name.startswith(prefix) and name not in known_names and not is_service_link(name):
            nearest = difflib.get_close_matches(name, known_names, n=1, cutoff=0)
            problems.append(f"{name} is not a setting; did you mean {nearest[0]}?")
    return problems


def is_service_link(name: str) -> bool:
    """Whether Kubernetes has set a variable of the environment for a Service."""
    if _SERVICE_LINK_NAME.fullmatch(name):
        return True
    return bool(
        _SERVICE_PORT_NAME.fullmatch(name)
        and SERVICE_LINK_VALUE.fullmatch(os.environ.get(name, ""))
    )


def validation_messages(error: ValidationError, env_name_by_field: Mapping[str, str]) -> list[str]:
    """One message per problem with a setting, by its variable; without values, since some are secret."""
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        message = problem["msg"].removeprefix("Value error, ")
        field_name = str(problem["loc"][0]) if problem["loc"] else ""
        name = env_name_by_field.get(field_name, field_name)
        lines.append(f"{name}: {message}" if name else message)
    return lines
