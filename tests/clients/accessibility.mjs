// What axe-core finds in a page.

import { readFile } from "node:fs/promises";

const AXE = await readFile(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/**
 * The serious and critical findings, each with the places where it is.
 *
 * @param {string} [others] Selects the parts of the page that are not ours, except for what `ours` selects in them.
 */
export async function findings(page, { others = null, ours = null } = {}) {
  await page.evaluate(AXE);
  return page.evaluate(
    async ({ others, ours }) => {
      const isOurs = (element) => !others || !element.closest(others) || Boolean(element.closest(ours));
      const { violations } = await axe.run();
      return violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .flatMap(({ id, nodes }) => nodes.map(({ target: [selector] }) => ({ id, selector })))
        .filter(({ selector }) => isOurs(document.querySelector(selector)));
    },
    { others, ours },
  );
}
