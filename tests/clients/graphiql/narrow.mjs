// On a telephone, 390 pixels wide: the panes stand one above the other, and everything can be reached.

import assert from "node:assert/strict";

import { run } from "../browser.mjs";
import { openPane, openTab, query, ready, results, statusLine, tabNames } from "./page.mjs";

const WIDTH = 390;

const isWithinTheScreen = async (page) => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= WIDTH);

/** Where places begin and end, from the top of the page to its bottom, as wide as the screen lets them be. */
async function stack(page, places) {
  const boxes = [];
  for (const place of places) boxes.push(await place.evaluate((element) => element.getBoundingClientRect().toJSON()));
  for (const { left, right, height, width } of boxes) assert.ok(left >= 0 && right <= WIDTH && width > WIDTH / 2 && height > 20);
  boxes.slice(1).forEach(({ top }, index) => assert.ok(top >= boxes[index].bottom - 1, `place ${index + 1} is below the one before`));
}

export const NARROW = {
  async "the buttons, tabs, editors, answer and status stand one above the other"(page) {
    await page.setViewportSize({ width: WIDTH, height: 844 });
    await page.reload();
    await ready(page);
    await run(page);
    await statusLine(page).getByText("status 200").waitFor();
    await isWithinTheScreen(page);
    const classes = [".graphiql-sidebar", ".graphiql-tabs", ".guide-links", ".graphiql-query-editor", ".graphiql-editor-tools", ".graphiql-editor-tool", ".result-window", ".status-line"];
    await stack(page, classes.map((name) => page.locator(name)));
    await results(page).getByText('"totalCount"').waitFor();
  },

  async "every button can be pressed, every tab opened, and a pane stands above the tabs"(page) {
    const buttons = page.locator(".graphiql-sidebar button, .graphiql-toolbar button");
    assert.ok((await buttons.count()) > 10);
    for (const button of await buttons.all()) await button.click({ trial: true });
    for (const name of await tabNames(page)) await openTab(page, name);
    for (const name of ["Guide", "Reads"]) {
      await openPane(page, name);
      await stack(page, [page.locator(".graphiql-plugin"), page.locator(".graphiql-tabs"), query(page)]);
      await isWithinTheScreen(page);
    }
  },

  async "a pane that a drag bar has hidden on a wide screen is there"(page) {
    await page.evaluate(() => localStorage.setItem("graphiql:editorFlex", "hide-first"));
    await page.reload();
    await ready(page);
    await stack(page, [query(page), page.locator(".result-window")]);
  },
};
