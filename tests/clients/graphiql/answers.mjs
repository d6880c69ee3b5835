// What stands beneath an answer, and what in its place where there is none.

import assert from "node:assert/strict";

import { run } from "../browser.mjs";
import { fill, openTab, openTool, results, shown, statusLine, tool, until } from "./page.mjs";

const execute = (page) => page.locator(".graphiql-execute-button").click();

/** Runs the query while its requests go another way; the browser itself then complains of nothing else. */
async function fails(page, complaints, route, sentence) {
  await page.route("**/graphql", route);
  await execute(page);
  await until(async () => (await shown(results(page))).replace(/\s+/g, " ").includes(sentence), sentence);
  await page.unroute("**/graphql");
  assert.doesNotMatch(await shown(results(page)), /stack|    at /);
  assert.ok(complaints.splice(0).every((complaint) => complaint.startsWith("Failed to load resource")));
}

export const ANSWERS = {
  async "beneath an answer are its status, time, size and request id"(page) {
    await statusLine(page).getByText("runs the query").waitFor();
    const [response] = await Promise.all([page.waitForResponse((each) => each.request().method() === "POST"), run(page)]);
    const { length } = await response.body();
    const id = response.headers()["x-request-id"];
    await statusLine(page).getByText(`request id ${id}`).waitFor();
    const texts = await statusLine(page).locator("span").allInnerTexts();
    assert.match(texts[1], /^\d+ ms$/);
    assert.deepEqual(texts.toSpliced(1, 1), ["status 200", `${(length / 1000).toFixed(1)} kB`, `request id ${id}`]);
  },

  async "each tab has its own, and a request that is not sent has none"(page) {
    await openTab(page, "Clients");
    assert.match(await statusLine(page).innerText(), /runs the query/);
    const { answer } = await run(page);
    assert.equal(answer.data.clients.length, 3);
    const { length } = JSON.stringify(answer);
    await statusLine(page).getByText(`${length} bytes`).waitFor();
    await openTab(page, "Timeline");
    await statusLine(page).getByText("kB").waitFor();
    await openTab(page, "Clients");
    await statusLine(page).getByText(`${length} bytes`).waitFor();
    await openTool(page, "Variables");
    await fill(page, tool(page), '{"ids": 1,,}');
    await execute(page);
    await results(page).getByText("Request not sent").first().waitFor();
    assert.match(await statusLine(page).innerText(), /runs the query/);
    await fill(page, tool(page), '{"ids": [1001]}');
  },

  async "a refusal of the gateway has its status and its code"(page, complaints) {
    await fill(page, tool(page), '{"ids": [{}]}');
    await execute(page);
    await results(page).getByText('"BAD_USER_INPUT"').first().waitFor();
    await statusLine(page).getByText("status 400").waitFor();
    assert.equal(complaints.splice(0).length, 1);
    await fill(page, tool(page), '{"ids": [1001]}');
  },

  async "what is not sent, not answered, or answered by a proxy is a sentence"(page, complaints) {
    await fails(page, complaints, (route) => route.abort("connectionrefused"), "The gateway could not be reached.");
    const refusal = { status: 502, contentType: "text/html", body: "<h1>Bad Gateway</h1>" };
    await fails(page, complaints, (route) => route.fulfill(refusal), "The response has status 502 and is not JSON.");
    await statusLine(page).getByText("status 502").waitFor();
    await page.context().setOffline(true);
    await fails(page, complaints, (route) => route.continue(), "The browser is offline");
    await page.context().setOffline(false);
    await openTool(page, "Headers");
    await fill(page, tool(page), '{"a b": "c"}');
    await fails(page, complaints, (route) => route.continue(), "A request header has a name or a value that HTTP does not allow");
  },
};
