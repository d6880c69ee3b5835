// What the browser remembers: tabs and history, but never their headers. GraphiQL's own history would keep
// credentials in clear text, for whoever uses the browser next.

import { CREDENTIALS } from "./credentials.js";

const WITH_HEADERS = new Set(["graphiql:tabState", "graphiql:queries", "graphiql:favorites"]);
const HEADERS = "graphiql:headers";

/** A JSON text with its headers replaced; what is no JSON is as good as nothing. */
function replaced(text, headers) {
  try {
    return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? headers : value));
  } catch {
    return null;
  }
}

export const storage = {
  getItem(key) {
    const text = localStorage.getItem(key);
    return WITH_HEADERS.has(key) && text !== null ? replaced(text, CREDENTIALS) : text;
  },
  setItem(key, text) {
    if (key !== HEADERS) localStorage.setItem(key, WITH_HEADERS.has(key) ? replaced(text, null) : text);
  },
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => localStorage.clear(),
  get length() {
    return localStorage.length;
  },
};
