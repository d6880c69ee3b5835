// What is known of the last answer of each tab beside its text.

import { useSyncExternalStore } from "react";

const answers = new Map();
const listeners = new Set();
let activeTab;

/** GraphiQL shows an answer in the tab that is active when it comes, and says which one that is to components only. */
export function activate(tab) {
  activeTab = tab;
}

/**
 * Records the answer of the active tab; undefined while there is none.
 *
 * @param {{status: number, milliseconds: number, bytes: number, requestId: string | null, result: object} | undefined} answer
 */
export function record(answer) {
  answers.set(activeTab, answer);
  for (const listener of listeners) listener();
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useAnswer(tab) {
  return useSyncExternalStore(subscribe, () => answers.get(tab));
}
