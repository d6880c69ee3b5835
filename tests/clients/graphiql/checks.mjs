// Runs the checks of a subject, one after the other on one page, which nobody visited before.

import assert from "node:assert/strict";
import { join } from "node:path";

import { visit } from "../browser.mjs";
import { query } from "./page.mjs";

export async function check(browser, url, checks, folder) {
  const { page, complaints, others, headers } = await visit(browser, url);
  page.setDefaultTimeout(20_000);
  assert.match(headers["content-security-policy"], /default-src 'none'; script-src 'self';/);
  assert.doesNotMatch(headers["content-security-policy"], /https?:|unsafe-eval/);
  await query(page).locator(".view-line").first().waitFor();
  for (const [what, experience] of Object.entries(checks)) {
    await experience(page, complaints).catch(async (error) => {
      await page.screenshot({ path: join(folder, "graphiql-failed.png") });
      throw new Error(what, { cause: error });
    });
    assert.deepEqual([complaints, others], [[], []], "the browser complained, or another host was asked");
    console.log(`ok: ${what}`);
  }
  await page.context().close();
}
