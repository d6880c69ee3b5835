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


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_a_drawer_for_what_has_no_place(module):
    assert not DRAWERS & {*Path(module).with_suffix("").parts}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_starts_with_one_sentence(module):
    docstring = ast.get_docstring(ast.parse(MODULES[module].read_text("utf-8"))) or ""
    first, _, rest = docstring.partition("\n")
    assert first.endswith((".", "!", "?"))
    assert not rest or rest.startswith("\n")
