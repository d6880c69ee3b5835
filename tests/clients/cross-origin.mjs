// Has pages of another origin ask a running sandbox in Chromium, with the headers that libraries of frontends add.
// node cross-origin.mjs http://127.0.0.1:8000/graphql

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { launch, visit } from "./browser.mjs";

const url = process.argv[2];
if (!url) {
  console.error("usage: node cross-origin.mjs URL");
  process.exit(2);
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const HEADERS = {
  Sentry: { "sentry-trace": `${TRACE}-00f067aa0ba902b7-1`, baggage: `sentry-trace_id=${TRACE},sentry-environment=production` },
  OpenTelemetry: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: "vendor=1" },
  "Apollo Client": { "apollographql-client-name": "web", "apollographql-client-version": "1.0" },
};
HEADERS["all of them"] = Object.assign({}, ...Object.values(HEADERS));

/** In the page: what it gets for a query, and what it can read beside it. */
async function asked({ url, headers, method }) {
  const query = "{ activities(clientId: 1001) { totalCount } }";
  const posted = { method, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ query }) };
  const got = { method, headers };
  const answer = method === "POST" ? await fetch(url, posted) : await fetch(`${url}?${new URLSearchParams({ query })}`, got);
  const text = await answer.text();
  return { status: answer.status, id: answer.headers.get("x-request-id"), result: text ? JSON.parse(text) : null };
}

async function isAnswered(page, name, method) {
  const { status, id, result } = await page.evaluate(asked, { url, headers: HEADERS[name], method });
  assert.equal(status, 200);
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(result, method === "HEAD" ? null : { data: { activities: { totalCount: 1 } } });
  console.log(`ok: ${method} with the headers of ${name}`);
}

const site = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>A page</title>"));
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const browser = await launch();
try {
  const to = { elsewhere: (route) => route.continue() };
  const { page } = await visit(browser, `http://127.0.0.1:${site.address().port}/`, to);
  for (const name of Object.keys(HEADERS)) {
    for (const method of ["POST", "GET", "HEAD"]) await isAnswered(page, name, method);
  }

  const large = await page.evaluate(async (url) => (await fetch(`${url}?query=${"a".repeat(20_000)}`)).status, url);
  assert.equal(large, 414);
  console.log("ok: a refusal by the connection itself can be read");

  const framed = page.evaluate(async (url) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts"; // its origin is null
    frame.srcdoc = `<script>fetch("${url}?query={__typename}").then((answer) => answer.text(), () => "refused").then((text) => parent.postMessage(text, "*"))</script>`;
    const told = new Promise((resolve) => addEventListener("message", ({ data }) => resolve(data)));
    document.body.append(frame);
    return told;
  }, url);
  assert.equal(await framed, "refused");
  console.log("ok: a page whose origin is null reads nothing");
} finally {
  await browser.close();
  site.close();
}
