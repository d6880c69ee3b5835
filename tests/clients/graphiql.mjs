// Uses GraphiQL on a running sandbox in Chromium as a person would, and takes pictures.
// node graphiql.mjs http://127.0.0.1:8000/graphql FOLDER

import assert from "node:assert/strict";
import { join } from "node:path";

import { launch, run, visit } from "./browser.mjs";
import { ANSWERS } from "./graphiql/answers.mjs";
import { EXPLORING } from "./graphiql/exploring.mjs";
import { KEYBOARD } from "./graphiql/keyboard.mjs";
import { LINKS } from "./graphiql/links.mjs";
import { openPane, pause, ready, results } from "./graphiql/page.mjs";
import { RELOADS } from "./graphiql/reloads.mjs";

const [url, folder] = process.argv.slice(2);
if (!url || !folder) {
  console.error("usage: node graphiql.mjs URL FOLDER");
  process.exit(2);
}

const SUBJECTS = [EXPLORING, RELOADS, LINKS, ANSWERS, KEYBOARD];

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

/** The checks of a subject, one after the other on one page, which nobody visited before. */
async function isUsed(browser, checks) {
  const { page, complaints, others, headers } = await visit(browser, url);
  page.setDefaultTimeout(20_000);
  assert.match(headers["content-security-policy"], /default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(headers["content-security-policy"], /https?:|unsafe-eval/);
  await ready(page);
  for (const [what, check] of Object.entries(checks)) {
    await check(page, complaints).catch(async (error) => {
      await page.screenshot({ path: join(folder, "graphiql-failed.png") });
      throw new Error(what, { cause: error });
    });
    console.log(`ok: ${what}`);
  }
  assert.deepEqual(complaints, []);
  assert.deepEqual(others, []);
  await page.context().close();
}

const browser = await launch();
try {
  for (const checks of SUBJECTS) await isUsed(browser, checks);
  console.log("ok: no other host was asked for anything, and the browser had nothing to complain of");
  await looks(browser, "light");
  await looks(browser, "dark");
} finally {
  await browser.close();
}
