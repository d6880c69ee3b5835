"""The pieces; what comes of them when a gateway starts is in test_settings."""

import pytest
from pydantic import BaseModel, ValidationError

from gateway import environment

KNOWN = ("GATEWAY_TOKEN", "GATEWAY_PLANS", "PORT")


class Two(BaseModel):
    plans: bool
    other: int = 0


def refused(**given: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Two(**given)  # type: ignore[arg-type]  # that is the point
    return caught.value


def test_a_variable_that_is_no_setting_is_named_with_the_nearest_one(monkeypatch):
    monkeypatch.setenv("GATEWAY_TOKNE", "secret")
    assert environment.unknown("GATEWAY_", KNOWN) == [
        "GATEWAY_TOKNE is not a setting; did you mean GATEWAY_TOKEN?"
    ]


@pytest.mark.parametrize(
    "name", ["GATEWAY_PLANS", "GATEWAY_PORT_80_TCP", "GATEWAY_SERVICE_HOST", "OTHER_TOKNE"]
)
def test_what_is_known_injected_or_somebody_elses_is_left_alone(monkeypatch, name):
    monkeypatch.setenv(name, "x")
    assert environment.unknown("GATEWAY_", KNOWN) == []


def test_a_setting_that_does_not_fit_is_told_by_its_variable_and_without_its_value():
    (line,) = environment.refusals(refused(plans="secret"), {"plans": "GATEWAY_PLANS"})
    assert line.startswith("GATEWAY_PLANS: ")
    assert "secret" not in line


def test_every_problem_has_a_line():
    lines = environment.refusals(refused(plans="x", other="y"), {"plans": "GATEWAY_PLANS"})
    assert [line.partition(":")[0] for line in lines] == ["GATEWAY_PLANS", "other"]
