"""Settings: frozen, read once from the environment, all problems reported together."""

import difflib
import os
import re
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from gateway.values import HeaderNames, ManifestFile, Names, Origin, Secret, UrlPath, ZoneName

PREFIX = "GATEWAY_"
_INJECTED = re.compile(r"GATEWAY_(SERVICE_.*|PORT|PORT_.*)")
"""What Kubernetes sets for a Service called gateway; no setting bears such a name."""


class SettingsRefused(Exception):
    """The environment does not describe a gateway; the message names every problem."""


class _SecretFiles(EnvSettingsSource):
    """Secrets from files: `GATEWAY_TOKEN_FILE` names the file that holds `GATEWAY_TOKEN`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        if field_name not in Settings.SECRETS or not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SettingsRefused(
                f"{PREFIX}{field_name.upper()}_FILE cannot be read: {reason}"
            ) from error


class Settings(BaseSettings):
    """Everything that can be set, with its default and what it is for."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, env_ignore_empty=True, extra="forbid"
    )
    SECRETS: ClassVar = ("api_key", "token", "bearer_token")

    host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("HOST", "host"),
        description="The address to listen on.",
    )
    port: int = Field(
        8000, ge=0, le=65535, validation_alias=AliasChoices("PORT", "port"), description="The port."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        validation_alias=AliasChoices("LOG_LEVEL", "log_level"),
        description="The least severe events to log: debug, info, warning or error.",
    )
    workers: PositiveInt = Field(
        1,
        validation_alias=AliasChoices("WEB_CONCURRENCY", "workers"),
        description="How many processes `gateway serve` has.",
    )

    upstream_url: Origin = Field(
        description="The origin of the REST API: https://api.agendize.com, or a regional host.",
    )
    activities_prefix: UrlPath = Field(
        "/api/2.3", description="Where `/activities` lives on that origin."
    )
    clients_path: UrlPath = Field(
        "/api/2.0/clients", description="Where clients live on that origin."
    )
    notes_prefix: UrlPath = Field("/api/2.0", description="Where `/notes` lives on that origin.")
    scheduling_prefix: UrlPath = Field(
        "/api/2.1/scheduling",
        description="Where `/companies` and what belongs to them live on that origin.",
    )
    forms_prefix: UrlPath = Field("/api/2.3", description="Where `/forms` lives on that origin.")
    conferences_prefix: UrlPath = Field(
        "/conferences/api/1.0", description="Where `/conferences` lives on that origin."
    )
    company_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description=(
            "The company of appointments, staff and services where neither a link nor an "
            "appointment says."
        ),
    )
    appointments_by_client: bool = Field(
        default=False,
        description="Whether this upstream lists a company's appointments by `clientId`.",
    )
    api_key: Secret | None = Field(
        None, description="Service credentials, with `GATEWAY_TOKEN`, for callers that send none."
    )
    token: Secret | None = Field(None, description="See `GATEWAY_API_KEY`.")
    bearer_token: Secret | None = Field(
        None, description="Service credentials of the other form: `Authorization: Bearer …`."
    )
    default_time_zone: ZoneName | None = Field(
        None, description="The zone of a date-time that the upstream sends without one."
    )
    forward_headers: HeaderNames = Field(
        (), description="Request headers passed on to the upstream, separated by commas."
    )
    cors_origins: Names = Field(
        (), description="Origins whose pages may call this gateway, separated by commas."
    )

    default_page_size: PositiveInt = Field(
        50, description="How many activities a page has where neither `first` nor `last` is given."
    )
    max_page_size: PositiveInt = Field(100, description="The largest `first` or `last`.")
    max_clients: PositiveInt = Field(20, description="How many ids `clients` takes.")
    max_upstream_concurrency: PositiveInt = Field(
        10, description="How many upstream reads one operation has under way at once."
    )
    max_upstream_calls: PositiveInt = Field(
        250,
        description=(
            "How many upstream reads one operation may have. Shared and kept ones count, so that "
            "it fares the same whoever else asks."
        ),
    )
    max_upstream_bytes: PositiveInt = Field(
        33_554_432, description="The largest upstream answer, in bytes after decompression."
    )
    max_body_bytes: PositiveInt = Field(
        1_048_576, description="The largest request body, in bytes."
    )
    max_tokens: PositiveInt = Field(
        10_000, description="How many tokens a document may have, comments included."
    )
    max_depth: PositiveInt = Field(30, description="How deep fields may be nested.")
    max_aliases: PositiveInt = Field(500, description="How many aliases an operation may have.")
    max_root_fields: PositiveInt = Field(
        50, description="How many fields an operation may start from."
    )
    max_duplicate_fields: PositiveInt = Field(
        200, description="How many fields may stand at one place of the answer, to be merged."
    )
    max_cost: PositiveInt = Field(
        2_000_000, description="What an operation may cost, as `gateway cost` reckons."
    )
    upstream_timeout_seconds: PositiveFloat = Field(
        10.0,
        allow_inf_nan=False,
        description="How long one upstream read may take, from its start to its last byte.",
    )
    upstream_connect_timeout_seconds: PositiveFloat = Field(
        2.0, allow_inf_nan=False, description="How long connecting to the upstream may take."
    )
    upstream_read_timeout_seconds: PositiveFloat = Field(
        10.0,
        allow_inf_nan=False,
        description="How long the upstream may be silent in the middle of an answer.",
    )
    operation_timeout_seconds: PositiveFloat = Field(
        30.0,
        allow_inf_nan=False,
        description="How long one operation may take; what has not arrived by then is null.",
    )
    upstream_attempts: PositiveInt = Field(
        3, description="How often one read is tried where trying again may help; 1: never again."
    )
    breaker_pause_seconds: PositiveFloat = Field(
        0.5,
        allow_inf_nan=False,
        description="How long an upstream that fails is left alone between two trial reads.",
    )
    max_upstream_connections: PositiveInt = Field(
        100, description="How many upstream reads are under way at once, over all callers."
    )
    max_caller_connections: PositiveInt = Field(
        50, description="How many of them for the same credentials."
    )

    max_concurrency: PositiveInt = Field(
        200, description="How many GraphQL requests one process answers at once."
    )
    drain_seconds: NonNegativeFloat = Field(
        5.0, allow_inf_nan=False, description="How long SIGTERM leaves until the port is closed."
    )
    shutdown_grace_seconds: NonNegativeFloat = Field(
        20.0, allow_inf_nan=False, description="How long requests under way have after that."
    )

    entity_cache_seconds: NonNegativeFloat = Field(
        0.0,
        allow_inf_nan=False,
        description=(
            "How long staff, services, companies, forms and conferences are kept, per "
            "credentials; 0 keeps nothing."
        ),
    )

    plans: bool = Field(
        default=True,
        description=(
            "Whether operations are answered by plans where they can be; answers are the same "
            "without, and slower."
        ),
    )
    explain: bool = Field(
        default=False,
        description="Whether `X-Gateway-Explain: 1` gets the upstream calls behind an answer.",
    )
    introspection: bool = Field(
        default=True, description="Whether callers may ask for the schema, also at /schema.graphql."
    )
    graphiql: bool = Field(default=True, description="Whether a browser gets GraphiQL.")

    trusted_documents: Literal["off", "log", "enforce"] = Field(
        "off",
        description=(
            "Which documents run: `off` any, by their texts; `log` any, and those that are not in "
            "the manifest are logged; `enforce` those in the manifest."
        ),
    )
    trusted_documents_path: ManifestFile = Field(
        None,
        validate_default=True,
        description="The manifest: a JSON file of document texts by their ids.",
    )

    @field_validator("trusted_documents_path")
    @classmethod
    def _there_if_wanted(cls, manifest: ManifestFile, info: ValidationInfo) -> ManifestFile:
        if manifest is None and info.data.get("trusted_documents", "off") != "off":
            raise ValueError("is required unless GATEWAY_TRUSTED_DOCUMENTS is off")
        return manifest

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.api_key is None) != (self.token is None):
            raise ValueError("GATEWAY_API_KEY and GATEWAY_TOKEN go together")
        if self.api_key is not None and self.bearer_token is not None:
            raise ValueError("GATEWAY_BEARER_TOKEN excludes GATEWAY_API_KEY and GATEWAY_TOKEN")
        if self.default_page_size > self.max_page_size:
            raise ValueError("GATEWAY_DEFAULT_PAGE_SIZE is above GATEWAY_MAX_PAGE_SIZE")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls)

    @classmethod
    def from_environment(cls, **given: object) -> Self:
        """The settings that the environment describes; `given` values win over it.

        Raises:
            SettingsRefused: Naming every unknown variable and every value that does not fit.
        """
        problems = _unknown_variables()
        try:
            settings = cls(**given)  # type: ignore[arg-type]  # checked by pydantic
        except ValidationError as error:
            raise SettingsRefused("\n".join([*problems, *_refusals(error)])) from error
        except SettingsError as error:  # how a source that raises is reported
            raise SettingsRefused("\n".join([*problems, str(error.__cause__)])) from error
        if problems:
            raise SettingsRefused("\n".join(problems))
        return settings


def variable(name: str) -> str:
    """The environment variable of a setting."""
    match Settings.model_fields[name].validation_alias:
        case AliasChoices(choices=[str(alias), *_]):
            return alias
    return PREFIX + name.upper()


def _unknown_variables() -> list[str]:
    secrets = {f"{variable(name)}_FILE" for name in Settings.SECRETS}
    known = {variable(name) for name in Settings.model_fields} | secrets
    problems = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not _INJECTED.fullmatch(name):
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)
            problems.append(f"{name} is not a setting; did you mean {nearest[0]}?")
    return problems


def _refusals(error: ValidationError) -> list[str]:
    """One line per problem; values are not repeated, since some are secret."""
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        message = problem["msg"].removeprefix("Value error, ")
        where = str(problem["loc"][0]) if problem["loc"] else ""
        name = variable(where) if where in Settings.model_fields else where
        lines.append(f"{name}: {message}" if name else message)
    return lines
