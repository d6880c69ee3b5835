// urql: its set-up with Graphcache, and what that makes of snapshots and of pages.

import assert from "node:assert/strict";

import { Client, type ClientOptions, type DocumentInput, fetchExchange, type OperationResult } from "@urql/core";
import { cacheExchange, type CacheExchangeOpts } from "@urql/exchange-graphcache";

import { subject, when } from "./activity.js";
import { Timeline } from "./documents.js";
import type { ClientBackwardQuery } from "./gql/graphql.js";
import {
  AppointmentPeople,
  AppointmentTimes,
  CLIENT_PAGES,
  ClientBackward,
  ClientKinds,
  type ClientPage,
  differences,
  ID_BY_SNAPSHOT,
  idsOn,
  namesAndTimes,
  RecordedAndToday,
  recordingFetch,
  sentNamesAndTimes,
  withNamesThatChange,
} from "./recorded-and-today.js";
import { groupErrors, keys, resolvers, schema } from "./urql-config.js";

type ClientBackwardPage = ClientBackwardQuery["client"]["activities"];

/** `urql-config.ts` is what `gateway schema client-config urql` writes. */
export function urql(
  url: string,
  configuration: CacheExchangeOpts = { keys, resolvers, schema },
  options: Partial<ClientOptions> = {},
) {
  return new Client({ url, exchanges: [cacheExchange(configuration), fetchExchange], preferGetMethod: false, ...options });
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

/** What the cache shows otherwise than it was sent, and what was sent. */
async function spoiled(url: string, rewrite?: (answer: unknown) => unknown, configuration?: CacheExchangeOpts) {
  const { answers, fetch } = recordingFetch(rewrite);
  const client = urql(url, configuration, { fetch });
  const variables = { clientId: "1100", first: 100 };
  await client.query(RecordedAndToday, variables).toPromise();
  const { data } = await client.query(RecordedAndToday, variables, { requestPolicy: "cache-only" }).toPromise();
  const [answer] = answers;
  assert.equal(answers.length, 1);
  return { sent: answer?.data, spoiled: differences(data, answer?.data) };
}

/** What was recorded stays what it was, beside what is so today, however often names change. */
export async function everyNameAndTimeIsTheGateways(url: string) {
  const { sent, spoiled: wrong } = await spoiled(url);
  assert.deepEqual(wrong, []);
  assert.deepEqual((await spoiled(url, withNamesThatChange)).spoiled, []);
  const wrongNames: number[] = [];
  for (const [type, id] of Object.entries(ID_BY_SNAPSHOT)) {
    const keyed = { ...keys, [type]: (snapshot: Record<string, unknown>) => String(snapshot[id]) };
    wrongNames.push(namesAndTimes((await spoiled(url, withNamesThatChange, { keys: keyed, resolvers, schema })).spoiled));
    assert.ok(wrongNames.at(-1), `if a ${type} had an id, it would be shown in place of another`);
  }
  return `${sentNamesAndTimes(sent)}, none wrong; if a snapshot had an id, ${wrongNames.join(", ")} would be`;
}

/** Two components that select different parts of one snapshot make a request each, and neither loses what it had. */
export async function twoComponentsMakeTwoRequests(url: string) {
  for (const isAtOnce of [true, false]) {
    const { answers, fetch, settled } = recordingFetch();
    const client = urql(url, undefined, { fetch });
    const shown: OperationResult[] = [];
    const mount = (query: DocumentInput, position: number) =>
      client.query(query, { clientId: "1100" }).subscribe((result) => (shown[position] = result));
    const subscriptions = [mount(AppointmentTimes, 0)];
    if (!isAtOnce) await settled();
    subscriptions.push(mount(AppointmentPeople, 1));
    await settled();
    subscriptions.forEach((subscription) => subscription.unsubscribe());
    assert.equal(answers.length, 2);
    for (const [position, { data, stale }] of shown.entries()) {
      assert.deepEqual([differences(data, answers[position]?.data), stale], [[], false]);
    }
  }
  return "2 requests";
}

/** A client's activities are one list, whether `nodes` or `edges` are selected: a query for any page reads all of it. */
export async function aClientsPagesBecomeOneList(url: string) {
  const lengths: number[] = [];
  for (const query of CLIENT_PAGES) {
    const client = urql(url);
    let after: string | null = null;
    let ids: string[] = [];
    do {
      const answer = await client.query(query, { clientId: "1100", after }).toPromise();
      assert.equal(answer.error, undefined);
      const page: ClientPage["client"]["activities"] = answer.data?.client.activities;
      assert.ok(page);
      const shown = idsOn(page);
      assert.ok(shown.length > ids.length, "the list grows");
      assert.deepEqual(shown.slice(0, ids.length), ids);
      ids = shown;
      lengths.push(ids.length);
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
      if (after === null) assert.deepEqual([ids.length, new Set(ids).size], [page.totalCount, page.totalCount]);
    } while (after !== null);
  }
  return `${lengths.join(", ")} activities`;
}

/** Two components that select different parts of one list: none shows less than it would alone, however far the other is. */
export async function componentsShareAList(url: string) {
  const { answers, fetch } = recordingFetch();
  const client = urql(url, undefined, { fetch });
  const clientId = "1100";
  let after: string | null = null;
  for (const length of [30, 60]) {
    const { data } = await client.query(CLIENT_PAGES[0]!, { clientId, after }).toPromise();
    assert.equal(idsOn(data?.client.activities).length, length);
    after = data?.client.activities?.pageInfo.endCursor ?? null;
  }
  const first = await client.query(ClientKinds, { clientId }).toPromise();
  assert.deepEqual(differences(first.data, answers.at(-1)?.data), []);
  const second = await client.query(ClientKinds, { clientId, after: first.data?.client.activities?.pageInfo.endCursor ?? null }).toPromise();
  const list = second.data?.client.activities;
  assert.equal(answers.length, 4);
  assert.deepEqual(list?.edges.slice(0, 30), first.data?.client.activities?.edges);
  assert.deepEqual([list?.edges.length, new Set(list?.edges.map(({ cursor }) => cursor)).size], [60, 60]);
  assert.deepEqual([list?.pageInfo.hasPreviousPage, list?.pageInfo.hasNextPage, list?.pageInfo.endCursor], [false, true, after]);
  return "2 pages each";
}

/** Pages that are requested from the end of a list are one list as well. */
export async function pagesGrowBackward(url: string) {
  const client = urql(url);
  let before: string | null = null;
  let ids: string[] = [];
  do {
    const answer = await client.query(ClientBackward, { clientId: "1100", before }).toPromise();
    const page: ClientBackwardPage = answer.data?.client.activities;
    assert.ok(page);
    const shown = page.nodes.map(({ id }) => id);
    assert.deepEqual(shown.slice(shown.length - ids.length), ids);
    assert.ok(shown.length > ids.length, "the list grows");
    ids = shown;
    before = page.pageInfo.hasPreviousPage ? (page.pageInfo.startCursor ?? null) : null;
    if (before === null) assert.deepEqual([ids.length, new Set(ids).size], [page.totalCount, page.totalCount]);
  } while (before !== null);
  return `${ids.length} activities`;
}

/** A client that is not known: there is no timeline, and the error has its code and its path. */
export async function errorsHavePaths(url: string) {
  const { data, error } = await urql(url).query(Timeline, { clientId: "none-such" }).toPromise();
  assert.equal(data?.activities ?? null, null);
  const groups = groupErrors(error?.graphQLErrors).map(({ code, field, count }) => [code, field, count]);
  assert.deepEqual(groups, [["NOT_FOUND", "activities", 1]]);
  return "NOT_FOUND at activities";
}
