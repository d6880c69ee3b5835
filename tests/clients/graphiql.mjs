// Uses GraphiQL on a running sandbox in Chromium as a person would, and takes pictures.
// node graphiql.mjs http://127.0.0.1:8000/graphql FOLDER

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { launch, run, visit } from "./browser.mjs";

const [url, folder] = process.argv.slice(2);
if (!url || !folder) {
  console.error("usage: node graphiql.mjs URL FOLDER");
  process.exit(2);
}

const TABS = ["Timeline", "Changes", "Pages", "CurrentState", "Clients", "Failures"];
const CREDENTIALS = ["apiKey", "token", "Authorization"];
const ERRORS = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
const CODES = [...ERRORS.split("\n## Codes\n")[1].split("\n## ")[0].matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);

const results = (page) => page.locator(".graphiql-response");
const query = (page) => page.locator(".graphiql-query-editor");
/** The editor of the variables or the headers, whichever is open. */
const tool = (page) => page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)");
/** What an editor shows; its spaces are no-break ones. */
const shown = async (place) => (await place.locator(".view-lines").innerText()).replaceAll("\u00a0", " ");

async function until(condition, what) {
  for (let tries = 100; tries > 0; tries -= 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`never: ${what}`);
}

async function ready(page) {
  await query(page).locator(".view-line").first().waitFor();
  // A schema that is there shows in the links: completion and the explorer need it.
  await page.locator(".guide-links").getByText("schema.graphql").waitFor();
}

async function fill(page, place, text) {
  await place.locator(".view-lines").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await until(async () => (await shown(place)).trim() === "", "an empty editor");
  await page.keyboard.insertText(text);
  await until(async () => (await shown(place)).trim() === text, text);
}

/** GraphiQL reads a text a moment after it was written: its operations, and what is to be remembered. */
const pause = (page) => page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 800)));

async function openTab(page, name) {
  await page.getByRole("tab").getByRole("button", { name, exact: true }).click();
  await pause(page);
}

const openTool = (page, name) => page.locator(".graphiql-editor-tools").getByRole("button", { name, exact: true }).click();
const openPane = (page, name) => page.getByRole("button", { name: `Show ${name}`, exact: true }).click();

const CHECKS = {
  async "every first tab answers, and the one about failures shows their codes"(page) {
    for (const name of TABS) {
      await openTab(page, name);
      const { answer, headers } = await run(page);
      const codes = (answer.errors ?? []).map(({ extensions }) => extensions.code);
      assert.deepEqual(codes, name === "Failures" ? ["NOT_FOUND", "UPSTREAM_CONTRACT_BROKEN"] : [], name);
      assert.ok(Object.values(answer.data).some(Boolean), name);
      assert.deepEqual(Object.keys(headers).filter((key) => /^(apikey|token|authorization)$/.test(key)), []);
      for (const code of codes) await results(page).getByText(`"${code}"`).first().waitFor();
      if (name === "CurrentState") assert.ok(answer.extensions.gateway.upstreamCalls > 1);
    }
  },

  async "the docs open, with the schema's descriptions"(page) {
    await openPane(page, "Documentation Explorer");
    const docs = page.locator(".graphiql-doc-explorer");
    await docs.getByRole("link", { name: "Query", exact: true }).click();
    await docs.getByText("A page of the client's timeline").waitFor();
  },

  async "a field picked in the explorer appears in the query"(page) {
    await openTab(page, "Timeline");
    await openPane(page, "GraphiQL Explorer");
    assert.doesNotMatch(await shown(query(page)), /isAmbiguous/);
    await page.locator(".docExplorerWrap").getByText("isAmbiguous", { exact: true }).first().click();
    await until(async () => (await shown(query(page))).includes("isAmbiguous"), "the field is in the query");
    const { answer } = await run(page);
    assert.equal(typeof answer.data.activities.nodes[0].date.isAmbiguous, "boolean");
  },

  async "a query typed with completion runs"(page) {
    await page.getByRole("button", { name: "New tab" }).click();
    await fill(page, query(page), "");
    await page.keyboard.type('{ activities(clientId: "1100") { tot', { delay: 60 });
    const suggestion = page.locator(".suggest-widget .monaco-list-row").first();
    await suggestion.getByText("totalCount").waitFor();
    await page.keyboard.press("Enter");
    await until(async () => (await shown(query(page))).includes("totalCount"), "the completion is taken");
    await page.waitForTimeout(1000); // GraphiQL notes a moment later that the last tab's operation name is gone
    const { answer } = await run(page);
    assert.deepEqual(answer, { data: { activities: { totalCount: 100 } } });
    await results(page).getByText('"totalCount"').waitFor();
  },

  async "variables and headers are sent"(page) {
    await openTab(page, "Clients");
    await openTool(page, "Variables");
    await fill(page, tool(page), '{"ids": ["3005"]}');
    await openTool(page, "Headers");
    for (const name of CREDENTIALS) await until(async () => (await shown(tool(page))).includes(`"${name}": ""`), name);
    await fill(page, tool(page), '{"apiKey": "sandbox-key-2", "token": "sandbox-token-2", "Authorization": ""}');
    const { sent, headers, answer } = await run(page);
    assert.deepEqual(sent.variables, { ids: ["3005"] });
    assert.deepEqual([headers.apikey, headers.token, headers.authorization], ["sandbox-key-2", "sandbox-token-2", undefined]);
    assert.equal(answer.data.clients[0].activities.totalCount, 5);
  },

  async "what ran is in the history, and comes back"(page) {
    await openTab(page, "Timeline");
    assert.doesNotMatch(await shown(query(page)), /query Clients/);
    await openPane(page, "History");
    await page.locator(".graphiql-history").getByText("Clients").first().click();
    await until(async () => (await shown(query(page))).includes("query Clients"), "the query is back");
    await openTool(page, "Variables");
    await until(async () => (await shown(tool(page))).includes('"3005"'), "and its variables");
  },

  async "the guide has the documented error codes and the schema"(page) {
    await page.getByRole("button", { name: "error codes" }).click();
    await page.locator(".guide").waitFor();
    assert.deepEqual(await page.locator(".guide dt").allInnerTexts(), CODES);
    const links = await page.locator(".guide a").evaluateAll((found) => found.map(({ href }) => href));
    assert.equal(links.length, 2);
    for (const link of links) assert.equal((await page.request.get(link)).status(), 200, link);
  },

  async "credentials are not remembered, tabs are"(page) {
    await pause(page);
    const stored = await page.evaluate(() => JSON.stringify(localStorage));
    assert.ok(stored.includes("3005") && !/sandbox-(key|token)-2/.test(stored));
    await page.reload();
    await ready(page);
    await openTool(page, "Headers");
    await until(async () => (await shown(tool(page))).includes('"apiKey": ""'), "empty credentials");
  },
};

/** How light the page is, from 0 to 1. */
const lightness = (page) =>
  page.locator(".graphiql-query-editor").first().evaluate((element) => {
    let place = element;
    while (getComputedStyle(place).backgroundColor === "rgba(0, 0, 0, 0)") place = place.parentElement;
    const [red, green, blue] = getComputedStyle(place).backgroundColor.match(/[\d.]+/g).map(Number);
    return (red + green + blue) / 3 / 255;
  });

async function looks(browser, colorScheme) {
  const { page, complaints, others } = await visit(browser, url, { colorScheme, viewport: { width: 1600, height: 850 } });
  await ready(page);
  await openPane(page, "GraphiQL Explorer");
  await run(page);
  await results(page).getByText('"totalCount"').waitFor();
  assert.equal((await lightness(page)) > 0.5, colorScheme === "light");
  await pause(page); // until it has its colours, and no scroll bars
  await page.screenshot({ path: join(folder, `graphiql-${colorScheme}.png`) });
  assert.deepEqual([complaints, others], [[], []]);
  console.log(`ok: ${colorScheme}`);
}

async function isUsed(browser) {
  const { page, complaints, others, headers } = await visit(browser, url);
  page.setDefaultTimeout(20_000);
  assert.match(headers["content-security-policy"], /default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(headers["content-security-policy"], /https?:|unsafe-eval/);
  await ready(page);
  for (const [what, check] of Object.entries(CHECKS)) {
    await check(page).catch(async (error) => {
      await page.screenshot({ path: join(folder, "graphiql-failed.png") });
      throw new Error(what, { cause: error });
    });
    console.log(`ok: ${what}`);
  }
  assert.deepEqual(complaints, []);
  assert.deepEqual(others, []);
  console.log("ok: no other host was asked for anything, and the browser had nothing to complain of");
}

const browser = await launch();
try {
  await isUsed(browser);
  await looks(browser, "light");
  await looks(browser, "dark");
} finally {
  await browser.close();
}
