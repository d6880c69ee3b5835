// urql: its set-up, with its document cache, which knows no entities and so merges nothing.

import assert from "node:assert/strict";

import { cacheExchange, Client, fetchExchange } from "@urql/core";

import { subject, when } from "./activity.js";
import { Timeline } from "./documents.js";

export function urql(url: string) {
  return new Client({ url, exchanges: [cacheExchange, fetchExchange], preferGetMethod: false });
}

/** Every activity has a line of its own, and its time. */
export async function activitiesHaveLines(url: string) {
  const { data, error } = await urql(url).query(Timeline, { clientId: "1100", first: 100 }).toPromise();
  assert.equal(error, undefined);
  assert.ok(data?.activities);
  const nodes = data.activities.edges.map(({ node }) => node);
  const kinds = new Set(nodes.map(({ __typename }) => __typename));
  assert.ok(kinds.size >= 7, "all kinds are there");
  for (const node of nodes) assert.ok(subject(node).length > 0 && when(node).shown.length > 0);
  return `${nodes.length} lines of ${kinds.size} kinds`;
}

/** One client of two is not known: the other's timeline is there, and the error has its path. */
export async function errorsHavePaths(url: string) {
  const { data, error } = await urql(url).query(Timeline, { clientId: "none-such" }).toPromise();
  assert.equal(data?.activities, null);
  const [first] = error?.graphQLErrors ?? [];
  assert.deepEqual([first?.extensions["code"], first?.path], ["NOT_FOUND", ["activities"]]);
  return "NOT_FOUND at activities";
}
