"""What the gateway is deployed with fits the gateway."""

import json
import re
from pathlib import Path

import pytest
import yaml

from gateway import __version__, errors
from gateway.observability.metrics import Metrics
from tests.support.pages import documented_metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs/deploy"


def test_the_image_is_labelled_with_the_version():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^ARG VERSION=(.+)$", dockerfile, re.MULTILINE) == [__version__]


# ---- alerts and dashboard

ALERTS = [
    rule
    for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOY / "dashboard.json").read_text(encoding="utf-8"))
TARGETS = [target for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
EXPRESSIONS = [each["expr"] for each in [*ALERTS, *TARGETS]]
OF_PROMETHEUS = {"job", "instance"}


def labels_by_name():
    """The labels of each name that a query may have, besides those that Prometheus adds."""
    names: dict[str, set[str]] = {}
    for name, (kind, labels) in documented_metrics().items():
        if kind == "histogram":
            names |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels}
            names |= {f"{name}_count": labels}
        else:
            names[name] = labels
    processes = re.findall(r"^process_\w+", Metrics().exposition().decode(), re.MULTILINE)
    return {name: set[str]() for name in ("up", *processes)} | names


@pytest.mark.parametrize("expression", dict.fromkeys(EXPRESSIONS))
def test_a_query_names_metrics_and_labels_that_exist(expression):
    known = labels_by_name()
    selectors = re.findall(r"\b((?:gateway|process)_\w+|up)\b(?:\{([^}]*)\})?", expression)
    assert selectors
    for name, matchers in selectors:
        assert set(re.findall(r"(\w+)\s*(?:=|!)", matchers)) <= known[name] | OF_PROMETHEUS
    grouped = {
        label for each in re.findall(r"by \((.*?)\)", expression) for label in each.split(", ")
    }
    assert grouped <= set.union(OF_PROMETHEUS, *(known[name] for name, _ in selectors))


def test_a_legend_names_labels_that_its_query_keeps():
    for target in TARGETS:
        shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        grouped = re.findall(r"by \((.*?)\)", target["expr"])
        kept = (
            {label for each in grouped for label in each.split(", ")} if grouped else OF_PROMETHEUS
        )
        assert shown <= kept - {"le"}, target["expr"]


def test_the_error_codes_of_the_queries_exist():
    def codes(error=errors.GatewayError):
        yield from [error.code] if "code" in vars(error) else []
        for kind in error.__subclasses__():
            yield from codes(kind)

    existing = {*codes(), *errors.CODES_WITHOUT_CLASS}
    queried = {
        (operator, code)
        for expression in EXPRESSIONS
        for operator, code in re.findall(r'\bcode(=~?)"(.*?)"', expression)
    }
    assert queried
    for operator, code in queried:
        assert (
            any(re.fullmatch(code, each) for each in existing)
            if "~" in operator
            else code in existing
        )


def test_every_alert_says_what_it_means_and_has_a_test():
    tests = yaml.safe_load((ROOT / "tests/deployment/alerts.yaml").read_text(encoding="utf-8"))
    fired = {
        case["alertname"]
        for test in tests["tests"]
        for case in test["alert_rule_test"]
        if case.get("exp_alerts")
    }
    assert {rule["alert"] for rule in ALERTS} == fired
    for rule in ALERTS:
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
