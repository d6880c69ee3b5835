// Uses GraphiQL on a running sandbox in Chromium as a person would, and takes pictures.
// node graphiql.mjs http://127.0.0.1:8000/graphql FOLDER

import assert from "node:assert/strict";
import { join } from "node:path";

import { launch, run, visit } from "./browser.mjs";
import { ACCESSIBILITY } from "./graphiql/accessibility.mjs";
import { ANSWERS } from "./graphiql/answers.mjs";
import { check } from "./graphiql/checks.mjs";
import { EXPLORING } from "./graphiql/exploring.mjs";
import { KEYBOARD } from "./graphiql/keyboard.mjs";
import { LINKS } from "./graphiql/links.mjs";
import { NARROW } from "./graphiql/narrow.mjs";
import { openPane, pause, ready, results } from "./graphiql/page.mjs";
import { READS } from "./graphiql/reads.mjs";
import { RELOADS } from "./graphiql/reloads.mjs";

const [url, folder] = process.argv.slice(2);
if (!url || !folder) {
  console.error("usage: node graphiql.mjs URL FOLDER");
  process.exit(2);
}

const SUBJECTS = [EXPLORING, RELOADS, LINKS, ANSWERS, READS, KEYBOARD, NARROW, ACCESSIBILITY];

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

const browser = await launch();
try {
  for (const checks of SUBJECTS) await check(browser, url, checks, folder);
  await looks(browser, "light");
  await looks(browser, "dark");
} finally {
  await browser.close();
}
