import json
import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from gateway.config.caller_keys import CallerKeys
from gateway.config.environment import ConfigurationError
from gateway.config.manifest import Manifest
from gateway.config.proxies import Proxy
from gateway.config.settings import PREFIX, Settings, env_name
from gateway.config.types import ListenAddress

MANIFEST = Path(__file__).parents[1] / "engine" / "manifests" / "sha1.json"
CALLER_KEYS = Path(__file__).parents[1] / "web" / "caller-keys.txt"
UPGRADING = Path(__file__).parents[3] / "docs" / "upgrading.md"


KNOWN_TO_ALL = {
    *("HOST", "PORT", "LOG_LEVEL", "LOG_FORMAT", "OTEL_EXPORTER_OTLP_ENDPOINT", "WEB_CONCURRENCY"),
    *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"),
}


def settings_of(**given: Any) -> Settings:
    return Settings(**{"upstream_url": "http://upstream", **given})


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """An environment that describes the least there must be."""
    for name in os.environ:
        if name.startswith(PREFIX) or name.upper() in KNOWN_TO_ALL:
            monkeypatch.delenv(name)
    monkeypatch.setenv("GATEWAY_UPSTREAM_URL", "http://upstream")
    return monkeypatch


def refusal(**given: object) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment(**given)
    return str(refused.value)


def test_the_defaults_are_those_of_the_conventions():
    settings = Settings.from_environment()
    assert settings.model_dump() == {
        "host": "127.0.0.1",
        "port": 8000,
        "log_level": "info",
        "log_format": "auto",
        "otel_exporter_otlp_endpoint": None,
        "workers": 1,
        "admin_address": None,
        "root_path": "",
        "trusted_proxies": (),
        "upstream_url": "http://upstream",
        "upstream_proxy": None,
        "https_proxy": None,
        "http_proxy": None,
        "no_proxy": None,
        "activities_prefix": "/api/2.3",
        "appointments_path": "",
        "clients_path": "/api/2.0/clients",
        "notes_prefix": "/api/2.0",
        "scheduling_prefix": "/api/2.1/scheduling",
        "forms_prefix": "/api/2.3",
        "conferences_prefix": "/conferences/api/1.0",
        "company_id": None,
        "appointments_by_client": False,
        "api_key": None,
        "token": None,
        "bearer_token": None,
        "caller_keys_file": None,
        "allow_anonymous": False,
        "default_time_zone": None,
        "forward_headers": (),
        "cors_origins": (),
        "compression": True,
        "conditional_get": False,
        "sandbox_rest_port": 8001,
        "default_page_size": 50,
        "max_page_size": 100,
        "max_clients": 20,
        "max_representations": 1_000,
        "max_concurrent_reads_per_operation": 10,
        "max_upstream_reads": 250,
        "max_upstream_bytes": 33_554_432,
        "max_upstream_bytes_in_flight": 134_217_728,
        "max_body_bytes": 1_048_576,
        "max_document_characters": 100_000,
        "max_tokens": 10_000,
        "max_depth": 30,
        "max_aliases": 500,
        "max_alias_characters": 100,
        "max_root_fields": 50,
        "max_duplicate_fields": 200,
        "max_field_comparisons": 20_000,
        "max_cost": 2_000_000,
        "upstream_attempt_timeout_seconds": 10.0,
        "request_timeout_seconds": 30.0,
        "upstream_connect_timeout_seconds": 2.0,
        "upstream_read_timeout_seconds": 10.0,
        "operation_timeout_seconds": 30.0,
        "upstream_attempts": 3,
        "circuit_breaker_reset_seconds": 0.5,
        "max_concurrent_reads": 100,
        "max_concurrent_reads_per_credential": 50,
        "max_concurrent_requests": 200,
        "drain_seconds": 5.0,
        "shutdown_grace_seconds": 20.0,
        "entity_cache_seconds": 0.0,
        "stale_if_error_seconds": 0.0,
        "compile_queries": "on",
        "explain": False,
        "slow_operation_seconds": 0.0,
        "client_applications": (),
        "introspection": True,
        "federation": False,
        "graphiql": True,
        "trusted_documents": "off",
        "trusted_documents_path": None,
        "reload_seconds": 5.0,
    }


EXAMPLES = {
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("0", 0),
    "log_level": ("Debug", "debug"),
    "log_format": ("TEXT", "text"),
    "sandbox_rest_port": ("9", 9),
    "otel_exporter_otlp_endpoint": ("http://collector:4318/", "http://collector:4318"),
    "workers": ("3", 3),
    "admin_address": ("[::1]:9000", ListenAddress("::1", 9000)),
    "root_path": ("/team/activities", "/team/activities"),
    "trusted_proxies": (
        "127.0.0.1, 10.0.0.0/8, fd00::/8,",
        (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
    ),
    "upstream_url": ("https://france.agendize.com/", "https://france.agendize.com"),
    "upstream_proxy": ("none", "none"),
    "https_proxy": ("http://proxy:3128", SecretStr("http://proxy:3128")),
    "http_proxy": ("proxy", SecretStr("proxy")),
    "no_proxy": ("example.com", "example.com"),
    "activities_prefix": ("/api/2.4/", "/api/2.4"),
    "appointments_path": ("/api/2.3/scheduling/appointments/", "/api/2.3/scheduling/appointments"),
    "clients_path": ("/api/2.3/contacts/", "/api/2.3/contacts"),
    "notes_prefix": ("/api/2.3", "/api/2.3"),
    "scheduling_prefix": ("/api/2.0/scheduling", "/api/2.0/scheduling"),
    "forms_prefix": ("/", ""),
    "conferences_prefix": ("/conferences/api/2.0", "/conferences/api/2.0"),
    "company_id": ("Salon_3-b", "Salon_3-b"),
    "appointments_by_client": ("true", True),
    "caller_keys_file": (str(CALLER_KEYS), CallerKeys({bytes.fromhex("ab" * 32): "web"})),
    "allow_anonymous": ("true", True),
    "default_time_zone": ("Europe/Paris", "Europe/Paris"),
    "forward_headers": ("X-Tenant, Accept-Language,", ("X-Tenant", "Accept-Language")),
    "cors_origins": (
        "https://a.example,HTTPS://*.B.example:443",
        ("https://a.example", "https://*.b.example"),
    ),
    "compression": ("false", False),
    "conditional_get": ("true", True),
    "default_page_size": ("7", 7),
    "max_page_size": ("700", 700),
    "max_clients": ("7", 7),
    "max_representations": ("7", 7),
    "max_concurrent_reads_per_operation": ("7", 7),
    "max_upstream_reads": ("7", 7),
    "max_upstream_bytes": ("7", 7),
    "max_upstream_bytes_in_flight": ("70000000", 70_000_000),
    "max_body_bytes": ("7", 7),
    "max_document_characters": ("7", 7),
    "max_tokens": ("7", 7),
    "max_depth": ("7", 7),
    "max_aliases": ("7", 7),
    "max_alias_characters": ("7", 7),
    "max_root_fields": ("7", 7),
    "max_duplicate_fields": ("7", 7),
    "max_field_comparisons": ("7", 7),
    "max_cost": ("7", 7),
    "upstream_connect_timeout_seconds": ("0.5", 0.5),
    "upstream_read_timeout_seconds": ("5", 5.0),
    "operation_timeout_seconds": ("12.5", 12.5),
    "upstream_attempts": ("1", 1),
    "circuit_breaker_reset_seconds": ("2", 2.0),
    "max_concurrent_reads": ("20", 20),
    "max_concurrent_reads_per_credential": ("5", 5),
    "upstream_attempt_timeout_seconds": ("0.5", 0.5),
    "request_timeout_seconds": ("0.5", 0.5),
    "max_concurrent_requests": ("7", 7),
    "drain_seconds": ("0", 0.0),
    "shutdown_grace_seconds": ("0.5", 0.5),
    "entity_cache_seconds": ("0.5", 0.5),
    "stale_if_error_seconds": ("0.5", 0.5),
    "compile_queries": ("Eager", "eager"),
    "reload_seconds": ("0", 0.0),
    "explain": ("1", True),
    "slow_operation_seconds": ("0.5", 0.5),
    "client_applications": ("web, iOS app", ("web", "iOS app")),
    "introspection": ("false", False),
    "federation": ("true", True),
    "graphiql": ("0", False),
    "trusted_documents": ("log", "log"),
    "trusted_documents_path": (
        str(MANIFEST),
        Manifest(MANIFEST, json.loads(MANIFEST.read_text(encoding="utf-8"))),
    ),
}


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items(), ids=list(EXAMPLES))
def test_a_setting_is_read_from_its_variable(environment, name, example):
    text, value = example
    environment.setenv("GATEWAY_TRUSTED_DOCUMENTS_PATH", str(MANIFEST))
    environment.setenv(env_name(name), text)
    assert getattr(Settings.from_environment(), name) == value


@pytest.mark.parametrize("name", [*EXAMPLES, *Settings.SECRETS])
def test_every_setting_is_described(name):
    assert Settings.model_fields[name].description


def test_the_examples_and_the_secrets_are_all_the_settings():
    assert {*EXAMPLES, *Settings.SECRETS} == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("host", "HOST"),
        ("port", "PORT"),
        ("log_level", "LOG_LEVEL"),
        ("otel_exporter_otlp_endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("workers", "WEB_CONCURRENCY"),
        ("https_proxy", "HTTPS_PROXY"),
        ("upstream_proxy", "GATEWAY_UPSTREAM_PROXY"),
        ("upstream_url", "GATEWAY_UPSTREAM_URL"),
        ("max_clients", "GATEWAY_MAX_CLIENTS"),
    ],
)
def test_a_variable_has_the_prefix_unless_everybody_knows_it(name, expected):
    assert env_name(name) == expected


def test_no_setting_has_a_name_that_kubernetes_sets():
    injected = ("GATEWAY_PORT", "GATEWAY_SERVICE")
    assert not [name for name in map(env_name, Settings.model_fields) if name.startswith(injected)]


def test_a_setting_that_everybody_knows_has_one_variable_and_its_name(environment):
    environment.setenv("GATEWAY_PORT", "1")
    environment.setenv("PORT", "2")
    assert Settings.from_environment().port == 2
    assert Settings.from_environment(port=3).port == 3
    assert settings_of(port=3, host="::", log_level="error").port == 3


def test_a_given_value_wins_over_the_environment(environment):
    environment.setenv("GATEWAY_MAX_CLIENTS", "7")
    assert Settings.from_environment(max_clients=8).max_clients == 8


def test_an_empty_variable_counts_as_unset(environment):
    environment.setenv("GATEWAY_MAX_CLIENTS", "")
    environment.setenv("GATEWAY_DEFAULT_TIME_ZONE", "")
    settings = Settings.from_environment()
    assert (settings.max_clients, settings.default_time_zone) == (20, None)


def test_the_upstream_s_address_is_required(environment):
    environment.delenv("GATEWAY_UPSTREAM_URL")
    assert refusal() == "GATEWAY_UPSTREAM_URL: is required"


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("GATEWAY_MAX_CLIENT", "GATEWAY_MAX_CLIENTS"),
        ("GATEWAY_GRAPHQL", "GATEWAY_GRAPHIQL"),
        ("GATEWAY_TOKENS", "GATEWAY_TOKEN"),
        ("GATEWAY_HOST", "HOST"),
        ("GATEWAY_TOKEN_FIL", "GATEWAY_TOKEN_FILE"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest_name(environment, given, nearest):
    environment.setenv(given, "1")
    assert refusal().startswith(f"{given} is not a setting; did you mean ")
    if nearest != "HOST":  # too far off to promise
        assert refusal().endswith(f"{nearest}?")


@pytest.mark.parametrize(
    "name",
    [
        "GATEWAY_SERVICE_HOST",
        "GATEWAY_SERVICE_PORT",
        "GATEWAY_SERVICE_PORT_HTTP",
        "GATEWAY_PORT",
        "GATEWAY_PORT_8000_TCP",
        "GATEWAY_PORT_8000_TCP_ADDR",
        "OTHER_GATEWAY_MAX_CLIENT",
    ],
)
def test_what_kubernetes_sets_is_ignored(environment, name):
    environment.setenv(name, "tcp://10.0.0.1:8000")
    assert Settings.from_environment().port == 8000


def test_all_problems_are_told_at_once_each_with_its_variable(environment):
    environment.setenv("GATEWAY_MAX_CLIENT", "1")
    environment.setenv("GATEWAY_MAX_CLIENTS", "0")
    environment.setenv("GATEWAY_FORWARD_HEADERS", "Cookie")
    environment.setenv("GATEWAY_UPSTREAM_URL", "upstream")
    environment.setenv("PORT", "http")
    assert sorted(line.partition(" ")[0] for line in refusal().splitlines()) == [
        "GATEWAY_FORWARD_HEADERS:",
        "GATEWAY_MAX_CLIENT",
        "GATEWAY_MAX_CLIENTS:",
        "GATEWAY_UPSTREAM_URL:",
        "PORT:",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("LOG_LEVEL", "loud"),
        ("WEB_CONCURRENCY", "0"),
        ("GATEWAY_ROOT_PATH", "activities"),
        ("GATEWAY_ROOT_PATH", "/activities/"),
        ("GATEWAY_TRUSTED_PROXIES", "proxy"),
        ("GATEWAY_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.1/8"),
        ("GATEWAY_MAX_CONCURRENT_REQUESTS", "0"),
        ("GATEWAY_DRAIN_SECONDS", "-1"),
        ("GATEWAY_SHUTDOWN_GRACE_SECONDS", "inf"),
        ("GATEWAY_MAX_PAGE_SIZE", "0"),
        ("GATEWAY_MAX_PAGE_SIZE", "many"),
        ("GATEWAY_MAX_UPSTREAM_BYTES", "-1"),
        ("GATEWAY_MAX_UPSTREAM_BYTES_IN_FLIGHT", "0"),
        ("GATEWAY_MAX_CONCURRENT_READS_PER_OPERATION", "0"),
        ("GATEWAY_MAX_UPSTREAM_READS", "0"),
        ("GATEWAY_COMPILE_QUERIES", "true"),
        ("GATEWAY_MAX_TOKENS", "0"),
        ("GATEWAY_MAX_COST", "unlimited"),
        ("GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS", "0"),
        ("GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS", "inf"),
        ("GATEWAY_UPSTREAM_ATTEMPT_TIMEOUT_SECONDS", "nan"),
        ("GATEWAY_ENTITY_CACHE_SECONDS", "-1"),
        ("GATEWAY_ENTITY_CACHE_SECONDS", "inf"),
        ("GATEWAY_ENTITY_CACHE_SECONDS", "nan"),
        ("GATEWAY_STALE_IF_ERROR_SECONDS", "-1"),
        ("GATEWAY_STALE_IF_ERROR_SECONDS", "inf"),
        ("GATEWAY_APPOINTMENTS_BY_CLIENT", "perhaps"),
        ("GATEWAY_COMPANY_ID", "3/staff"),
        ("GATEWAY_COMPANY_ID", "../3"),
        ("GATEWAY_COMPANY_ID", "é"),
        ("GATEWAY_COMPANY_ID", "3\n"),
        ("GATEWAY_COMPANY_ID", "x" * 65),
        ("GATEWAY_EXPLAIN", "perhaps"),
        ("GATEWAY_INTROSPECTION", "perhaps"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "Paris"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "../../etc/passwd"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "/etc/localtime"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "localtime"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "europe/paris"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "UTC+2"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "PST"),
        ("GATEWAY_DEFAULT_TIME_ZONE", "Romance Standard Time"),
        ("GATEWAY_TRUSTED_DOCUMENTS", "Enforce"),
        ("GATEWAY_TRUSTED_DOCUMENTS", "false"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_under_its_variable(environment, name, text):
    environment.setenv(name, text)
    assert refusal().startswith(f"{name}: ")


PREFIXES = [
    "appointments_path",
    "clients_path",
    *(name for name in EXAMPLES if name.endswith("_prefix")),
]


@pytest.mark.parametrize("name", PREFIXES)
@pytest.mark.parametrize(
    "path", ["api", "/api?x", "/a b", "//api", "/api//2", "/é", "/%2e", "/{id}", "/a\n"]
)
def test_a_prefix_that_is_no_path_is_refused(name, path):
    with pytest.raises(ValidationError, match="must be a path"):
        settings_of(**{name: path})


@pytest.mark.parametrize("name", PREFIXES)
@pytest.mark.parametrize(("path", "kept"), [("", ""), ("/", ""), ("/api/2.3/", "/api/2.3")])
def test_a_prefix_is_kept_without_its_slash(name, path, kept):
    assert getattr(settings_of(**{name: path}), name) == kept


# Credentials


def test_a_key_and_a_token_go_together():
    for alone in ({"api_key": "k"}, {"token": "t"}):
        with pytest.raises(ValidationError, match="must be set together"):
            settings_of(**alone)


def test_there_is_one_kind_of_credentials():
    with pytest.raises(ValidationError, match="cannot be combined with"):
        settings_of(api_key="k", token="t", bearer_token="b")


def test_a_page_by_default_is_no_larger_than_a_page_may_be():
    with pytest.raises(ValidationError, match="GATEWAY_DEFAULT_PAGE_SIZE"):
        settings_of(default_page_size=101)


def test_one_upstream_answer_is_no_larger_than_all_that_are_held_at_once():
    with pytest.raises(ValidationError, match="GATEWAY_MAX_UPSTREAM_BYTES_IN_FLIGHT"):
        settings_of(max_upstream_bytes_in_flight=33_554_431)


def test_a_problem_between_settings_is_told_in_plain_words(environment):
    environment.setenv("GATEWAY_API_KEY", "hush")
    assert refusal() == "GATEWAY_API_KEY and GATEWAY_TOKEN must be set together"


def test_problems_between_settings_are_reported_with_all_others(environment, tmp_path):
    environment.setenv("GATEWAY_API_KEY", "hush")
    environment.setenv("GATEWAY_BEARER_TOKEN", "hush")
    environment.setenv("GATEWAY_MAX_CLIENTS", "abc")
    environment.setenv("GATEWAY_MAX_CLIENT", "1")
    environment.setenv("GATEWAY_MAX_PAGE_SIZE", "3")
    environment.setenv("GATEWAY_MAX_UPSTREAM_BYTES_IN_FLIGHT", "3")
    environment.setenv("GATEWAY_TRUSTED_DOCUMENTS", "log")
    environment.setenv("HTTP_PROXY", "socks5://proxy")
    assert refusal().splitlines() == [
        "GATEWAY_MAX_CLIENT is not a setting; did you mean GATEWAY_MAX_CLIENTS?",
        "HTTP_PROXY: must be the address of an HTTP proxy, such as http://proxy:3128",
        "GATEWAY_API_KEY and GATEWAY_TOKEN must be set together",
        "GATEWAY_BEARER_TOKEN cannot be combined with GATEWAY_API_KEY and GATEWAY_TOKEN",
        "GATEWAY_DEFAULT_PAGE_SIZE must not exceed GATEWAY_MAX_PAGE_SIZE",
        "GATEWAY_MAX_CLIENTS: Input should be a valid integer, unable to parse string as an integer",
        "GATEWAY_MAX_UPSTREAM_BYTES must not exceed GATEWAY_MAX_UPSTREAM_BYTES_IN_FLIGHT",
        "GATEWAY_TRUSTED_DOCUMENTS_PATH: is required unless GATEWAY_TRUSTED_DOCUMENTS is off",
    ]


@pytest.mark.parametrize(
    ("invalid", "other"),
    [
        ({"GATEWAY_DEFAULT_PAGE_SIZE": "x"}, {"GATEWAY_MAX_PAGE_SIZE": "3"}),
        ({"GATEWAY_MAX_PAGE_SIZE": "x"}, {"GATEWAY_DEFAULT_PAGE_SIZE": "300"}),
        ({"GATEWAY_MAX_UPSTREAM_BYTES": "x"}, {"GATEWAY_MAX_UPSTREAM_BYTES_IN_FLIGHT": "3"}),
        ({"GATEWAY_API_KEY": "é"}, {"GATEWAY_TOKEN": "t", "GATEWAY_BEARER_TOKEN": "b"}),
        ({"GATEWAY_TOKEN": "é"}, {"GATEWAY_API_KEY": "k"}),
        ({"GATEWAY_TOKEN_FILE": "/nowhere"}, {"GATEWAY_API_KEY": "k"}),
        ({"GATEWAY_UPSTREAM_URL": "x"}, {"HTTP_PROXY": "socks5://proxy"}),
        ({"GATEWAY_UPSTREAM_PROXY": "socks5://x"}, {"HTTP_PROXY": "socks5://proxy"}),
        ({"GATEWAY_TRUSTED_DOCUMENTS": "x"}, {}),
    ],
    ids=",".join,
)
def test_an_invalid_value_is_reported_without_checks_of_others(environment, invalid, other):
    for name, value in {**invalid, **other}.items():
        environment.setenv(name, value)
    [line] = refusal().splitlines()
    assert line.startswith(*invalid)


def test_a_bad_secret_file_is_reported_beside_a_usable_variable(environment):
    environment.setenv("GATEWAY_BEARER_TOKEN", "b")
    environment.setenv("GATEWAY_BEARER_TOKEN_FILE", "/nowhere")
    environment.setenv("GATEWAY_MAX_CLIENTS", "x")
    assert [line.split()[0] for line in refusal().splitlines()] == [
        "GATEWAY_BEARER_TOKEN_FILE",
        "GATEWAY_MAX_CLIENTS:",
    ]
    environment.delenv("GATEWAY_MAX_CLIENTS")
    assert refusal() == "GATEWAY_BEARER_TOKEN_FILE cannot be read: No such file or directory"


def test_renamed_settings_are_reported_with_the_documented_names(environment):
    section = UPGRADING.read_text(encoding="utf-8").partition("### Renamed settings\n")[2]
    renamed = dict(re.findall(r"^\| `(GATEWAY_\w+).*?\| `(GATEWAY_\w+)", section, re.MULTILINE))
    assert len(renamed) == 11
    for name in renamed:
        environment.setenv(name, "1")
    assert refusal().splitlines() == [
        f"{name} is not a setting; did you mean {renamed[name]}?" for name in sorted(renamed)
    ]


@pytest.mark.parametrize("name", Settings.SECRETS)
def test_a_secret_may_stand_in_a_file(environment, tmp_path, name):
    file = tmp_path / "secret"
    file.write_text("hush\n", encoding="utf-8")
    environment.setenv(f"{env_name(name)}_FILE", str(file))
    other = {"api_key": "token", "token": "api_key"}.get(name)
    settings = Settings.from_environment(**({other: "x"} if other else {}))
    assert getattr(settings, name).get_secret_value() == "hush"
    assert {name: each.file.path for name, each in settings.file_secrets.items()} == {name: file}
    assert "hush" not in repr(settings)


def test_a_secret_in_the_environment_wins_over_one_in_a_file(environment, tmp_path):
    file = tmp_path / "secret"
    file.write_text("from the file", encoding="utf-8")
    environment.setenv("GATEWAY_BEARER_TOKEN_FILE", str(file))
    environment.setenv("GATEWAY_BEARER_TOKEN", "from the environment")
    token = Settings.from_environment().bearer_token
    assert token is not None
    assert token.get_secret_value() == "from the environment"
    assert not Settings.from_environment().names_files


@pytest.mark.parametrize(
    "variable",
    ["GATEWAY_BEARER_TOKEN_FILE", "GATEWAY_CALLER_KEYS_FILE", "GATEWAY_TRUSTED_DOCUMENTS_PATH"],
)
def test_a_setting_that_names_a_file_takes_sighup(environment, variable):
    assert not Settings.from_environment().names_files
    file = {"GATEWAY_TRUSTED_DOCUMENTS_PATH": MANIFEST}.get(variable, CALLER_KEYS)
    environment.setenv(variable, str(file))
    assert Settings.from_environment().names_files


def test_a_file_that_is_not_there_is_refused_by_name(environment, tmp_path):
    environment.setenv("GATEWAY_TOKEN_FILE", str(tmp_path / "missing"))
    assert refusal() == "GATEWAY_TOKEN_FILE cannot be read: No such file or directory"


def test_a_file_that_cannot_be_read_is_told_beside_a_misspelt_variable(environment):
    environment.setenv("GATEWAY_MAX_CLIENT", "1")
    environment.setenv("GATEWAY_TOKEN_FILE", "/nowhere")
    assert len(refusal().splitlines()) == 2


def test_a_file_that_is_no_text_is_refused_without_its_content(environment, tmp_path):
    file = tmp_path / "secret"
    file.write_bytes(b"hush\xff")
    environment.setenv("GATEWAY_TOKEN_FILE", str(file))
    assert refusal() == "GATEWAY_TOKEN_FILE cannot be read: it is not UTF-8"


@pytest.mark.parametrize("content", ["", " \n"])
def test_a_secret_file_that_is_empty_stops_the_start(environment, tmp_path, content):
    file = tmp_path / "secret"
    file.write_text(content, encoding="utf-8")
    environment.setenv("GATEWAY_BEARER_TOKEN_FILE", str(file))
    assert refusal() == "GATEWAY_BEARER_TOKEN_FILE: the named file is empty"


@pytest.mark.parametrize("link", ["tcp://10.0.0.7:80", "udp://[fd00::7]:80", "SCTP://10.0.0.7:80"])
def test_the_sandboxs_port_is_not_what_kubernetes_says_of_a_service(environment, link):
    environment.setenv("GATEWAY_SANDBOX_REST_PORT", link)
    assert Settings.from_environment().sandbox_rest_port == 8001


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "GATEWAY_UPSTREAM_PROXY"])
def test_a_proxy_is_used_and_its_password_never_told(environment, name):
    environment.setenv(name, "http://me:hunter2@proxy:3128")
    settings = Settings.from_environment()
    assert settings.proxy == Proxy("http", "proxy", 3128, "me", "hunter2")
    assert "hunter2" not in f"{settings!r} {settings}"
    environment.setenv(name, "socks5://me:hunter2@proxy:1080")
    assert refusal() == (
        f"{name.upper()}: must be the address of an HTTP proxy, such as http://proxy:3128"
    )


def test_no_proxy_is_used_where_none_is_wanted(environment):
    environment.setenv("HTTP_PROXY", "http://proxy:3128")
    environment.setenv("NO_PROXY", "upstream")
    assert Settings.from_environment().proxy is None
    environment.setenv("NO_PROXY", "")
    environment.setenv("GATEWAY_UPSTREAM_PROXY", "none")
    assert Settings.from_environment().proxy is None


@pytest.mark.parametrize(
    "more",
    [
        {"GATEWAY_UPSTREAM_PROXY": "none"},
        {"GATEWAY_UPSTREAM_PROXY": "http://proxy:3128"},
        {"NO_PROXY": "*"},
        {"GATEWAY_UPSTREAM_URL": "https://upstream"},
        {"GATEWAY_UPSTREAM_URL": "http://127.0.0.1:8001"},
    ],
    ids=str,
)
def test_a_proxy_that_is_not_used_may_be_of_any_kind(environment, more):
    environment.setenv("HTTP_PROXY", "socks5://me:hunter2@proxy:1080")
    for name, value in more.items():
        environment.setenv(name, value)
    assert "hunter2" not in repr(Settings.from_environment())


def test_no_number_of_processes_is_the_usual_number(environment):
    environment.setenv("WEB_CONCURRENCY", "")
    assert Settings.from_environment().workers == 1


def test_only_secrets_may_stand_in_files(environment):
    environment.setenv("GATEWAY_MAX_CLIENTS_FILE", "/etc/hostname")
    assert "GATEWAY_MAX_CLIENTS_FILE is not a setting" in refusal()


def test_secrets_are_not_shown():
    keys = settings_of(api_key="hush-1", token="hush-2")
    bearer = settings_of(bearer_token="hush-3")
    for settings in (keys, bearer):
        assert "hush" not in f"{settings} {settings!r} {settings.model_dump()}"


def test_a_refusal_does_not_repeat_values(environment):
    environment.setenv("GATEWAY_API_KEY", "hush-1")
    environment.setenv("GATEWAY_BEARER_TOKEN", "hush-2")
    environment.setenv("GATEWAY_MAX_CLIENTS", "hush-3")
    environment.setenv("GATEWAY_UPSTREAM_URL", "http://user:hush-4@upstream")
    assert "hush" not in refusal()


def test_settings_cannot_be_changed():
    settings = Settings.from_environment()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="max_client"):
        settings_of(max_client=1)


# Trusted documents


@pytest.mark.parametrize("mode", ["log", "enforce"])
def test_trusted_documents_need_a_manifest(environment, mode):
    environment.setenv("GATEWAY_TRUSTED_DOCUMENTS", mode)
    assert refusal() == (
        "GATEWAY_TRUSTED_DOCUMENTS_PATH: is required unless GATEWAY_TRUSTED_DOCUMENTS is off"
    )


@pytest.mark.parametrize("mode", ["off", "log", "enforce"])
def test_a_manifest_that_cannot_be_read_is_refused_in_every_mode(environment, tmp_path, mode):
    environment.setenv("GATEWAY_TRUSTED_DOCUMENTS", mode)
    environment.setenv("GATEWAY_TRUSTED_DOCUMENTS_PATH", str(tmp_path / "missing"))
    assert refusal() == (
        "GATEWAY_TRUSTED_DOCUMENTS_PATH: cannot be read: No such file or directory"
    )


def test_what_is_wrong_with_a_manifest_is_told_beside_other_problems(environment, tmp_path):
    file = tmp_path / "manifest.json"
    file.write_text("[]", encoding="utf-8")
    environment.setenv("GATEWAY_TRUSTED_DOCUMENTS_PATH", str(file))
    environment.setenv("GATEWAY_TRUSTED_DOCUMENTS", "on")
    environment.setenv("GATEWAY_TRUSTED_DOCUMENT", "enforce")
    environment.setenv("PORT", "http")
    assert sorted(line.partition(" ")[0] for line in refusal().splitlines()) == [
        "GATEWAY_TRUSTED_DOCUMENT",
        "GATEWAY_TRUSTED_DOCUMENTS:",
        "GATEWAY_TRUSTED_DOCUMENTS_PATH:",
        "PORT:",
    ]


def test_a_manifest_is_read_once(tmp_path):
    file = tmp_path / "manifest.json"
    file.write_text('{"a": "{ __typename }"}', encoding="utf-8")
    settings = settings_of(trusted_documents="enforce", trusted_documents_path=file)
    file.unlink()
    assert settings.trusted_documents_path
    assert settings.trusted_documents_path.text_by_id == {"a": "{ __typename }"}
