import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
MODULES = {
    path.relative_to(ROOT / "gateway").as_posix(): path for path in ROOT.glob("gateway/**/*.py")
}
DRAWERS = {
    *("utils", "helpers", "core", "common", "base"),
    *("misc", "manager", "service", "handlers", "models"),
}


@pytest.fixture
def loggers_restored() -> Iterator[None]:
    """import-linter configures logging, and silences every logger that is there by then."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    loggers = [
        each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger)
    ]
    heard = [each for each in loggers if not each.disabled]
    yield
    for each in heard:
        each.disabled = False
    root.setLevel(level)
    root.handlers[:] = handlers


def test_imports_keep_the_contracts(capsys, loggers_restored):
    kept = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
    assert kept, capsys.readouterr().out


def test_no_module_is_a_drawer_for_what_has_no_place():
    assert [each for each in MODULES if DRAWERS & {*Path(each).with_suffix("").parts}] == []


def starts_with_one_sentence(path: Path) -> bool:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    first, _, rest = docstring.partition("\n")
    return first.endswith((".", "!", "?")) and (not rest or rest.startswith("\n"))


def test_every_module_starts_with_one_sentence():
    assert [each for each, path in MODULES.items() if not starts_with_one_sentence(path)] == []
