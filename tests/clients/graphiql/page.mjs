// GraphiQL's page as a person sees and uses it.

import assert from "node:assert/strict";

export const results = (page) => page.locator(".graphiql-response");
export const query = (page) => page.locator(".graphiql-query-editor");
/** The editor of the variables or the headers, whichever is open. */
export const tool = (page) => page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)");
/** What an editor shows; its spaces are no-break ones. */
export const shown = async (place) => (await place.locator(".view-lines").innerText()).replaceAll("\u00a0", " ");

export async function until(condition, what) {
  for (let tries = 100; tries > 0; tries -= 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`never: ${what}`);
}

export async function ready(page) {
  await query(page).locator(".view-line").first().waitFor();
  // A schema that is there shows in the links: completion and the explorer need it.
  await page.locator(".guide-links").getByText("schema.graphql").waitFor();
}

export async function fill(page, place, text) {
  await place.locator(".view-lines").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await until(async () => (await shown(place)).trim() === "", "an empty editor");
  await page.keyboard.insertText(text);
  await until(async () => (await shown(place)).trim() === text, text);
}

/** GraphiQL reads a text a moment after it was written: its operations, and what is to be remembered. */
export const pause = (page) => page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 800)));

export async function openTab(page, name) {
  await page.getByRole("tab").getByRole("button", { name, exact: true }).click();
  await pause(page);
}

export const openTool = (page, name) => page.locator(".graphiql-editor-tools").getByRole("button", { name, exact: true }).click();
export const openPane = (page, name) => page.getByRole("button", { name: `Show ${name}`, exact: true }).click();

export const tabNames = (page) => page.getByRole("tab").locator(".graphiql-tab-button").allInnerTexts();
export const activeTabName = (page) => page.locator('[role="tab"][aria-selected="true"] .graphiql-tab-button').innerText();
export const notices = (page) => page.locator(".notices p");
export const statusLine = (page) => page.locator(".status-line");
