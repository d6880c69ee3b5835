// Opens GraphiQL on a running sandbox in Chromium, runs its default query, and takes a picture.
// node graphiql.mjs http://127.0.0.1:8000/graphql graphiql.png
// The CDN's files come from node_modules, so that no network is needed; the browser checks their hashes.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

import { installed, onCdn } from "./page.mjs";

const [url, picture] = process.argv.slice(2);
if (!url || !picture) {
  console.error("usage: node graphiql.mjs URL PICTURE");
  process.exit(2);
}

const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", // Chromium's own sandbox refuses to start for root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
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

/** A new page whose requests off the gateway go to `elsewhere`; whatever it complains of is kept. */
async function open(browser, elsewhere) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.route((address) => address.origin !== new URL(url).origin, elsewhere);
  await page.goto(url);
  return { page, complaints };
}

async function answersTheDefaultQuery(browser) {
  const { page, complaints } = await open(browser, fromPackages);
  const run = page.locator(".graphiql-execute-button");
  await run.waitFor();
  const [response] = await Promise.all([
    page.waitForResponse((answer) => answer.request().postData()?.includes("totalCount")),
    run.click(),
  ]);
  assert.equal(response.status(), 200);
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  assert.ok(data.activities.nodes.length > 0, "there are activities");
  const shown = page.locator(".result-window");
  await shown.getByText('"totalCount"').waitFor();
  await shown.getByText(`"${data.activities.nodes[0].id}"`).first().waitFor();
  await page.screenshot({ path: picture });
  assert.deepEqual(complaints, []);
  console.log(`ok: GraphiQL shows ${data.activities.nodes.length} of ${data.activities.totalCount} activities`);
}

async function saysThatTheCdnIsOutOfReach(browser) {
  const { page } = await open(browser, (route) => route.abort());
  await page.getByText("GraphiQL could not be loaded from its CDN").waitFor();
  console.log("ok: without its CDN the page says so");
}

const browser = await chromium.launch(LAUNCH);
try {
  await answersTheDefaultQuery(browser);
  await saysThatTheCdnIsOutOfReach(browser);
} finally {
  await browser.close();
}
