"""What is installed: by pip from a fresh checkout, without Node.js, and from the wheel that `make wheel` builds."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
OFFLINE = ("--no-deps", "--no-index", "--no-build-isolation")


@pytest.fixture
def project(tmp_path):
    """What the backend and make read, without a build of GraphiQL."""
    project = tmp_path / "project"
    project.mkdir()
    for name in (".gitignore", "LICENSE", "Makefile", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, project / name)
    leaving = shutil.ignore_patterns("built", "node_modules", "__pycache__")
    shutil.copytree(ROOT / "gateway", project / "gateway", ignore=leaving)
    return project


@pytest.fixture
def without_node(tmp_path):
    """The environment of a machine whose npm does not work."""
    (programs := tmp_path / "programs").mkdir()
    for name in ("node", "npm", "npx"):
        (programs / name).write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    # What is installed is another package than the one whose coverage is measured.
    inherited = {name: each for name, each in os.environ.items() if not name.startswith("COVERAGE")}
    return {**inherited, "PATH": f"{programs}:{os.environ['PATH']}"}


def ran(*command, cwd, env=None):
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def names_in(wheel):
    return zipfile.ZipFile(wheel).namelist()


def test_a_wheel_has_graphiql_as_it_was_built_and_not_what_it_is_built_of(project):
    built = project / "gateway" / "web" / "explorer" / "built"
    built.mkdir()
    for name in ("index.html", "page-K6AVLXSA.js.gz"):
        (built / name).write_bytes(b"x")
    result = ran(sys.executable, "-m", "hatchling", "build", "--target", "wheel", cwd=project)
    assert result.returncode == 0, result.stderr
    (wheel,) = project.glob("dist/*.whl")
    assert [name for name in names_in(wheel) if name.startswith("gateway/web/explorer/")] == [
        "gateway/web/explorer/built/index.html",
        "gateway/web/explorer/built/page-K6AVLXSA.js.gz",
    ]


@pytest.mark.slow
def test_pip_installs_a_fresh_checkout_without_node(project, without_node, tmp_path):
    """The import and the command are `gateway`; the distribution has a name that is nobody else's."""
    target = tmp_path / "installed"
    installing = (*PIP, "install", *OFFLINE, "--target", str(target), ".")
    result = ran(*installing, cwd=project, env=without_node)
    assert result.returncode == 0, result.stderr
    assert {each.name for each in target.iterdir()} == {
        "bin",
        "client_activities_gateway-0.1.0.dist-info",
        "gateway",
    }
    installed = {**without_node, "PYTHONPATH": str(target)}
    told = ran(target / "bin" / "gateway", "--version", cwd=tmp_path, env=installed)
    assert told.stdout == "gateway, version 0.1.0\n"
    config = ran(
        target / "bin" / "gateway", "schema", "client-config", "apollo", cwd=tmp_path, env=installed
    )
    assert "export const typePolicies" in config.stdout, config.stderr
    asked = "from gateway.web.graphiql import load_graphiql_page, __file__ as here; print(here, load_graphiql_page({}).html)"
    page = ran(sys.executable, "-P", "-c", asked, cwd=tmp_path, env=installed)
    assert page.stdout.startswith(str(target)), page.stderr
    assert "<h1>GraphiQL is not built</h1>" in page.stdout


def test_make_builds_no_wheel_without_graphiql(project, without_node):
    """`.venv/installed` is taken as it is: it is the environment of these tests."""
    (project / ".venv").symlink_to(ROOT / ".venv")
    result = ran("make", "--old-file", ".venv/installed", "wheel", cwd=project, env=without_node)
    assert result.returncode != 0
    assert "npm" in result.stderr + result.stdout
    assert not [*project.glob("dist/*")]


LIBRARIES_OF_CLIENTS = {"gql[httpx]"}


def test_no_command_in_the_docs_installs_the_gateway_by_another_name():
    """By another name, somebody else's distribution would come from the index."""
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*/*.md")]
    commands = [
        command
        for path in texts
        for command in re.findall(r"pipx? install ([^`\n]+)", path.read_text(encoding="utf-8"))
    ]
    words = {word for command in commands for word in shlex.split(command)}
    assert {".", ".[otel]"} | LIBRARIES_OF_CLIENTS <= words
    others = words - LIBRARIES_OF_CLIENTS
    assert not [word for word in others if not word.startswith((".", "git+", "dist/", ours))]


def test_the_message_about_the_extra_names_ours():
    text = (ROOT / "gateway" / "web" / "app.py").read_text(encoding="utf-8")
    assert re.findall(r"[\w-]+\[otel\]", text) == ["client-activities-gateway[otel]"]
