// A query as a link: it opens in a tab of its own, and the page makes such links.

import assert from "node:assert/strict";

import { run, visit } from "../browser.mjs";
import { activeTabName, fill, notices, openTab, openTool, query, ready, shown, tabNames, tool, until } from "./page.mjs";

const QUERY = "query Counts($ids: [ID!]!) { clients(ids: $ids) { id } }";
const TWO = "query One { clients(ids: [1001]) { id } } query Two { clients(ids: [1100]) { id } }";
const SECRET = "sandbox-key-2";

/** The address of the page without parameters. */
const plain = (page) => new URL(page.url()).origin + new URL(page.url()).pathname;
/** It is clean as soon as the tab of a link is stored. */
const isStored = (page) => until(() => page.url() === plain(page), "a clean address");

async function follow(page, parameters) {
  await page.goto(`${plain(page)}?${new URLSearchParams(parameters)}`);
  await ready(page);
}

export const LINKS = {
  async "a link opens its query and variables in one more tab, and runs nothing"(page) {
    const names = await tabNames(page);
    let runs = 0;
    page.on("request", (request) => (runs += request.method() === "POST" && request.postData().includes("Counts") ? 1 : 0));
    await follow(page, { query: QUERY, variables: '{"ids":["1001","1100"]}' });
    await until(async () => (await shown(query(page))) === QUERY, "the query");
    assert.deepEqual(await tabNames(page), [...names, "Counts"]);
    assert.equal(runs, 0);
    const { answer } = await run(page);
    assert.deepEqual(answer, { data: { clients: [{ id: "1001" }, { id: "1100" }] } });
  },

  async "then the address is clean, and neither a reload nor the same link adds a tab"(page) {
    const names = await tabNames(page);
    await isStored(page);
    await openTab(page, "Changes");
    await page.reload();
    await ready(page);
    assert.deepEqual(await tabNames(page), names);
    await follow(page, { query: QUERY, variables: '{"ids":["1001","1100"]}' });
    await until(async () => (await activeTabName(page)) === "Counts", "the tab of the link");
    await isStored(page);
    assert.deepEqual(await tabNames(page), names);
  },

  async "of several operations a link chooses one"(page) {
    await follow(page, { query: TWO, operationName: "Two" });
    await until(async () => (await activeTabName(page)) === "Two", "the tab of the operation");
    await query(page).locator(".monaco-editor").first().click({ position: { x: 400, y: 100 } });
    const [request] = await Promise.all([page.waitForRequest((each) => each.method() === "POST"), page.keyboard.press("Control+Enter")]);
    assert.equal(request.postDataJSON().operationName, "Two");
    await isStored(page);
  },

  async "a malformed or too long link is a sentence, and opens nothing"(page) {
    const names = await tabNames(page);
    for (const [parameters, sentence] of [
      [{ query: QUERY, variables: "{" }, "The variables are not JSON."],
      [{ query: QUERY, variables: "[1]" }, "The variables are not a JSON object."],
      [{ variables: "{}" }, "Its query is missing."],
      [{ query: `{ ${"a".repeat(8000)} }` }, "It is longer than 8000 characters."],
      [[["query", "{ a }"], ["query", "{ b }"]], "It has the parameter query more than once."],
    ]) {
      await follow(page, parameters);
      await notices(page).getByText(sentence).waitFor();
      assert.deepEqual(await tabNames(page), names);
    }
    await page.goto(`${plain(page)}?query=%E9`);
    await notices(page).getByText("Its percent-encoding is damaged.").waitFor();
    await notices(page).getByRole("button", { name: "dismiss" }).click();
    await until(async () => (await notices(page).count()) === 0, "no sentence");
    await follow(page, { query: QUERY, operationName: "Three" });
    await notices(page).getByText("names an operation that its query does not have").waitFor();
  },

  async "a copied link has query and variables, never headers, and opens elsewhere"(page) {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await openTab(page, "Clients");
    await openTool(page, "Headers");
    await fill(page, tool(page), `{"apiKey": "${SECRET}", "token": "sandbox-token-2"}`);
    await page.getByRole("button", { name: "Copy link" }).click();
    await notices(page).getByText("The link is copied.").waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const { searchParams, origin, pathname } = new URL(link);
    assert.equal(origin + pathname, plain(page));
    assert.deepEqual([...searchParams.keys()], ["query", "variables"]);
    assert.deepEqual(JSON.parse(searchParams.get("variables")), { ids: ["1001", "1020", "1100"] });
    assert.ok(!decodeURIComponent(link).includes(SECRET));
    const elsewhere = await visit(page.context().browser(), link);
    await ready(elsewhere.page);
    await until(async () => (await activeTabName(elsewhere.page)) === "Clients", "the query of the link");
    assert.equal((await run(elsewhere.page)).answer.data.clients.length, 3);
    await elsewhere.page.context().close();
  },

  async "where the browser does not let it copy, the page shows the link"(page) {
    await page.context().clearPermissions();
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.getByRole("button", { name: "Copy link" }).click();
    const link = await notices(page).getByLabel("Link").inputValue();
    assert.ok(new URL(link).searchParams.get("query").includes("query Clients"));
    await openTool(page, "Variables");
    await fill(page, tool(page), '{"ids": [1,]}');
    await page.getByRole("button", { name: "Copy link" }).click();
    await notices(page).getByText("There is no link to copy. The variables are not JSON.").waitFor();
  },
};
