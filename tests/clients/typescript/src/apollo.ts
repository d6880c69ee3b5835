// Apollo Client: its set-up, and what its cache makes of snapshots.

import assert from "node:assert/strict";

import { ApolloClient, HttpLink, InMemoryCache, type InMemoryCacheConfig } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { filter, firstValueFrom } from "rxjs";

import { groupErrors, possibleTypes, typePolicies } from "./apollo-config.js";
import { Happening, Timeline } from "./documents.js";
import { unmasked } from "./gql/index.js";
import {
  AppointmentPeople,
  AppointmentTimes,
  CLIENT_PAGES,
  differences,
  ID_BY_SNAPSHOT,
  idsOn,
  namesAndTimes,
  RecordedAndToday,
  recordingFetch,
  sentNamesAndTimes,
  withNamesThatChange,
} from "./recorded-and-today.js";

/** `apollo-config.ts` is what `gateway schema client-config apollo` writes. */
export function apollo(
  uri: string,
  configuration: InMemoryCacheConfig = { possibleTypes, typePolicies },
  options: Omit<HttpLink.Options, "uri"> = {},
) {
  return new ApolloClient({ cache: new InMemoryCache(configuration), link: new HttpLink({ uri, ...options }) });
}

/** Each page is fetched after the one before, and the cache makes one list of them. */
export async function pagesBecomeOneList(uri: string) {
  const client = apollo(uri);
  const variables = { clientId: "1100", first: 30 };
  const watched = client.watchQuery({ query: Timeline, variables });
  const subscription = watched.subscribe({});
  await firstValueFrom(watched.pipe(filter((result) => result.dataState === "complete")));
  const list = () => client.readQuery({ query: Timeline, variables })?.activities;
  for (let length = 0; list()?.pageInfo.hasNextPage; ) {
    await watched.fetchMore({ variables: { after: list()?.pageInfo.endCursor ?? null } });
    assert.ok((list()?.edges.length ?? 0) > length, "the list grows");
    length = list()?.edges.length ?? 0;
  }
  subscription.unsubscribe();
  const page = list();
  assert.ok(page);
  const ids = new Set(page.edges.map(({ node }) => node.id));
  assert.deepEqual([page.edges.length, ids.size], [page.totalCount, page.totalCount]);
  return `${page.totalCount} activities in one list`;
}

/** A fragment on the interface applies to every kind, because the cache knows the possible types. */
export async function fragmentsOnTheInterfaceApply(uri: string) {
  const dates = async (configuration: InMemoryCacheConfig) => {
    const client = apollo(uri, configuration);
    const { data } = await client.query({ query: Timeline, variables: { clientId: "1100", first: 20 } });
    assert.ok(data?.activities);
    return data.activities.edges.filter(({ node }) => unmasked(Happening, node).date?.dateTime).length;
  };
  assert.equal(await dates({ possibleTypes, typePolicies }), 20);
  assert.equal(await dates({ typePolicies }), 0, "without possible types nothing is dated");
  return "20 of 20 dated, 0 without possible types";
}

/** What the cache shows otherwise than it was sent, and what was sent. */
async function spoiled(uri: string, rewrite?: (answer: unknown) => unknown, configuration?: InMemoryCacheConfig) {
  const { answers, fetch } = recordingFetch(rewrite);
  const client = apollo(uri, configuration, { fetch });
  const request = { query: RecordedAndToday, variables: { clientId: "1100", first: 100 } };
  await client.query(request);
  const [answer] = answers;
  assert.equal(answers.length, 1);
  return { sent: answer?.data, spoiled: differences(client.readQuery(request), answer?.data) };
}

/** What was recorded stays what it was, beside what is so today, however often names change. */
export async function everyNameAndTimeIsTheGateways(uri: string) {
  const { sent, spoiled: wrong } = await spoiled(uri);
  assert.deepEqual(wrong, []);
  assert.deepEqual((await spoiled(uri, withNamesThatChange)).spoiled, []);
  const wrongNames: number[] = [];
  for (const [type, id] of Object.entries(ID_BY_SNAPSHOT)) {
    const configuration = { possibleTypes, typePolicies: { ...typePolicies, [type]: { keyFields: [id] } } };
    wrongNames.push(namesAndTimes((await spoiled(uri, withNamesThatChange, configuration)).spoiled));
    assert.ok(wrongNames.at(-1), `if a ${type} had an id, it would be shown in place of another`);
  }
  return `${sentNamesAndTimes(sent)}, none wrong; if a snapshot had an id, ${wrongNames.join(", ")} would be`;
}

/** Two components, at once or one after the other; how many requests they make, and whether both show everything. */
async function twoComponents(uri: string, isAtOnce: boolean, configuration?: InMemoryCacheConfig) {
  const { answers, fetch, settled } = recordingFetch();
  const client = apollo(uri, configuration, { fetch });
  const variables = { clientId: "1100" };
  const times = client.watchQuery({ query: AppointmentTimes, variables });
  const people = client.watchQuery({ query: AppointmentPeople, variables });
  const subscriptions = [times.subscribe({})];
  if (!isAtOnce) await settled();
  subscriptions.push(people.subscribe({}));
  await settled();
  const shown = [times, people].map((watched) => watched.getCurrentResult());
  subscriptions.forEach((subscription) => subscription.unsubscribe());
  const isComplete = shown.every((result) => result.dataState === "complete");
  const wrong = shown.flatMap(({ data }, index) => differences(data, answers[index]?.data));
  return { requests: answers.length, isComplete, wrong };
}

/** Two components that select different parts of one snapshot make a request each, and neither loses what it had. */
export async function twoComponentsMakeTwoRequests(uri: string) {
  for (const isAtOnce of [true, false]) {
    assert.deepEqual(await twoComponents(uri, isAtOnce), { requests: 2, isComplete: true, wrong: [] });
  }
  const { requests } = await twoComponents(uri, false, { possibleTypes });
  assert.ok(requests > 2, "without policies one would throw away what the other fetched");
  return `2 requests; without policies, ${requests}`;
}

/** A client's activities are one list as well, whether `nodes` or `edges` are selected. */
export async function aClientsPagesBecomeOneList(uri: string) {
  const lengths: number[] = [];
  for (const query of CLIENT_PAGES) {
    const client = apollo(uri);
    const watched = client.watchQuery({ query, variables: { clientId: "1100" } });
    const subscription = watched.subscribe({});
    await firstValueFrom(watched.pipe(filter((result) => result.dataState === "complete")));
    const page = () => client.readQuery({ query, variables: { clientId: "1100" } })?.client.activities;
    const ids = () => idsOn(page());
    lengths.push(ids().length);
    while (page()?.pageInfo.hasNextPage) {
      await watched.fetchMore({ variables: { after: page()?.pageInfo.endCursor ?? null } });
      assert.ok(ids().length > (lengths.at(-1) ?? 0), "the list grows");
      lengths.push(ids().length);
    }
    assert.deepEqual([ids().length, new Set(ids()).size], [page()?.totalCount, page()?.totalCount]);
    subscription.unsubscribe();
  }
  return `${lengths.join(", ")} activities`;
}

/** Codes stand in `extensions.code`; what could be read is there beside the errors. */
export async function errorsHaveCodes(uri: string) {
  const client = apollo(uri);
  const answer = await client.query({
    query: Timeline,
    variables: { clientId: "none-such", first: 1 },
    errorPolicy: "all",
  });
  assert.equal(answer.data?.activities, null);
  assert.ok(CombinedGraphQLErrors.is(answer.error));
  const groups = groupErrors(answer.error.errors).map(({ code, field }) => [code, field]);
  assert.deepEqual(groups, [["NOT_FOUND", "activities"]]);
  return "NOT_FOUND beside null";
}

