"""GraphiQL, the page for browsers: as it was built, or from a CDN where a checkout has no build."""

import gzip
import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

_FOLDER = Path(__file__).parent / "explorer"
_CDN = "https://cdn.jsdelivr.net/npm/"

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_NAMED_AFTER_CONTENT = re.compile(r".+-[0-9A-Z]{8}\.\w+")

_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {styles} 'unsafe-inline'; font-src data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The editor writes styles into the page; scripts it may not."""


@dataclass(frozen=True, slots=True)
class Explorer:
    """The page at /graphql, and the files at /explorer that it consists of.

    Attributes:
        html: The page.
        policy: Its Content-Security-Policy.
        files: Its files by name, each compressed.
    """

    html: str
    policy: str
    files: dict[str, Path]

    def page(self) -> Response:
        """The page itself: asked for again each time, since its files change their names."""
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": self.policy,
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept",
        }
        return HTMLResponse(self.html, headers=headers)

    async def file(self, request: Request) -> Response:
        """One of its files: kept for good by browsers where the name says what is in it."""
        name = request.path_params["name"]
        path = self.files.get(name)
        if path is None:
            raise HTTPException(404)
        is_named = _NAMED_AFTER_CONTENT.fullmatch(name)
        caching = "public, max-age=31536000, immutable" if is_named else "no-cache"
        headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
        media_type = _MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return FileResponse(path, headers=headers, media_type=media_type)
        return Response(gzip.decompress(path.read_bytes()), headers=headers, media_type=media_type)


def explorer(folder: Path = _FOLDER) -> Explorer:
    """What was built; in a checkout without a build, the page that takes GraphiQL from its CDN.

    That page is neither in the wheel nor in the image.
    """
    built = folder / "built"
    page = built / "index.html"
    if page.exists():
        files = {path.name.removesuffix(".gz"): path for path in built.glob("*.gz")}
        policy = _POLICY.format(scripts="'self'", styles="'self'")
        return Explorer(page.read_text(encoding="utf-8"), policy, files)
    html = (folder / "cdn.html").read_text(encoding="utf-8")
    own = " ".join(_hash(script) for script in _INLINE_SCRIPT.findall(html))
    return Explorer(html, _POLICY.format(scripts=f"{_CDN} {own}", styles=_CDN), {})


def _hash(script: str) -> str:
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
