// graphql-request: for scripts and servers, with no cache.

import assert from "node:assert/strict";

import { ClientError, GraphQLClient } from "graphql-request";

import type { Activity } from "./activity.js";
import { Timeline } from "./documents.js";
import type { TimelineQuery } from "./gql/graphql.js";

/** The REST API's credentials go into the headers; the sandbox does without. */
export function client(url: string, headers: Record<string, string> = {}) {
  return new GraphQLClient(url, { headers });
}

/** All activities, page by page. */
export async function* activities(gateway: GraphQLClient, clientId: string): AsyncGenerator<Activity> {
  let after: string | null = null;
  do {
    const { activities: page }: TimelineQuery = await gateway.request(Timeline, { clientId, first: 40, after });
    if (!page) return;
    for (const { node } of page.edges) yield node;
    after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
  } while (after !== null);
}

export async function pagesLeadToTheEnd(url: string) {
  const ids: string[] = [];
  for await (const { id } of activities(client(url), "1100")) ids.push(id);
  const { activities: page } = await client(url).request(Timeline, { clientId: "1100", first: 1 });
  assert.deepEqual([ids.length, new Set(ids).size], [page?.totalCount, page?.totalCount]);
  return `${ids.length} activities`;
}

export async function credentialsThatAreWrongAreSaidToBe(url: string) {
  const wrong = client(url, { apiKey: "wrong", token: "wrong" });
  const error: unknown = await wrong.request(Timeline, { clientId: "1100" }).catch((reason: unknown) => reason);
  assert.ok(error instanceof ClientError);
  assert.deepEqual(error.response.errors?.map(({ extensions }) => extensions["code"]), ["UNAUTHENTICATED"]);
  return "UNAUTHENTICATED";
}
