// The page remembers its tabs: a reload changes nothing that a person has written.

import assert from "node:assert/strict";

import { activeTabName, fill, openTab, openTool, pause, query, ready, shown, tabNames, tool, until } from "./page.mjs";

async function reload(page) {
  await page.reload();
  await ready(page);
}

export const RELOADS = {
  async "a reload after an edit adds no tab, and shows the edited one"(page) {
    const names = await tabNames(page);
    await openTab(page, "Changes");
    await fill(page, query(page), "query Changes { clients(ids: [1001]) { id } }");
    await pause(page);
    for (let times = 0; times < 3; times += 1) {
      await reload(page);
      assert.deepEqual(await tabNames(page), names);
      assert.equal(await activeTabName(page), "Changes");
      await until(async () => (await shown(query(page))) === "query Changes { clients(ids: [1001]) { id } }", "the edited query");
    }
  },

  async "nor does one after an edit of variables or headers"(page) {
    const names = await tabNames(page);
    await openTab(page, "Clients");
    await openTool(page, "Headers");
    await fill(page, tool(page), '{"apiKey": "sandbox-key-2", "token": "sandbox-token-2"}');
    await openTool(page, "Variables");
    await fill(page, tool(page), '{"ids": ["3005"]}');
    await pause(page);
    await reload(page);
    assert.deepEqual(await tabNames(page), names);
    assert.equal(await activeTabName(page), "Clients");
    await openTool(page, "Variables");
    await until(async () => (await shown(tool(page))) === '{"ids": ["3005"]}', "the edited variables");
  },

  async "nor does one right after a key was pressed"(page) {
    const names = await tabNames(page);
    await openTab(page, "Timeline");
    await query(page).locator(".view-lines").click();
    await page.keyboard.type("# now");
    await reload(page);
    assert.deepEqual(await tabNames(page), names);
    assert.equal(await activeTabName(page), "Timeline");
  },

  async "of two equal tabs, and of empty ones, the same is active again"(page) {
    const { length } = await tabNames(page);
    const add = () => page.getByRole("button", { name: "New tab" }).click();
    for (const text of ["{ a: __typename }", "{ a: __typename }"]) {
      await add();
      await fill(page, query(page), text);
    }
    for (let times = 0; times < 2; times += 1) await add();
    for (const index of [length, length + 1, length + 2]) {
      await page.locator(`#graphiql-session-tab-${index}`).click();
      await pause(page);
      await reload(page);
      assert.equal((await tabNames(page)).length, length + 4);
      await until(async () => (await page.locator(".graphiql-tab-active .graphiql-tab-button").getAttribute("id")).endsWith(`-${index}`), `tab ${index}`);
    }
  },
};
