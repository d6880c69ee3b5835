"""The pieces; what comes of them when a gateway starts is in test_settings."""

import pytest
from pydantic import BaseModel, ValidationError

from gateway.config import environment

KNOWN = ("GATEWAY_TOKEN", "GATEWAY_EXPLAIN", "PORT")
RENAMED = {"GATEWAY_TOKENS": "GATEWAY_EXPLAIN"}


class Two(BaseModel):
    explain: bool
    other: int = 0


def refused(**given: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Two(**given)  # type: ignore[arg-type]  # that is the point
    return caught.value


def test_a_variable_that_is_no_setting_is_named_with_the_nearest_one(monkeypatch):
    monkeypatch.setenv("GATEWAY_TOKNE", "secret")
    assert environment.unknown_variables("GATEWAY_", KNOWN, RENAMED) == [
        "GATEWAY_TOKNE is not a setting; did you mean GATEWAY_TOKEN?"
    ]


def test_a_former_name_is_reported_with_the_new_one(monkeypatch):
    monkeypatch.setenv("GATEWAY_TOKENS", "x")
    assert environment.unknown_variables("GATEWAY_", KNOWN, RENAMED) == [
        "GATEWAY_TOKENS is not a setting; did you mean GATEWAY_EXPLAIN?"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_EXPLAIN", "x"),
        ("OTHER_TOKNE", "x"),
        ("GATEWAY_SERVICE_HOST", "10.0.0.7"),
        ("GATEWAY_SERVICE_PORT_HTTP", "80"),
        ("GATEWAY_PORT", "tcp://10.0.0.7:80"),
        ("GATEWAY_PORT_80_TCP", "tcp://10.0.0.7:80"),
        ("GATEWAY_API_SERVICE_HOST", "10.0.0.7"),
        ("GATEWAY_API_SERVICE_PORT", "80"),
        ("GATEWAY_API_SERVICE_PORT_HTTP", "80"),
        ("GATEWAY_API_V2_PORT", "tcp://10.0.0.7:80"),
        ("GATEWAY_API_V2_PORT", "udp://10.0.0.7:80"),
        ("GATEWAY_API_V2_PORT", "sctp://10.0.0.7:80"),
        ("GATEWAY_API_PORT_80_TCP", "tcp://10.0.0.7:80"),
        ("GATEWAY_API_PORT_80_TCP_PROTO", "tcp"),
        ("GATEWAY_API_PORT_80_TCP_PORT", "80"),
        ("GATEWAY_API_PORT_80_TCP_ADDR", "10.0.0.7"),
    ],
)
def test_what_is_known_injected_or_somebody_elses_is_left_alone(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert environment.unknown_variables("GATEWAY_", KNOWN, RENAMED) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_API_PORT", "80"),
        ("GATEWAY_API_PORT", "http://10.0.0.7"),
        ("GATEWAY_API_PORT_NUMBER", "80"),
        ("GATEWAY_API_HOST", "10.0.0.7"),
        ("GATEWAY_SERVICES", "x"),
    ],
)
def test_what_only_looks_like_it_is_a_mistake(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    [problem] = environment.unknown_variables("GATEWAY_", KNOWN, RENAMED)
    assert problem.startswith(f"{name} is not a setting")


def test_a_setting_that_does_not_fit_is_told_by_its_variable_and_without_its_value():
    (line,) = environment.validation_messages(
        refused(explain="secret"), {"explain": "GATEWAY_EXPLAIN"}
    )
    assert line.startswith("GATEWAY_EXPLAIN: ")
    assert "secret" not in line


def test_every_problem_has_a_line():
    lines = environment.validation_messages(
        refused(explain="x", other="y"), {"explain": "GATEWAY_EXPLAIN"}
    )
    assert [line.partition(":")[0] for line in lines] == ["GATEWAY_EXPLAIN", "other"]
