"""The response at `/`: links to what the gateway serves, as a page for browsers and as JSON for other clients."""

from collections.abc import Awaitable, Callable
from html import escape
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.config import paths
from gateway.config.settings import Settings
from gateway.errors import NotAcceptable
from gateway.web import graphql_over_http as spec
from gateway.web.path_prefix import root_url

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HTML = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphQL gateway: client activities</title>
<link rel="icon" href="data:,">
<style>
  :root {{ color-scheme: light dark }}
  body {{ max-width: 42rem; margin: 4rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }}
</style>
</head>
<body>
<h1>Client activities</h1>
<p>This is a GraphQL gateway. Applications send their requests to <code>{graphql}</code>.</p>
<ul>
{links}
</ul>
</body>
</html>
"""


class _Link(NamedTuple):
    """A link of the page.

    Attributes:
        key: Its key in the JSON.
        path: The path that it leads to.
        text: Its text in the page.
        remark: What follows the text.
    """

    key: str
    path: str
    text: str
    remark: str


def root_endpoint(settings: Settings) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint at `/`."""
    links = []
    if settings.introspection:
        remark = "the documentation of all types and fields"
        links.append(_Link("schema", paths.SCHEMA, "Schema", remark))
    if settings.admin_address is None:
        links += [
            _Link("live", paths.LIVEZ, "Liveness", "whether the process responds"),
            _Link("ready", paths.READYZ, "Readiness", "whether it should receive requests"),
        ]
    graphiql = _Link("graphiql", paths.GRAPHQL, "GraphiQL", "write and run queries in the browser")
    page_links = [graphiql, *links] if settings.graphiql else links

    async def respond(request: Request) -> Response:
        root = root_url(request.scope).removesuffix("/")
        headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
        if not _prefers_html(request):
            content = {"graphql": root + paths.GRAPHQL} | {
                each.key: root + each.path for each in links
            }
            return JSONResponse(content, headers=headers)
        items = (
            f'<li><a href="{escape(root + each.path)}">{each.text}</a>: {each.remark}</li>'
            for each in page_links
        )
        page = _HTML.format(graphql=escape(root + paths.GRAPHQL), links="\n".join(items))
        policy = {
            "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "no-referrer",
        }
        return HTMLResponse(page, headers=headers | policy)

    return respond


def _prefers_html(request: Request) -> bool:
    """Whether `Accept` prefers a page to JSON; a header that accepts neither does not."""
    accept = ", ".join(request.headers.getlist("accept"))
    try:
        return spec.response_media_type(accept, html=True) == spec.HTML
    except NotAcceptable:
        return False
