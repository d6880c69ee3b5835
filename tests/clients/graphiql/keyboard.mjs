// Without a mouse: an editor can be left.

import assert from "node:assert/strict";

import { query, ready, results, shown, until } from "./page.mjs";

const focusIsIn = (place) => place.evaluate((element) => element.contains(document.activeElement));

export const KEYBOARD = {
  async "Tab indents in an editor, Escape leaves it, and Tab moves on"(page) {
    await query(page).locator(".view-lines").click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Tab");
    await until(async () => (await shown(query(page))).startsWith("  #"), "an indented line");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "graphiql-execute-button");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Shift+Tab");
    await until(async () => (await shown(query(page))).startsWith("#"), "a line without indentation");
  },

  async "Tab goes from the first button through all editors to the end of the page"(page) {
    await page.reload();
    await ready(page);
    const passed = [];
    for (const place of [query(page), page.locator(".graphiql-editor-tool"), results(page)]) {
      for (let tabs = 0; tabs < 60 && !(await focusIsIn(place)); tabs += 1) await page.keyboard.press("Tab");
      passed.push(await focusIsIn(place));
    }
    assert.deepEqual(passed, [true, true, true]);
  },
};
