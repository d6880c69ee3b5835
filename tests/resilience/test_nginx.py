"""The gateway behind Debian's nginx, with the configuration of docs/deploy."""

import asyncio
import re
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.resilience import certificates, peer
from tests.support.processes import Running, free_ports, running, until

PROGRAM = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/bin")

pytestmark = [
    pytest.mark.socket,
    pytest.mark.skipif(PROGRAM is None, reason="needs nginx: apt-get install nginx-light"),
]

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "docs" / "deploy" / "nginx.conf"
BUILT_PAGE = ROOT / "gateway" / "web" / "explorer" / "built" / "index.html"

FRAME = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/gateway.conf;
}}
"""
"""The configuration around that of the gateway: one process, whose files are all in a folder of the test."""

BROWSER = {"Accept": "text/html"}
COUNT = {"query": '{ activities(clientId: "1100") { totalCount } }'}
ACTIVITY = """
    __typename id event date { dateTime timeZone instant } changes { field }
    ... on AppointmentActivity {
        appointment { status start { dateTime timeZone } staff { firstName lastName } service { name } }
    }
"""
LARGE = {
    "query": "{"
    + " ".join(
        f'a{number}: activities(clientId: "5000", first: 100) {{ nodes {{ {ACTIVITY} }} }}'
        for number in range(40)
    )
    + "}"
}


class Gateway(NamedTuple):
    """The gateway over the sandbox."""

    port: int
    rest: str
    process: Running


@contextmanager
def serve(*, has_admin_address: bool) -> Iterator[Gateway]:
    port, rest_port, admin_port = free_ports(3)
    ports = ("--port", str(port), "--rest-port", str(rest_port))
    environment = {"GATEWAY_TRUSTED_PROXIES": "127.0.0.1", "GATEWAY_SHUTDOWN_GRACE_SECONDS": "0"}
    if has_admin_address:
        environment["GATEWAY_ADMIN_ADDRESS"] = f"127.0.0.1:{admin_port}"
    ready = f"http://127.0.0.1:{port}/"
    with running("sandbox", *ports, "--activities", "100", ready=ready, **environment) as process:
        yield Gateway(port, f"http://127.0.0.1:{rest_port}", process)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with serve(has_admin_address=True) as gateway:
        yield gateway


def forwards_to(port: int) -> peer.Script:
    """Passes all bytes on, both ways, to this port."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await asyncio.gather(copy(reader, upstream_writer), copy(upstream_reader, writer))
        finally:
            upstream_writer.close()

    return script


@asynccontextmanager
async def nginx(
    folder: Path, *ports: int, buffering: str = "on"
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of nginx in front of the instances at these two ports; its access log is `access.log`."""
    (port,) = free_ports(1)
    changes = {
        "127.0.0.1:8000": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:8100": f"127.0.0.1:{ports[1]}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/graphql.example.com.crt": f"{folder}/localhost.crt",
        "/etc/ssl/graphql.example.com.key": f"{folder}/localhost.key",
        "/var/log/nginx/gateway.log": f"{folder}/access.log",
        "/var/log/nginx/gateway.error.log": f"{folder}/error.log",
        "proxy_buffering on": f"proxy_buffering {buffering}",
    }
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "gateway.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder), encoding="utf-8")
    certificates.write_in_order(folder / "localhost.crt", folder / "localhost.key")
    assert PROGRAM is not None
    command = [
        PROGRAM,
        "-p",
        str(folder),
        "-e",
        f"{folder}/error.log",
        "-c",
        f"{folder}/nginx.conf",
    ]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        trust = certificates.trusting()
        await _listens(port, trust)
        url = f"https://localhost:{port}"
        async with httpx.AsyncClient(base_url=url, verify=trust, trust_env=False) as client:
            yield client
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int, trust: ssl.SSLContext) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("localhost", port, ssl=trust)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def test_graphiql_works_below_the_prefix(gateway, tmp_path):
    async with nginx(tmp_path, gateway.port, gateway.port) as http:
        for path in ("/activities/graphql", "/activities/graphql/"):
            page = await http.get(path, headers=BROWSER)
            assert page.headers["content-type"].startswith("text/html")
            files = re.findall(r'(?:src|href)="(/activities/[^"]+)"', page.text)
            assert "/activities/schema.graphql" in files
            assert len(files) == (3 if BUILT_PAGE.exists() else 1)  # with a script and a style
            for each in files:
                assert (await http.get(each)).status_code == 200
            assert (await http.post(path, json=COUNT)).json()["data"]
            assert (await http.get(path, params=COUNT)).json()["data"]


async def test_the_root_links_below_the_prefix_and_to_no_probe(gateway, tmp_path):
    async with nginx(tmp_path, gateway.port, gateway.port) as http:
        root = await http.get("/activities", follow_redirects=True)
        assert root.json() == {
            "graphql": "/activities/graphql",
            "schema": "/activities/schema.graphql",
        }
        for path in ("/", "/graphql", "/activities/metrics", "/activities/livez"):
            assert (await http.get(path)).status_code == 404


async def test_metrics_at_the_same_port_are_not_forwarded(tmp_path):
    with serve(has_admin_address=False) as gateway:
        async with nginx(tmp_path, gateway.port, gateway.port) as http:
            assert (await http.get("/activities/graphql", headers=BROWSER)).status_code == 200
            for path in ("/metrics", "/readyz", "/activities/metrics", "/activities/readyz"):
                assert (await http.get(f"/activities{path}")).status_code == 404


async def test_a_caller_cannot_name_another_prefix(gateway, tmp_path):
    async with nginx(tmp_path, gateway.port, gateway.port) as http:
        forged = {**BROWSER, "X-Forwarded-Prefix": "/evil"}
        page = await http.get("/activities/graphql", headers=forged)
        assert "/evil" not in page.text
        assert '"/activities/schema.graphql"' in page.text


async def test_requests_share_one_connection_to_the_gateway(gateway, tmp_path):
    async with peer.playing(forwards_to(gateway.port)) as relay:
        async with nginx(tmp_path, relay.port, relay.port) as http:
            for _ in range(20):
                answer = await http.post("/activities/graphql", json=COUNT)
                assert answer.status_code == 200
                assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
        assert relay.seen <= 2  # one for each of the two instances, which are the same here


@pytest.mark.parametrize("buffering", ["on", "off"])
async def test_a_large_answer_arrives_whole(gateway, tmp_path, buffering):
    async with nginx(tmp_path, gateway.port, gateway.port, buffering=buffering) as http:
        through = await http.post(
            "/activities/graphql", json=LARGE, headers={"Accept-Encoding": ""}
        )
    async with httpx.AsyncClient(trust_env=False) as direct:
        expected = await direct.post(f"http://127.0.0.1:{gateway.port}/graphql", json=LARGE)
    assert through.json() == expected.json()
    assert "errors" not in through.json()
    assert len(through.content) > 1_000_000


async def test_a_caller_that_leaves_takes_its_operation_along(gateway, tmp_path):
    fault = [{"path": "/api/2.3/activities", "delayMilliseconds": 60_000}]
    async with httpx.AsyncClient(base_url=gateway.rest, trust_env=False) as rest:
        await rest.put("/_sandbox/faults", json=fault)
        try:
            async with nginx(tmp_path, gateway.port, gateway.port) as http:
                with pytest.raises(httpx.ReadTimeout):
                    await http.post("/activities/graphql", json=COUNT, timeout=1)
                events = gateway.process.events
                until(lambda: any(e.get("outcome") == "disconnected" for e in events("request")))
        finally:
            await rest.delete("/_sandbox/faults")


async def test_a_get_is_repeated_at_another_instance_and_a_post_is_not(tmp_path):
    async with (
        peer.playing(peer.closes_after(b"")) as broken,
        nginx(tmp_path, broken.port, broken.port) as http,
    ):
        assert (await http.post("/activities/graphql", json=COUNT)).status_code == 502
        assert broken.seen == 1
    (tmp_path / "2").mkdir()
    async with (
        peer.playing(peer.closes_after(b"")) as broken,
        nginx(tmp_path / "2", broken.port, broken.port) as http,
    ):
        assert (await http.get("/activities/graphql", params=COUNT)).status_code == 502
        assert broken.seen == 2


async def test_the_logs_have_neither_arguments_nor_addresses(gateway, tmp_path):
    """Also of a request that an instance did not answer."""
    async with (
        peer.playing(peer.closes_after(b"")) as broken,
        nginx(tmp_path, gateway.port, broken.port) as http,
    ):
        for _ in range(4):
            await http.get("/activities/graphql", params=COUNT)
    assert broken.seen
    log = (tmp_path / "access.log").read_text(encoding="utf-8")
    assert '"GET /activities/graphql" 200' in log
    log += (tmp_path / "error.log").read_text(encoding="utf-8")
    assert "1100" not in log
    assert "127.0.0.1" not in log
