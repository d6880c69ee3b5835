"""GraphiQL, the page for browsers, from its build; without a build, a page that says how to get one."""

import asyncio
import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from gateway.web.content_coding import accepts_gzip

_BUILD_FOLDER = Path(__file__).parent / "explorer" / "built"

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
_HASHED_FILE_NAME = re.compile(r".+-[0-9A-Z]{8}\.\w+")

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The editor writes styles into the page, but must not write scripts."""

_ROOT = "{{root}}"
"""Stands in a page for the URL of the gateway's root."""
_CONFIGURATION = "{{configuration}}"
"""Stands in the built page for its configuration."""

_NOT_BUILT_HTML = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL is not built</title>
<link rel="icon" href="data:,">
<style>
  body { max-width: 42rem; margin: 4rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }
  pre { padding: .75rem 1rem; overflow-x: auto; background: #f3f3f3; color: #222 }
</style>
</head>
<body>
<h1>GraphiQL is not built</h1>
<p>The gateway serves GraphQL at this address, and <a href="{{root}}schema.graphql">its schema</a>.
Only this page for browsers is missing: building it requires Node.js, and this gateway was installed without it.</p>
<p>To build it, with Node.js and npm, in a checkout of the gateway:</p>
<pre>make explorer    # in the checkout; then restart the gateway
make wheel       # or as a wheel in dist/, to install</pre>
<p>The container image contains it.</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class GraphiQLPage:
    """The page at /graphql, and its files at /explorer.

    Attributes:
        html: The page.
        files: The files by name, each compressed with gzip.
    """

    html: str
    files: dict[str, Path]
    _decompressed_files: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)

    def html_response(self, root: str) -> Response:
        """The page, given the URL of the gateway's root; browsers revalidate it each time: its files change."""
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
        }
        page = self.html.replace(_ROOT, escape(root))
        return HTMLResponse(page, headers=headers)

    async def file_response(self, request: Request) -> Response:
        """A file of the page; browsers cache it permanently where its name has a hash of its content."""
        name = request.path_params["name"]
        path = self.files.get(name)
        if path is None:
            raise HTTPException(404)
        is_hashed = _HASHED_FILE_NAME.fullmatch(name)
        cache_control = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
        media_type = _MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")
        accepted = ", ".join(request.headers.getlist("accept-encoding"))
        if accepts_gzip(accepted.encode("latin-1")):
            headers["Content-Encoding"] = "gzip"
            return FileResponse(path, headers=headers, media_type=media_type)
        if name not in self._decompressed_files:  # few clients want them, so not at the start
            self._decompressed_files[name] = await asyncio.to_thread(_decompress, path)
        return Response(self._decompressed_files[name], headers=headers, media_type=media_type)


def _decompress(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def load_graphiql_page(
    configuration: Mapping[str, object], build_folder: Path = _BUILD_FOLDER
) -> GraphiQLPage:
    """The page built in this folder, with its configuration in it.

    Without a build, as after an install without Node.js, a page that says how to get one.
    """
    page = build_folder / "index.html"
    if not page.exists():
        return GraphiQLPage(_NOT_BUILT_HTML, {})
    files = {path.name.removesuffix(".gz"): path for path in build_folder.glob("*.gz")}
    html = page.read_text(encoding="utf-8").replace(
        _CONFIGURATION, escape(json.dumps(configuration))
    )
    return GraphiQLPage(html, files)
