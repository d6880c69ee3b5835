// What users of the component see, against a gateway over the sandbox.

import "./dom.js";

import assert from "node:assert/strict";

import { act } from "react";
import { createRoot } from "react-dom/client";

import { apollo } from "./apollo.js";
import { App } from "./Timeline.js";

/** Opens a client's timeline, lets `use` look at it, and closes it. */
async function opened(uri: string, clientId: string, use: (page: HTMLElement) => Promise<string>) {
  const page = document.createElement("main");
  document.body.append(page);
  const root = createRoot(page);
  await act(async () => root.render(<App client={apollo(uri)} clientId={clientId} />));
  try {
    return await use(page);
  } finally {
    await act(async () => root.unmount());
    page.remove();
  }
}

const texts = (page: HTMLElement, selector: string) => [...page.querySelectorAll(selector)].map((found) => found.textContent ?? "");
const lines = (page: HTMLElement) => texts(page, "li");
const alerts = (page: HTMLElement) => texts(page, "[role=alert]");

/** Waits as a user does, until nothing is loading any more. */
async function settled(page: HTMLElement) {
  for (let turn = 0; turn < 500; turn += 1) {
    if (page.querySelector("[role=status]") === null) return;
    await act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  }
  assert.fail(`still loading: ${page.textContent}`);
}

async function press(page: HTMLElement, name: string) {
  const button = [...page.querySelectorAll("button")].find(({ textContent }) => textContent === name);
  assert.ok(button, `no button ${name} in: ${page.textContent}`);
  await act(async () => button.click());
  await settled(page);
}

/** As where there is no network. */
async function withoutNetwork(what: () => Promise<void>) {
  const { fetch } = globalThis;
  globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
  try {
    await what();
  } finally {
    globalThis.fetch = fetch;
  }
}

/** The first page is there after a while, and the next one below it when asked for. */
export async function usersSeeOnePageAndTheNextBelowIt(uri: string) {
  return opened(uri, "1100", async (page) => {
    assert.match(page.textContent ?? "", /Loading…/);
    await settled(page);
    const first = lines(page);
    assert.equal(first.length, 10);
    for (const line of first) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d .+: .+/s);
    assert.match(page.textContent ?? "", /10 of 100/);
    await press(page, "Show more");
    const both = lines(page);
    assert.deepEqual([both.length, both.slice(0, 10)], [20, first]);
    assert.notDeepEqual(both.slice(10), first);
    assert.match(page.textContent ?? "", /20 of 100/);
    assert.deepEqual(alerts(page), []);
    return "10 lines, then 20";
  });
}

/** What failed is explained by its code, and what could be read is there. */
export async function usersReadWhatAnErrorMeans(uri: string) {
  await opened(uri, "none-such", async (page) => {
    await settled(page);
    assert.deepEqual([alerts(page), lines(page)], [["Unknown client."], []]);
    return "";
  });
  return opened(uri, "1999", async (page) => {
    await settled(page);
    assert.deepEqual(alerts(page), ["Some activities cannot be shown."]);
    assert.ok(lines(page).length > 0);
    return "NOT_FOUND, and UPSTREAM_CONTRACT_BROKEN beside what could be read";
  });
}

/** A page that did not come leaves what was there, and can be asked for again. */
export async function usersTryAgainWhereThereWasNoNetwork(uri: string) {
  return opened(uri, "1100", async (page) => {
    await settled(page);
    await withoutNetwork(() => press(page, "Show more"));
    assert.deepEqual([alerts(page), lines(page).length], [["There is no connection.Try again"], 10]);
    await press(page, "Try again");
    assert.deepEqual([alerts(page), lines(page).length], [[], 20]);
    return "10 lines and what is wrong, then 20";
  });
}
