"""What the gateway is deployed with fits the gateway."""

import json
import re
from pathlib import Path

import pytest
import yaml

from gateway import __version__, errors
from gateway.cli.main import main
from gateway.config import paths
from gateway.config.serve_settings import ServeSettings
from gateway.observability.metrics import Metrics
from tests.support.pages import documented_metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs/deploy"


def test_the_image_is_labelled_with_the_version():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^ARG VERSION=(.+)$", dockerfile, re.MULTILINE) == [__version__]


# ---- compose.yaml and Kubernetes

SERVICES = {
    f"{path.name}: {name}": service
    for path in sorted(DEPLOY.glob("compose*.yaml"))
    for name, service in yaml.safe_load(path.read_text(encoding="utf-8"))["services"].items()
}
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "gateway"}
MANIFESTS = {
    manifest["kind"]: manifest
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8"))
}
POD = MANIFESTS["Deployment"]["spec"]["template"]["spec"]
CONTAINERS = [*POD["containers"], *POD.get("initContainers", ())]
CONFIG = MANIFESTS["ConfigMap"]["data"]
CREDENTIALS = {
    "GATEWAY_API_KEY_FILE": "key",
    "GATEWAY_TOKEN_FILE": "token",
    "GATEWAY_CALLER_KEYS_FILE": f"web:{'0' * 64}",
}
VOLUMES_OF_RESTRICTED = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def settings_from(variables, monkeypatch):
    """The settings of `gateway serve` with these variables, each of which must be known and valid."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return ServeSettings.from_environment()


@pytest.mark.parametrize("name", OURS)
def test_the_variables_of_compose_are_settings(monkeypatch, name):
    service = OURS[name]
    if "command" in service:  # the sandbox
        assert "environment" not in service
        return
    settings = settings_from(service["environment"], monkeypatch)
    patience = int(service["stop_grace_period"].removesuffix("s"))
    assert patience > settings.drain_seconds + settings.shutdown_grace_seconds


def test_the_instances_behind_nginx_are_those_that_it_calls(monkeypatch):
    instances = [each for each in OURS.values() if each.get("network_mode") == "service:nginx"]
    served = set()
    for instance in instances:
        settings = settings_from(instance["environment"], monkeypatch)
        served.add(f"{settings.host}:{settings.port}")
    configuration = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert served == set(re.findall(r"^ +server (\S+);", configuration, re.MULTILINE))
    volumes = [volume.split(":") for volume in SERVICES["compose.nginx.yaml: nginx"]["volumes"]]
    mounted = {inside: outside for outside, inside, _ in volumes}
    assert mounted["/etc/nginx/conf.d/default.conf"] == "./nginx.conf"
    certificate = re.findall(r"ssl_certificate(?:_key)? +(\S+);", configuration)
    assert mounted.keys() == {"/etc/nginx/conf.d/default.conf", *certificate}


def test_the_commands_of_compose_exist():
    for service in OURS.values():
        program, *words = service.get("command", ["gateway", "serve"])
        assert program == "gateway"
        with main.make_context("gateway", [*words]) as context:
            name, command, options = main.resolve_command(context, words)
            assert command is not None
            command.make_context(name, options).close()


def test_compose_gives_no_service_rights():
    for service in SERVICES.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service.keys() & {"privileged", "cap_add", "devices", "pid", "ipc"}
        assert service.get("network_mode", "service:nginx") == "service:nginx"


def test_the_variables_for_kubernetes_are_settings(monkeypatch, tmp_path):
    """Files of credentials are in the mounted volume, and the gateway has the time that it takes to end."""
    variables = dict(CONFIG)
    (mount,) = CONTAINERS[0]["volumeMounts"]
    assert mount["mountPath"].startswith("/run/secrets/")
    for name, content in CREDENTIALS.items():
        path = Path(variables[name])
        assert str(path.parent) == mount["mountPath"]
        (tmp_path / path.name).write_text(content, encoding="utf-8")
        variables[name] = str(tmp_path / path.name)
    assert [name for name in variables if name.endswith("_FILE")] == [*CREDENTIALS]
    settings = settings_from(variables, monkeypatch)
    assert settings.has_service_credentials
    assert (
        POD["terminationGracePeriodSeconds"]
        > settings.drain_seconds + settings.shutdown_grace_seconds
    )
    assert POD["enableServiceLinks"] is False
    assert settings.admin_address is not None
    ports = {each["name"]: each["containerPort"] for each in CONTAINERS[0]["ports"]}
    assert ports == {"http": settings.port, "admin": settings.admin_address.port}


def test_the_probes_ask_at_paths_that_there_are():
    probes = {
        name: CONTAINERS[0][f"{name}Probe"]["httpGet"]
        for name in ("startup", "liveness", "readiness")
    }
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": paths.LIVEZ,
        "liveness": paths.LIVEZ,
        "readiness": paths.READYZ,
    }
    assert {probe["port"] for probe in probes.values()} == {"admin"}


def test_a_pod_is_as_pod_security_calls_restricted():
    level = MANIFESTS["Namespace"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert level == "restricted"
    assert not POD.keys() & {"hostNetwork", "hostPID", "hostIPC", "hostUsers"}
    assert {key for each in POD["volumes"] for key in each} - {"name"} <= VOLUMES_OF_RESTRICTED
    allowed = {"runAsNonRoot", "runAsUser", "runAsGroup", "fsGroup", "seccompProfile"}
    assert POD["securityContext"].keys() <= allowed
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["runAsUser"] > 0
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in CONTAINERS:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not [port for port in container["ports"] if port.keys() & {"hostPort", "hostIP"}]


def test_the_manifests_name_each_other():
    labels = MANIFESTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        MANIFESTS["Service"]["spec"]["selector"],
        MANIFESTS["Deployment"]["spec"]["selector"]["matchLabels"],
        MANIFESTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        MANIFESTS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selector == labels for selector in selectors)
    (published,) = MANIFESTS["Service"]["spec"]["ports"]
    assert published["targetPort"] == "http"
    assert CONTAINERS[0]["envFrom"] == [
        {"configMapRef": {"name": MANIFESTS["ConfigMap"]["metadata"]["name"]}}
    ]
    target = MANIFESTS["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == MANIFESTS["Deployment"]["metadata"]["name"]
    files = {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(MANIFESTS["Kustomization"]["resources"]) == files


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
