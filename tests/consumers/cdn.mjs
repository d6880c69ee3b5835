// Opens GraphiQL on a sandbox that was started without a build: it comes from a CDN, and says so.
// node cdn.mjs http://127.0.0.1:8000/graphql
// The CDN's files come from node_modules, so that no network is needed; the browser checks their hashes.

import assert from "node:assert/strict";

import { launch, run, visit } from "./browser.mjs";
import { installed, onCdn } from "./cdn-files.mjs";

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: node cdn.mjs URL");
  process.exit(2);
}

const TYPES = { js: "text/javascript", css: "text/css" };

async function fromPackages(route) {
  const file = onCdn(route.request().url());
  if (file === null) return route.abort();
  return route.fulfill({
    body: await installed(file),
    contentType: TYPES[file.path.split(".").at(-1)],
    headers: { "Access-Control-Allow-Origin": "*" },
  });
}

async function answersTheDefaultQuery(browser) {
  const { page, complaints, headers } = await visit(browser, url, { elsewhere: fromPackages });
  assert.match(headers["content-security-policy"], /script-src https:\/\/cdn\.jsdelivr\.net\/npm\/ 'sha256-/);
  await page.getByText("This GraphiQL is loaded from a CDN").waitFor();
  await page.locator(".graphiql-execute-button").waitFor();
  const { data, errors } = (await run(page)).answer;
  assert.equal(errors, undefined);
  await page.locator(".result-window").getByText(`"${data.activities.nodes[0].id}"`).first().waitFor();
  const stored = await page.evaluate(() => localStorage.getItem("graphiql:queries"));
  assert.ok(stored.includes('"headers":null') || !stored.includes('"headers"'), "credentials are not remembered");
  assert.deepEqual(complaints, []);
  console.log(`ok: GraphiQL shows ${data.activities.nodes.length} of ${data.activities.totalCount} activities`);
}

async function saysThatTheCdnIsOutOfReach(browser) {
  const { page } = await visit(browser, url);
  await page.getByText("GraphiQL could not be loaded from its CDN").waitFor();
  console.log("ok: without its CDN the page says so");
}

const browser = await launch();
try {
  await answersTheDefaultQuery(browser);
  await saysThatTheCdnIsOutOfReach(browser);
} finally {
  await browser.close();
}
