"""Recording: the responses of a probe in a folder, with made-up values, for `gateway sandbox --replay`."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from msgspec import json

from gateway.cli.probe.made_up import MadeUpValues
from gateway.cli.probe.made_up_dates import MadeUpDates
from gateway.cli.probe.probe_client import ProbeRequest
from gateway.cli.probe.shapes import CONNECTION_HEADERS, RATE_LIMIT_HEADERS, REGISTERED_HEADERS
from gateway.upstream.http.exchange import Exchange
from gateway.upstream.records.survey import decode_json

_CONTENT_TYPE = "content-type"
_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})


class FolderNotEmpty(Exception):
    """There are files in the folder already."""


def prepare_folder(folder: Path) -> None:
    """Create the folder of a recording.

    Raises:
        FolderNotEmpty: There are files in it.
        OSError: It cannot be created.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty


def write_recording(
    folder: Path,
    requests: Sequence[ProbeRequest],
    client_ids: Sequence[str],
    upstream_host: str,
    random: Random,
) -> list[str]:
    """Write one file per response; returns the made-up ids of the clients."""
    bodies = [decode_json(each.exchange.body or b"") for each in requests]
    made_up = MadeUpValues(upstream_host, random, MadeUpDates(bodies, random))
    for number, each in enumerate(requests, 1):
        if each.exchange.status is None:
            continue
        content = {
            "target": made_up.target(each.target),
            "subject": each.subject,
            "status": each.exchange.status,
            "headers": _headers(each.exchange, made_up),
            **_body(each.exchange.body or b"", made_up),
        }
        text = json.format(json.encode(content), indent=1)
        folder.joinpath(f"{number:03}.json").write_bytes(text)
    return [made_up.plain(client_id) for client_id in client_ids]


def _headers(exchange: Exchange, made_up: MadeUpValues) -> list[tuple[str, str]]:
    headers = []
    for name, value in exchange.headers:
        if name in CONNECTION_HEADERS or (name == "content-encoding" and value in _CODINGS):
            continue
        if name == _CONTENT_TYPE:
            headers.append((name, _content_type(value)))
        else:
            is_known = name in REGISTERED_HEADERS | RATE_LIMIT_HEADERS
            headers.append((name if is_known else made_up.plain(name), made_up.plain(value)))
    return headers


def _content_type(value: str) -> str:
    """The media type; bodies are recorded in UTF-8."""
    return "application/json;charset=UTF-8" if "json" in value.lower() else "text/plain"


def _body(body: bytes, made_up: MadeUpValues) -> dict[str, Any]:
    sent = decode_json(body)
    if sent is None:
        return {"text": made_up.plain(body.decode("utf-8", "replace"))}
    return {"json": made_up.value(sent)}
