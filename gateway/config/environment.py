"""Reading of settings from the environment: reports unknown variables and invalid values, without values."""

import difflib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource

from gateway.config.secret_files import SecretFile, read_secret

_S = TypeVar("_S", bound=BaseSettings)

_SERVICE_LINK_NAME = re.compile(
    r"GATEWAY_(?:SERVICE_.*|PORT|PORT_.*|.+_SERVICE_HOST|.+_SERVICE_PORT.*|.+_PORT_[0-9]+_.*)"
)
"""Variables of Kubernetes for Services whose names begin with gateway; no setting has such a name."""

_SERVICE_PORT_NAME = re.compile(r"GATEWAY_.+_PORT")
SERVICE_LINK_VALUE = re.compile(r"(?:tcp|udp|sctp)://.*", re.IGNORECASE)
"""The value of a variable of Kubernetes, where its name may be that of a setting."""


_NAMED_PROBLEM: Final = "named_problem"


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
        return SecretFile(env_name, Path(path)), field_name, False


def named_problem(message: str) -> PydanticCustomError:
    """An error of validation whose message has the names of the variables already."""
    return PydanticCustomError(_NAMED_PROBLEM, "{message}", {"message": message})


def read_settings(
    settings: type[_S],
    overrides: Mapping[str, object],
    env_name_by_field: Mapping[str, str],
    *,
    secrets: Collection[str],
    prefix: str,
    renamed: Mapping[str, str],
) -> _S:
    """The settings in the environment; `overrides` take precedence.

    Args:
        settings: The class of the settings.
        overrides: Values by the names of settings.
        env_name_by_field: The variable of each setting.
        secrets: The settings that may be in files of their own.
        prefix: A variable with this prefix is a setting, or an error.
        renamed: The variables of settings by their former names.

    Raises:
        ConfigurationError: Names every unknown variable, every invalid value and every invalid combination.
    """
    files = {f"{env_name_by_field[name]}_FILE" for name in secrets}
    problems = unknown_variables(prefix, {*env_name_by_field.values(), *files}, renamed)
    problems += unreadable_secret_files(sorted(files))
    try:
        instance = settings(**overrides)  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        problems += validation_messages(error, env_name_by_field)
        # The problem of a file is among both: validation knows it only where no variable has the secret.
        raise ConfigurationError("\n".join(dict.fromkeys(problems))) from error
    if problems:
        raise ConfigurationError("\n".join(problems))
    return instance


def unknown_variables(
    prefix: str, known_names: Collection[str], renamed: Mapping[str, str]
) -> list[str]:
    """One message per variable that has the prefix and is no known setting, with its new or the nearest name."""
    problems = []
    for name in sorted(os.environ):
        if name.startswith(prefix) and name not in known_names and not is_service_link(name):
            [nearest] = difflib.get_close_matches(name, known_names, n=1, cutoff=0)
            meant = renamed.get(name, nearest)
            problems.append(f"{name} is not a setting; did you mean {meant}?")
    return problems


def unreadable_secret_files(env_names: Iterable[str]) -> list[str]:
    """One message per variable that names a file of a secret that cannot be used."""
    problems = []
    for name in env_names:
        if path := os.environ.get(name):
            try:
                read_secret(SecretFile(name, Path(path)))
            except ValueError as error:
                problems.append(str(error))
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
        if problem["type"] == _NAMED_PROBLEM:
            lines.append(message)
            continue
        field_name = str(problem["loc"][0])
        name = env_name_by_field.get(field_name, field_name)
        is_missing = problem["type"] == "missing"
        lines.append(f"{name}: {'is required' if is_missing else message}")
    return lines
