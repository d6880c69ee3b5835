// The pane with the upstream reads behind an answer.

import assert from "node:assert/strict";

import { run } from "../browser.mjs";
import { openPane, openTab } from "./page.mjs";

const reads = (page) => page.locator(".reads");

export const READS = {
  async "the pane runs the query and shows its reads, and its cost against the limit"(page) {
    await openTab(page, "CurrentState");
    assert.equal((await run(page)).answer.extensions, undefined);
    await openPane(page, "Reads");
    const [response] = await Promise.all([
      page.waitForResponse((each) => each.request().method() === "POST"),
      reads(page).getByRole("button", { name: "Run the query" }).click(),
    ]);
    const { gateway } = (await response.json()).extensions;
    assert.ok(gateway.reads.length > 3);
    await reads(page).getByText(`${gateway.cost.toLocaleString("en")} of 2,000,000`).waitFor();
    await reads(page).getByText(`${gateway.reads.length} of 250`).waitFor();
    const shown = await reads(page).locator("li code").allInnerTexts();
    assert.deepEqual(shown, gateway.reads.map(({ method, path }) => `${method} ${path}`));
    assert.match(await reads(page).locator("li small").first().innerText(), /^called, status 200, \d+ ms, [\d.]+ (bytes|kB)$/);
  },

  async "they are those of the tab's own answer, and asked for only while the pane is open"(page) {
    await openTab(page, "Timeline");
    await reads(page).getByRole("button", { name: "Run the query" }).waitFor();
    await run(page);
    await reads(page).getByText("1 of 250").waitFor();
    await page.getByRole("button", { name: "Hide Reads", exact: true }).click();
    const { answer, headers } = await run(page);
    assert.deepEqual([answer.extensions, headers["x-gateway-explain"]], [undefined, undefined]);
  },
};
