// GraphiQL of `gateway serve`: as it comes, without introspection, with trusted documents only, and with caller keys.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";

import { run } from "../browser.mjs";
import { activeTabName, fill, notices, openTool, pause, query, ready, results, shown, tabNames, tool, until } from "./page.mjs";

const QUERY = "{ clients(ids: [1001]) { activities { totalCount } } }";
const HEADERS = '{"apiKey": "sandbox-key-1", "token": "sandbox-token-1"}';
const KEY = randomBytes(32).toString("base64url");

/** What a gateway with these settings lets a person do. */
export const SERVED = [
  {
    settings: {},
    async "the first tabs are about a client of one's own account, with one's own credentials"(page) {
      await ready(page);
      assert.deepEqual(await tabNames(page), ["Timeline", "Changes", "Appointments", "Pages", "CurrentState"]);
      await until(async () => (await shown(query(page))).includes("your credentials into the headers"), "a line on credentials");
      assert.ok(!(await shown(query(page))).includes("1100"));
      await until(async () => (await shown(tool(page))).includes("Of your account: apiKey with token"), "headers with a line on credentials");
      await openTool(page, "Variables");
      await until(async () => (await shown(tool(page))).includes('"client": ""'), "the variable of a client");
      await fill(page, tool(page), '{"client": "1100"}');
      await openTool(page, "Headers");
      await fill(page, tool(page), HEADERS);
      assert.equal((await run(page)).answer.data.activities.totalCount, 100);
      assert.equal(await notices(page).count(), 0);
    },

    async "there is no pane of reads where they are not allowed"(page) {
      await page.getByRole("button", { name: "Show Guide" }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Show Reads" }).count(), 0);
    },
  },
  {
    settings: { GATEWAY_INTROSPECTION: "false", GATEWAY_EXPLAIN: "true" },
    async "without introspection the page says so, asks for no schema, and queries run"(page) {
      await notices(page).getByText("Introspection is off").waitFor();
      assert.equal((await shown(results(page))).trim(), "");
      await openTool(page, "Headers");
      await fill(page, tool(page), HEADERS);
      await fill(page, query(page), QUERY);
      await pause(page); // until GraphiQL knows the operations of the new text
      await page.getByRole("button", { name: "Show Reads", exact: true }).click();
      assert.equal((await run(page)).answer.data.clients[0].activities.totalCount > 0, true);
      await page.locator(".reads").getByText("1 of 250").waitFor();
    },
  },
  {
    settings: {
      GATEWAY_TRUSTED_DOCUMENTS: "enforce",
      GATEWAY_TRUSTED_DOCUMENTS_PATH: { text: JSON.stringify({ counts: '{ activities(clientId: "1100") { totalCount } }' }) },
    },
    async "where only trusted documents are accepted the page says so, and a refusal has its code"(page, complaints) {
      await notices(page).getByText("accepts trusted documents only").waitFor();
      assert.equal(await activeTabName(page), "Timeline");
      assert.equal((await shown(results(page))).trim(), "");
      await page.locator(".graphiql-execute-button").click();
      await results(page).getByText('"DOCUMENT_NOT_TRUSTED"').first().waitFor();
      assert.equal(complaints.splice(0).length, 1);
    },
  },
  {
    settings: {
      GATEWAY_API_KEY: "sandbox-key-1",
      GATEWAY_TOKEN: "sandbox-token-1",
      GATEWAY_CALLER_KEYS_FILE: { text: `web:${createHash("sha256").update(KEY).digest("hex")}` },
    },
    async "where callers have keys, the headers name theirs, and a refusal without one is a sentence"(page, complaints) {
      await results(page).getByText('"CALLER_UNKNOWN"').first().waitFor();
      await until(async () => (await shown(tool(page))).includes('"X-Gateway-Key": ""'), "the header");
      await fill(page, tool(page), `{"X-Gateway-Key": "${KEY}"}`);
      await page.getByRole("button", { name: "Re-fetch GraphQL schema" }).click();
      await ready(page);
      await fill(page, query(page), QUERY);
      await pause(page); // until GraphiQL knows the operations of the new text
      assert.ok((await run(page)).answer.data.clients[0].activities.totalCount > 0);
      assert.ok(complaints.splice(0).every((complaint) => complaint.includes("401")));
    },
  },
];
