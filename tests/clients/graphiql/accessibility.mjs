// What axe-core finds in the parts of the page that are not GraphiQL's own, on wide and narrow screens, light and dark.

import assert from "node:assert/strict";

import { findings } from "../accessibility.mjs";
import { run } from "../browser.mjs";
import { openPane, pause, ready, statusLine } from "./page.mjs";

const PARTS = { others: ".graphiql-container", ours: ".page-title, .guide, .guide-links, .notices, .reads, .status-line, [aria-label='Copy link']" };
const WIDTHS = [1400, 390];

async function findNothing(page) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      await pause(page); // until colours have changed
      assert.deepEqual(await findings(page, PARTS), [], `${colorScheme}, ${width} pixels`);
    }
  }
  await page.setViewportSize({ width: WIDTHS[0], height: 900 });
}

export const ACCESSIBILITY = {
  async "axe looks at our parts: it finds a button that we leave without a name"(page) {
    await ready(page);
    await page.evaluate(() => document.querySelector(".guide-links").append(document.createElement("button")));
    assert.deepEqual((await findings(page, PARTS)).map(({ id }) => id), ["button-name"]);
    await page.reload();
    await ready(page);
  },

  async "axe finds nothing serious in the links, the guide, and the hint beneath the answer"(page) {
    await openPane(page, "Guide");
    await findNothing(page);
  },

  async "nor in the reads and the status of an answer, and the notices"(page) {
    await page.goto(`${page.url()}?variables={}`);
    await ready(page);
    await openPane(page, "Reads");
    await run(page);
    await statusLine(page).getByText("status 200").waitFor();
    await findNothing(page);
  },
};
