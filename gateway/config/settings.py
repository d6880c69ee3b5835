"""Settings: frozen, read once from the environment, all problems reported together."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    PositiveInt,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.config import environment
from gateway.config.environment import FileSecretsSource, named_problem
from gateway.config.proxies import Proxy, ProxyAddress, proxy_for
from gateway.config.secret_files import FileSecret
from gateway.config.types import (
    AdminAddress,
    CallerKeysFile,
    ClientApplicationNames,
    CollectorUrl,
    HeaderNames,
    ManifestFile,
    NonNegativeSeconds,
    OriginUrl,
    PageOrigins,
    PathPrefix,
    PositiveSeconds,
    ProxyNetworks,
    Secret,
    UrlPath,
    ZoneName,
)

PREFIX = "GATEWAY_"

_REST_PORT = 8001

_ENV_NAME_BY_FORMER_NAME = {
    "GATEWAY_MAX_CONCURRENCY": "GATEWAY_MAX_CONCURRENT_REQUESTS",
    "GATEWAY_MAX_UPSTREAM_CONNECTIONS": "GATEWAY_MAX_CONCURRENT_READS",
    "GATEWAY_MAX_CALLER_CONNECTIONS": "GATEWAY_MAX_CONCURRENT_READS_PER_CREDENTIAL",
    "GATEWAY_MAX_UPSTREAM_CONCURRENCY": "GATEWAY_MAX_CONCURRENT_READS_PER_OPERATION",
    "GATEWAY_MAX_UPSTREAM_CALLS": "GATEWAY_MAX_UPSTREAM_READS",
    "GATEWAY_UPSTREAM_TIMEOUT_SECONDS": "GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS",
    "GATEWAY_BREAKER_PAUSE_SECONDS": "GATEWAY_CIRCUIT_BREAKER_RESET_SECONDS",
    "GATEWAY_MAX_CHARACTERS": "GATEWAY_MAX_DOCUMENT_CHARACTERS",
    "GATEWAY_MAX_COMPARISONS": "GATEWAY_MAX_FIELD_COMPARISONS",
    "GATEWAY_PLANS": "GATEWAY_COMPILE_QUERIES",
    "GATEWAY_PLANS_AT_ONCE": "GATEWAY_COMPILE_QUERIES",
}
"""The settings that were renamed, which docs/upgrading.md lists."""


def _lowercase(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _ignore_service_link(port: object) -> object:
    """The default port in place of the variable that Kubernetes sets for a Service `gateway-sandbox-rest`."""
    is_service_link = isinstance(port, str) and environment.SERVICE_LINK_VALUE.fullmatch(port)
    return _REST_PORT if is_service_link else port


class Settings(BaseSettings):
    """All settings, each with its default and its description."""

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
        8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("PORT", "port"),
        description="The port to listen on.",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(_lowercase)
    ] = Field(
        "info",
        validation_alias=AliasChoices("LOG_LEVEL", "log_level"),
        description="The least severe events to log: debug, info, warning or error.",
    )
    log_format: Annotated[Literal["auto", "json", "text"], BeforeValidator(_lowercase)] = Field(
        "auto",
        validation_alias=AliasChoices("LOG_FORMAT", "log_format"),
        description="How events are written: json, text, or auto: text on a terminal, else json.",
    )
    otel_exporter_otlp_endpoint: CollectorUrl | None = Field(
        None,
        validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_ENDPOINT", "otel_exporter_otlp_endpoint"),
        description="The collector of traces, which accepts OTLP over HTTP. Needs the extra `otel`.",
    )
    workers: PositiveInt = Field(
        1,
        validation_alias=AliasChoices("WEB_CONCURRENCY", "workers"),
        description="The number of worker processes of `gateway serve`.",
    )
    admin_address: AdminAddress = Field(
        None,
        description=(
            "The host and port of /livez, /readyz and /metrics, such as 127.0.0.1:9000 or [::1]:9000; they "
            "are then not served at `PORT`."
        ),
    )
    root_path: PathPrefix = Field(
        "",
        description=(
            "The path prefix under which a proxy publishes the gateway, such as /activities, whether the "
            "proxy removes it or not."
        ),
    )
    trusted_proxies: ProxyNetworks = Field(
        (),
        description=(
            "The proxies whose `X-Forwarded-Prefix` and `X-Forwarded-Proto` are used: addresses and "
            "networks, separated by commas."
        ),
    )

    upstream_url: OriginUrl = Field(
        description="The origin of the REST API: https://api.agendize.com, or a regional host.",
    )
    upstream_proxy: ProxyAddress = Field(
        None,
        description=(
            "The HTTP proxy of upstream calls, such as http://user:password@proxy:3128; none: no proxy. "
            "Takes precedence over HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Loopback addresses are "
            "never called by a proxy."
        ),
    )
    https_proxy: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("HTTPS_PROXY", "https_proxy"),
        description="The proxy for an `https://` upstream.",
    )
    http_proxy: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("HTTP_PROXY", "http_proxy"),
        description="The proxy for an `http://` upstream.",
    )
    no_proxy: str | None = Field(
        None,
        validation_alias=AliasChoices("NO_PROXY", "no_proxy"),
        description=(
            "Hosts called without HTTP_PROXY or HTTPS_PROXY: names, addresses and networks, separated "
            "by commas."
        ),
    )
    activities_prefix: UrlPath = Field("/api/2.3", description="The path prefix of `/activities`.")
    clients_path: UrlPath = Field("/api/2.0/clients", description="The path of clients.")
    notes_prefix: UrlPath = Field("/api/2.0", description="The path prefix of `/notes`.")
    scheduling_prefix: UrlPath = Field(
        "/api/2.1/scheduling",
        description="The path prefix of `/companies` and their appointments, staff and services.",
    )
    appointments_path: UrlPath = Field(
        "",
        description=(
            "The path of appointments without a company, such as /api/2.3/scheduling/appointments, if this "
            "upstream has one: used where no company is known."
        ),
    )
    forms_prefix: UrlPath = Field("/api/2.3", description="The path prefix of `/forms`.")
    conferences_prefix: UrlPath = Field(
        "/conferences/api/1.0", description="The path prefix of `/conferences`."
    )
    company_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description=(
            "The company of appointments, staff and services where neither a link nor an "
            "appointment names one."
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
    caller_keys_file: CallerKeysFile = Field(
        None,
        description=(
            "The keys of callers who may use the service credentials: a file of lines "
            "`name:sha256-of-key`. See `gateway caller-key`."
        ),
    )
    allow_anonymous: bool = Field(
        default=False,
        description="Whether any caller that can connect to the port may use the service credentials.",
    )
    default_time_zone: ZoneName | None = Field(
        None, description="The zone of a date-time that the upstream sends without one."
    )
    forward_headers: HeaderNames = Field(
        (), description="Request headers passed on to the upstream, separated by commas."
    )
    cors_origins: PageOrigins = Field(
        (), description="Origins whose pages may call this gateway, separated by commas."
    )

    compression: bool = Field(
        default=True,
        description=(
            "Whether responses from 1 kB are compressed, with zstd, br or gzip. Pages of other sites get "
            "uncompressed ones, unless their origin is listed."
        ),
    )
    conditional_get: bool = Field(
        default=False,
        description=(
            "Whether responses to GET have an `ETag`, by which browsers revalidate them. Browsers then keep "
            "clients' data on disk."
        ),
    )

    sandbox_rest_port: Annotated[int, BeforeValidator(_ignore_service_link)] = Field(
        _REST_PORT,
        ge=0,
        le=65535,
        description="The port at which `gateway sandbox` serves the emulated REST API.",
    )

    default_page_size: PositiveInt = Field(
        50, description="The number of activities of a page without `first` and `last`."
    )
    max_page_size: PositiveInt = Field(
        100, description="The largest `first` or `last`, at least `GATEWAY_DEFAULT_PAGE_SIZE`."
    )
    max_clients: PositiveInt = Field(20, description="The most ids in `clients`.")
    max_representations: PositiveInt = Field(  # no more fit into the values of a request's JSON
        1_000, le=1_300, description="The most entities that a router may request at once."
    )
    max_concurrent_reads_per_operation: PositiveInt = Field(
        10, description="The most upstream reads that one operation has under way at once."
    )
    max_upstream_reads: PositiveInt = Field(
        250,
        description=(
            "The most upstream reads of one operation. Coalesced and cached ones count, so "
            "that the limit does not depend on other operations."
        ),
    )
    max_upstream_bytes: PositiveInt = Field(
        33_554_432, description="The largest upstream response, in bytes after decompression."
    )
    max_upstream_bytes_in_flight: PositiveInt = Field(
        134_217_728,
        description="The most bytes of undecoded upstream responses that are held at once.",
    )
    max_body_bytes: PositiveInt = Field(
        1_048_576, description="The largest request body, in bytes."
    )
    max_document_characters: PositiveInt = Field(
        100_000, description="The most characters of a document."
    )
    max_tokens: PositiveInt = Field(
        10_000, description="The most tokens of a document, comments included."
    )
    max_depth: PositiveInt = Field(30, description="The deepest nesting of fields.")
    max_aliases: PositiveInt = Field(500, description="The most aliases of an operation.")
    max_alias_characters: PositiveInt = Field(100, description="The most characters of an alias.")
    max_root_fields: PositiveInt = Field(50, description="The most root fields of an operation.")
    max_duplicate_fields: PositiveInt = Field(
        200, description="The most fields that are merged at one response path."
    )
    max_field_comparisons: PositiveInt = Field(
        20_000,
        description="The most comparisons of fields and fragments in the validation of an operation.",
    )
    max_cost: PositiveInt = Field(
        2_000_000, description="The largest cost of an operation, as `gateway cost` measures it."
    )
    upstream_attempt_timeout_seconds: PositiveSeconds = Field(
        10.0,
        description=(
            "How long one attempt of an upstream read may take, to its last byte; should be less "
            "than an operation may take."
        ),
    )
    upstream_connect_timeout_seconds: PositiveSeconds = Field(
        2.0, description="How long connecting to the upstream may take."
    )
    upstream_read_timeout_seconds: PositiveSeconds = Field(
        10.0,
        description="How long the upstream may send nothing while a response is awaited or arrives.",
    )
    operation_timeout_seconds: PositiveSeconds = Field(
        30.0, description="How long one operation may take; fields without data by then are null."
    )
    upstream_attempts: PositiveInt = Field(
        3,
        le=10,
        description="How many attempts one read may take where a retry may help; 1: no retries.",
    )
    circuit_breaker_reset_seconds: PositiveSeconds = Field(
        0.5, description="How long the circuit breaker is open before the next trial read."
    )
    max_concurrent_reads: PositiveInt = Field(
        100,
        description=(
            "The most upstream reads that one process has under way at once, for all callers: the "
            "slots of its bulkhead."
        ),
    )
    max_concurrent_reads_per_credential: PositiveInt = Field(
        50,
        description=(
            "The most upstream reads that one process has under way at once per caller key, else per "
            "credential: the slots of the bulkhead for each."
        ),
    )

    request_timeout_seconds: PositiveSeconds = Field(
        30.0,
        description=(
            "How long a request may take to arrive, and how long a caller may read nothing of a "
            "response."
        ),
    )
    max_concurrent_requests: PositiveInt = Field(
        200, description="The most GraphQL requests that one process executes at once."
    )
    drain_seconds: NonNegativeSeconds = Field(
        5.0, description="How long the port stays open after SIGTERM."
    )
    shutdown_grace_seconds: NonNegativeSeconds = Field(
        20.0, description="How long requests in flight may take after the port is closed."
    )

    entity_cache_seconds: NonNegativeSeconds = Field(
        0.0,
        description=(
            "How long staff, services, companies, forms, conferences and their sessions are "
            "cached, per credential; 0: not at all."
        ),
    )

    stale_if_error_seconds: NonNegativeSeconds = Field(
        0.0,
        description=(
            "How long the last good response of a timeline may be served, per credential, where "
            "the upstream fails; 0: not at all."
        ),
    )

    compile_queries: Annotated[Literal["off", "on", "eager"], BeforeValidator(_lowercase)] = Field(
        "on",
        description=(
            "Which operations are compiled: `off` none, graphql-core executes all; `on` large and "
            "trusted ones when first seen, small ones when seen again; `eager` all when first seen. "
            "Responses do not differ."
        ),
    )
    explain: bool = Field(
        default=False,
        description="Whether `X-Gateway-Explain: 1` adds the upstream reads of a response to its `extensions`.",
    )
    slow_operation_seconds: NonNegativeSeconds = Field(
        0.0,
        description="How long an operation has to take for the log event `operation.slow`; 0: none is logged.",
    )
    client_applications: ClientApplicationNames = Field(
        (),
        description=(
            "The names of client applications that have a metric of their own, separated by commas; "
            "operations of all others are counted as `other`."
        ),
    )
    introspection: bool = Field(
        default=True, description="Whether introspection and /schema.graphql are enabled."
    )
    graphiql: bool = Field(default=True, description="Whether GraphiQL is served to browsers.")
    federation: bool = Field(
        default=False, description="Whether the schema is a subgraph of Apollo Federation."
    )

    trusted_documents: Literal["off", "log", "enforce"] = Field(
        "off",
        description=(
            "Which documents are executed: `off` any, by their texts; `log` any, and those that are "
            "not in the manifest are logged; `enforce` those in the manifest."
        ),
    )
    trusted_documents_path: ManifestFile = Field(
        None,
        validate_default=True,
        description=(
            "The manifest: a JSON file of document texts by their ids, or a folder, all of whose `*.json` "
            "are taken together."
        ),
    )

    reload_seconds: NonNegativeSeconds = Field(
        5.0,
        description=(
            "How often the files of trusted documents, secrets and caller keys are checked for changes, "
            "and read again after one; 0: never. On SIGHUP they are read in any case."
        ),
    )

    # A check of several settings belongs to the last of them, so that `info.data` has the others. It is left
    # out where one of them is invalid: pydantic then calls no validator, or `info.data` lacks the value.

    @field_validator("no_proxy")
    @classmethod
    def _check_proxy(cls, no_proxy: str | None, info: ValidationInfo) -> str | None:
        if {"upstream_url", "upstream_proxy", "https_proxy", "http_proxy"} <= info.data.keys():
            try:
                _proxy_in({**info.data, "no_proxy": no_proxy})
            except ValueError as error:
                scheme, *_ = info.data["upstream_url"].partition(":")
                raise named_problem(f"{scheme.upper()}_PROXY: {error}") from None
        return no_proxy

    @field_validator("token")
    @classmethod
    def _require_key_and_token(
        cls, token: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if "api_key" in info.data and (info.data["api_key"] is None) != (token is None):
            raise named_problem("GATEWAY_API_KEY and GATEWAY_TOKEN must be set together")
        return token

    @field_validator("bearer_token")
    @classmethod
    def _require_one_form(
        cls, bearer_token: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if bearer_token is not None and info.data.get("api_key") is not None:
            raise named_problem(
                "GATEWAY_BEARER_TOKEN cannot be combined with GATEWAY_API_KEY and GATEWAY_TOKEN"
            )
        return bearer_token

    @field_validator("max_page_size")
    @classmethod
    def _check_page_sizes(cls, max_page_size: int, info: ValidationInfo) -> int:
        if info.data.get("default_page_size", 0) > max_page_size:
            raise named_problem("GATEWAY_DEFAULT_PAGE_SIZE must not exceed GATEWAY_MAX_PAGE_SIZE")
        return max_page_size

    @field_validator("max_upstream_bytes_in_flight")
    @classmethod
    def _check_byte_limits(cls, max_in_flight: int, info: ValidationInfo) -> int:
        if info.data.get("max_upstream_bytes", 0) > max_in_flight:
            raise named_problem(
                "GATEWAY_MAX_UPSTREAM_BYTES must not exceed GATEWAY_MAX_UPSTREAM_BYTES_IN_FLIGHT"
            )
        return max_in_flight

    @field_validator("trusted_documents_path")
    @classmethod
    def _require_manifest(cls, manifest: ManifestFile, info: ValidationInfo) -> ManifestFile:
        if manifest is None and info.data.get("trusted_documents", "off") != "off":
            raise ValueError("is required unless GATEWAY_TRUSTED_DOCUMENTS is off")
        return manifest

    @property
    def names_files(self) -> bool:
        """Whether files are reloaded on SIGHUP, which ends the process of a gateway without any."""
        keys = self.caller_keys_file
        has_keys_file = keys is not None and keys.path is not None
        return self.trusted_documents_path is not None or has_keys_file or bool(self.file_secrets)

    @property
    def file_secrets(self) -> Mapping[str, FileSecret]:
        """The secrets that were read from files, by the names of the settings."""
        values = {name: getattr(self, name) for name in self.SECRETS}
        return {name: each for name, each in values.items() if isinstance(each, FileSecret)}

    @property
    def proxy(self) -> Proxy | None:
        """The proxy of upstream calls, if any."""
        return _proxy_in(self.__dict__)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FileSecretsSource(settings_cls, cls.SECRETS)

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """The settings in the environment; `overrides` take precedence.

        Raises:
            ConfigurationError: Names every unknown variable, every invalid value and every invalid combination.
        """
        env_name_by_field = {name: env_name(name) for name in cls.model_fields}
        return environment.read_settings(
            cls,
            overrides,
            env_name_by_field,
            secrets=cls.SECRETS,
            prefix=PREFIX,
            renamed=_ENV_NAME_BY_FORMER_NAME,
        )


def _proxy_in(values: Mapping[str, Any]) -> Proxy | None:
    """The proxy of upstream calls, if any, for values of settings by their names.

    Raises:
        ValueError: The proxy is needed, and its setting is not the address of one.
    """
    return proxy_for(
        values["upstream_url"],
        explicit=values["upstream_proxy"],
        url_by_scheme={"https": values["https_proxy"], "http": values["http_proxy"]},
        no_proxy=values["no_proxy"] or "",
    )


def env_name(field_name: str) -> str:
    """The environment variable of a setting."""
    match Settings.model_fields[field_name].validation_alias:
        case AliasChoices(choices=[str(alias), *_]):
            return alias
    return PREFIX + field_name.upper()
