"""What a wheel is made of, as the build backend makes it from a copy of the project."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path):
    """What the backend reads, without a build of GraphiQL."""
    for name in (".gitignore", "LICENSE", "README.md", "pyproject.toml", "hatch_build.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    leaving = shutil.ignore_patterns("built", "__pycache__")
    shutil.copytree(ROOT / "gateway", tmp_path / "gateway", ignore=leaving)
    return tmp_path


def build(project):
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wheel_has_graphiql_as_it_was_built_and_no_page_that_uses_a_cdn(project):
    built = project / "gateway" / "web" / "explorer" / "built"
    built.mkdir()
    for name in ("index.html", "page-K6AVLXSA.js.gz"):
        (built / name).write_bytes(b"x")
    result = build(project)
    assert result.returncode == 0, result.stderr
    (wheel,) = project.glob("dist/*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.startswith("gateway/web/explorer/")] == [
        "gateway/web/explorer/built/index.html",
        "gateway/web/explorer/built/page-K6AVLXSA.js.gz",
    ]
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"gateway"}


def test_no_wheel_is_built_without_graphiql(project):
    result = build(project)
    assert result.returncode != 0
    assert "run `make explorer`" in result.stderr
