// What a first visitor does: the first tabs, the docs, the explorer, completion, history, and the guide.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { run } from "../browser.mjs";
import { fill, openPane, openTab, openTool, pause, query, ready, results, shown, tool, until } from "./page.mjs";

const TABS = ["Timeline", "Changes", "Appointments", "Pages", "Counts", "CurrentState", "Clients", "Failures"];
const CREDENTIALS = ["apiKey", "token", "Authorization"];
const ERRORS = await readFile(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const CODES = [...ERRORS.split("\n## Codes\n")[1].split("\n## ")[0].matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);

export const EXPLORING = {
  async "every first tab answers, and the one about failures shows their codes"(page) {
    for (const name of TABS) {
      await openTab(page, name);
      const { answer, headers } = await run(page);
      const codes = (answer.errors ?? []).map(({ extensions }) => extensions.code);
      assert.deepEqual(codes, name === "Failures" ? ["NOT_FOUND", "UPSTREAM_CONTRACT_BROKEN"] : [], name);
      assert.ok(Object.values(answer.data).some(Boolean), name);
      assert.deepEqual(Object.keys(headers).filter((key) => /^(apikey|token|authorization)$/.test(key)), []);
      for (const code of codes) await results(page).getByText(`"${code}"`).first().waitFor();
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
