// Opens a gateway that was installed without GraphiQL: the page says so and how to get it, and asks nobody for anything.
// node unbuilt.mjs http://127.0.0.1:8000/graphql

import assert from "node:assert/strict";

import { findings } from "./accessibility.mjs";
import { launch, visit } from "./browser.mjs";

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: node unbuilt.mjs URL");
  process.exit(2);
}

const browser = await launch();
try {
  const { page, complaints, others } = await visit(browser, url);
  await page.getByRole("heading", { name: "GraphiQL is not built" }).waitFor();
  await page.getByText("make explorer").waitFor();
  assert.deepEqual(await findings(page), []);
  await page.getByRole("link", { name: "its schema" }).click();
  await page.getByText("type Query").first().waitFor();
  assert.deepEqual(others, []);
  assert.deepEqual(complaints, []);
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: '{ activities(clientId: "1100") { totalCount } }' }),
  });
  const { data } = await answer.json();
  assert.ok(data.activities.totalCount > 0);
  console.log(`ok: without GraphiQL the page says so, and ${data.activities.totalCount} activities are counted`);
} finally {
  await browser.close();
}
