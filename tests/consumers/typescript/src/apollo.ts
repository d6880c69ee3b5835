// Apollo Client: its set-up, and what its cache makes of snapshots.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

import { ApolloClient, type DocumentNode, gql, HttpLink, InMemoryCache, type InMemoryCacheConfig } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { filter, firstValueFrom } from "rxjs";

import { groupErrors, possibleTypes, typePolicies } from "./apollo-config.js";
import { Happening, Timeline } from "./documents.js";
import { unmasked } from "./gql/index.js";

/** `apollo-config.ts` is what `gateway schema client-config apollo` writes. */
export function apollo(uri: string, configuration: InMemoryCacheConfig = { possibleTypes, typePolicies }) {
  return new ApolloClient({ cache: new InMemoryCache(configuration), link: new HttpLink({ uri }) });
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

const STATES = gql`
  query States {
    activities(clientId: "1100", kinds: [APPOINTMENT], first: 100) {
      edges {
        node {
          id
          ... on AppointmentActivity {
            appointment {
              appointmentId
              status
              notes
              start {
                dateTime
              }
            }
          }
        }
      }
    }
  }
`;

/** The same, as if snapshots had ids. */
const WITH_IDS: DocumentNode = gql(
  STATES.loc!.source.body.replace("appointmentId", "id: appointmentId").replace("States", "StatesWithIds"),
);

type States = {
  activities: { edges: { node: { id: string; appointment: Record<string, unknown> | null } }[] };
};

/** How many activities the cache shows otherwise than the gateway sent them. */
async function spoiled(uri: string, query: DocumentNode, configuration?: InMemoryCacheConfig) {
  const client = apollo(uri, configuration);
  const { data: fromCache } = await client.query<States>({ query });
  const { data: sent } = await client.query<States>({ query, fetchPolicy: "no-cache" });
  assert.ok(fromCache && sent);
  const states = sent.activities.edges.map(({ node }) => node);
  const ids = states.map(({ appointment }) => appointment?.["appointmentId"] ?? appointment?.["id"]);
  assert.ok(new Set(ids).size < ids.length, "some appointment has several snapshots");
  const shown = fromCache.activities.edges.map(({ node }) => node);
  assert.equal(shown.length, states.length);
  return shown.filter((node, at) => !isDeepStrictEqual(node, states[at])).length;
}

/**
 * Two snapshots of one appointment stay two, since they have no id, not even where an alias looks like one.
 * Without the configuration, one would become the other.
 */
export async function snapshotsStayApart(uri: string) {
  assert.equal(await spoiled(uri, STATES), 0);
  assert.equal(await spoiled(uri, WITH_IDS), 0);
  const merged = await spoiled(uri, WITH_IDS, { possibleTypes });
  assert.ok(merged > 0, "with ids the cache would merge snapshots");
  return `no snapshot is another's; with ids, ${merged} would be`;
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

