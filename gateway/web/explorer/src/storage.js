// What the browser remembers: tabs and history, but never their headers. GraphiQL's own history would keep
// credentials in clear text, for whoever uses the browser next.

import { CREDENTIALS } from "./credentials.js";
import { TABS as FIRST_TABS } from "./tabs.js";

const TABS = "graphiql:tabState";
const HISTORY = new Set(["graphiql:queries", "graphiql:favorites"]);
const HEADERS = "graphiql:headers";

/** GraphiQL stores the texts of the active tab a second time, at another moment. Here they are read from the stored tab. */
const TEXT_OF_ACTIVE_TAB = { "graphiql:query": "query", "graphiql:variables": "variables" };

/** A JSON text with its headers replaced; what is no JSON is as good as nothing. */
function replaceHeaders(text, headers) {
  try {
    return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? headers : value));
  } catch {
    return null;
  }
}

/** The stored tabs and the active one of them; null where none are stored. */
function storedTabs() {
  try {
    const state = JSON.parse(localStorage.getItem(TABS));
    return { state, active: state.tabs[state.activeTabIndex] ?? state.tabs[0] };
  } catch {
    return null;
  }
}

/**
 * The stored tabs for GraphiQL, which at its start activates the last tab that has the stored texts and no headers,
 * and adds one where there is none. So exactly the active tab is without headers, and gets the default ones.
 */
function tabsToRestore() {
  const stored = storedTabs();
  if (!stored) return null;
  const tabs = stored.state.tabs.map((tab) => ({ ...tab, headers: tab === stored.active ? null : CREDENTIALS }));
  return JSON.stringify({ ...stored.state, tabs });
}

export const storage = {
  getItem(key) {
    if (key === TABS) return tabsToRestore();
    if (key in TEXT_OF_ACTIVE_TAB) {
      const active = storedTabs()?.active ?? FIRST_TABS[0];
      return active[TEXT_OF_ACTIVE_TAB[key]] ?? null;
    }
    const text = localStorage.getItem(key);
    return HISTORY.has(key) && text !== null ? replaceHeaders(text, CREDENTIALS) : text;
  },
  setItem(key, text) {
    if (key === HEADERS || key in TEXT_OF_ACTIVE_TAB) return;
    localStorage.setItem(key, key === TABS || HISTORY.has(key) ? replaceHeaders(text, null) : text);
  },
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
};
