// Has Apollo Client poll a running sandbox by GET, in pages of another origin in Chromium, whose cache revalidates.
// The sandbox runs with GATEWAY_CONDITIONAL_GET=true.
// node polling.mjs http://127.0.0.1:8000/graphql http://127.0.0.1:8001

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { launch } from "./browser.mjs";

const [url, rest] = process.argv.slice(2);
if (!url || !rest) {
  console.error("usage: node polling.mjs URL REST_URL");
  process.exit(2);
}

// esbuild is there to build GraphiQL.
const { build } = createRequire(new URL("../../gateway/web/explorer/package.json", import.meta.url))("esbuild");

const QUERY = 'query Poll { activities(clientId: "1100", first: 20) { totalCount nodes { id event } } }';
const NONE = { path: "/api/2.3/activities", body: { items: [] } };

async function bundle() {
  const client = { contents: 'export * from "@apollo/client"', resolveDir: fileURLToPath(new URL("typescript", import.meta.url)) };
  const { outputFiles } = await build({ stdin: client, bundle: true, write: false, format: "iife", globalName: "apollo" });
  return outputFiles[0].text;
}

/** A page, and each response to GET as it came over the wire: the cache makes 200 of 304 for the page. */
async function visit(context, site) {
  const page = await context.newPage();
  const wire = [];
  const gets = new Set();
  const network = await context.newCDPSession(page);
  network.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.method === "GET" && request.url.startsWith(url)) gets.add(requestId);
  });
  network.on("Network.responseReceivedExtraInfo", ({ requestId, statusCode, headers }) => {
    if (gets.has(requestId)) wire.push({ status: statusCode, coding: headers["content-encoding"] });
  });
  await network.send("Network.enable");
  await page.goto(site);
  return { page, wire, statuses: () => wire.map(({ status }) => status) };
}

/** In the page: polls until it is closed; each result that differs from the one before, as its number of activities. */
function poll({ url, query, headers }) {
  const { ApolloClient, HttpLink, InMemoryCache, gql } = window.apollo;
  const link = new HttpLink({ uri: url, useGETForQueries: true, headers });
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  window.results = [];
  const watched = client.watchQuery({ query: gql(query), pollInterval: 50, errorPolicy: "all" });
  watched.subscribe(({ data, error, loading }) => {
    const result = { count: data?.activities?.totalCount ?? null, error: error?.message ?? null };
    if (!loading && JSON.stringify(result) !== JSON.stringify(window.results.at(-1))) window.results.push(result);
  });
}

async function until(condition, what) {
  for (let tries = 200; tries > 0; tries -= 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}

const last = (page) => page.evaluate(() => window.results.at(-1));
const results = (page) => page.evaluate(() => window.results);
const put = (faults) => fetch(`${rest}/_sandbox/faults`, { method: "PUT", body: JSON.stringify(faults) });

const script = await bundle();
const site = createServer((request, response) => {
  if (request.url === "/apollo.js") response.setHeader("content-type", "text/javascript").end(script);
  else response.setHeader("content-type", "text/html").end('<!doctype html><title>A page</title><script src="/apollo.js"></script>');
});
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${site.address().port}/`;
const browser = await launch();
try {
  const context = await browser.newContext();
  const { page, wire, statuses } = await visit(context, address);
  await page.evaluate(poll, { url, query: QUERY, headers: {} });
  await until(() => wire.length >= 6, "six polls");
  assert.deepEqual(statuses().slice(0, 6), [200, 304, 304, 304, 304, 304]);
  assert.ok(wire[0].coding, "a listed page gets a compressed response");
  assert.deepEqual(await results(page), [{ count: 100, error: null }]);
  console.log("ok: Apollo Client polls by GET, and what has not changed is not sent again");

  await put([NONE]);
  await until(async () => (await last(page)).count === 0, "the change is seen");
  const seen = wire.length;
  await until(() => wire.length >= seen + 3, "three more polls");
  assert.deepEqual(statuses().slice(-2), [304, 304]);
  assert.equal(statuses().filter((status) => status === 200).length, 2);
  await put([]);
  await until(async () => (await last(page)).count === 100, "the change back is seen");
  assert.deepEqual(await results(page), [100, 0, 100].map((count) => ({ count, error: null })));
  console.log("ok: a change is sent once, and seen");

  const other = await visit(context, address);
  await other.page.evaluate(poll, { url, query: QUERY, headers: {} });
  await until(() => other.wire.length >= 3, "polls of another page");
  assert.deepEqual(new Set(other.statuses()), new Set([304]));
  assert.deepEqual(await last(other.page), { count: 100, error: null });
  console.log("ok: another page of the same origin revalidates what the first one stored");

  const stranger = await visit(context, address);
  await stranger.page.evaluate(poll, { url, query: QUERY, headers: { apiKey: "sandbox-key-2", token: "sandbox-token-2" } });
  await until(() => stranger.wire.length >= 3, "polls of another caller");
  assert.deepEqual(new Set(stranger.statuses()), new Set([200]));
  const { count, error } = await last(stranger.page);
  assert.deepEqual([count, typeof error], [null, "string"]);
  console.log("ok: another caller in the same browser gets nothing of what was stored");
} finally {
  await put([]);
  await browser.close();
  site.close();
}
