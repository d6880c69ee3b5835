"""Wrong configuration is told by the names of variables: what is in them may be secret."""

import os

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from gateway.config.settings import PREFIX, Settings, env_name
from tests.support.secret import SECRET

NAMED = {"forward_headers", "cors_origins"}
"""Names of headers are told, where they cannot be forwarded, and origins that no page has."""


@pytest.fixture
def serve(monkeypatch, tmp_path, telemetry_restored):
    """`gateway serve` with these variables, one more of which does not fit: it never starts."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)

    def serve(**environment: str) -> Result:
        never = {"GATEWAY_UPSTREAM_URL": "http://127.0.0.1:9", "GATEWAY_MAX_PAGE_SIZE": "0"}
        result = CliRunner().invoke(main, ["serve"], env=never | environment)
        assert result.exit_code == 2
        assert "Traceback" not in result.stderr
        return result

    return serve


@pytest.mark.sample(40)
@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - NAMED))
@pytest.mark.parametrize("odd", ["", "\n", "é", "://", "{"], ids=repr)
def test_no_value_of_a_setting_is_repeated(serve, name, odd):
    told = serve(**{env_name(name): f"{odd}{SECRET}{odd}"}).stderr
    assert SECRET not in told


@pytest.mark.parametrize("origin", ["https://me:{}@app.example", "{}@", "app.example?key={}"])
def test_a_password_in_an_origin_is_not_repeated(serve, origin):
    told = serve(GATEWAY_CORS_ORIGINS=origin.format(SECRET)).stderr
    assert "GATEWAY_CORS_ORIGINS: " in told
    assert SECRET not in told


@pytest.mark.parametrize("name", Settings.SECRETS)
@pytest.mark.parametrize("content", [None, b"\xff", "é".encode(), b"a\nb"], ids=repr)
def test_neither_a_file_of_a_secret_nor_what_it_holds_is_repeated(serve, tmp_path, name, content):
    file = tmp_path / SECRET
    if content is not None:
        file.write_bytes(content + SECRET.encode())
    told = serve(**{f"{env_name(name)}_FILE": str(file)}).stderr
    assert SECRET not in told
    assert str(tmp_path) not in told


@pytest.mark.parametrize(
    "content",
    ["{%s", '{"%s": 1}', '["%s"]', '"%s"', '{"a": "%s', '{"a": ["%s"]}'],
)
def test_nothing_of_a_manifest_that_is_none_is_repeated(serve, tmp_path, content):
    file = tmp_path / f"{SECRET}.json"
    file.write_text(content % SECRET, "utf-8")
    trusted = {"GATEWAY_TRUSTED_DOCUMENTS": "log", "GATEWAY_TRUSTED_DOCUMENTS_PATH": str(file)}
    assert SECRET not in serve(**trusted).stderr


def test_a_variable_that_is_none_of_ours_is_named_without_its_value(serve):
    told = serve(GATEWAY_TOKN=SECRET, GATEWAY_API_KEYS=SECRET).stderr
    assert "GATEWAY_TOKN" in told
    assert SECRET not in told
