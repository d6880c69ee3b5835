// Jumps to an activity and to a date, in the caches of Apollo Client and urql.

import assert from "node:assert/strict";

import { filter, firstValueFrom } from "rxjs";

import { apollo } from "./apollo.js";
import { graphql } from "./gql/index.js";
import type { PlacesQuery } from "./gql/graphql.js";
import { urql } from "./urql.js";

/** A list of activities that a page shows from any place on. */
const Places = graphql(`
  query Places(
    $clientId: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $around: ID
    $startingAt: DateTime
  ) {
    activities(
      clientId: $clientId
      first: $first
      after: $after
      last: $last
      before: $before
      around: $around
      startingAt: $startingAt
    ) {
      totalCount
      precedingCount
      nodes {
        id
        date {
          instant
        }
      }
      followingCount
      pageInfo {
        hasPreviousPage
        startCursor
        hasNextPage
        endCursor
      }
    }
  }
`);

type List = NonNullable<PlacesQuery["activities"]>;

const CLIENT = "1100";
const DATE = "2025-03-01T00:00:00Z";

const idsOf = (list: List) => list.nodes.map(({ id }) => id);

/** What the cache shows is a part of the whole list, and its counts are those of this part. */
function assertIsPart(list: List | null | undefined, whole: string[]) {
  assert.ok(list);
  assert.deepEqual(idsOf(list), whole.slice(list.precedingCount, whole.length - list.followingCount));
  assert.deepEqual([list.pageInfo.hasPreviousPage, list.pageInfo.hasNextPage], [list.precedingCount > 0, list.followingCount > 0]);
  return list;
}

/** Apollo Client: a list jumps by `fetchMore`, and grows from the place in both directions to the whole list. */
export async function apolloJumps(uri: string) {
  const { data } = await apollo(uri).query({ query: Places, variables: { clientId: CLIENT, first: 100 } });
  assert.ok(data?.activities);
  const whole = idsOf(data.activities);
  const client = apollo(uri);
  const variables = { clientId: CLIENT, first: 11 };
  const watched = client.watchQuery({ query: Places, variables });
  const subscription = watched.subscribe({});
  await firstValueFrom(watched.pipe(filter((result) => result.dataState === "complete")));
  const list = () => assertIsPart(client.readQuery({ query: Places, variables })?.activities, whole);
  assert.equal(list().precedingCount, 0);
  const around = whole[60]!;
  await watched.fetchMore({ variables: { around } });
  assert.deepEqual([list().nodes.length, list().precedingCount, idsOf(list())[5]], [11, 55, around]);
  const later = { around: null, startingAt: null };
  await watched.fetchMore({ variables: { ...later, after: list().pageInfo.endCursor } });
  await watched.fetchMore({ variables: { ...later, first: null, last: 20, before: list().pageInfo.startCursor } });
  assert.deepEqual([list().nodes.length, list().precedingCount], [42, 35]);
  await watched.fetchMore({ variables: { startingAt: DATE } });
  assert.equal(list().nodes.length, 11);
  assert.ok((list().nodes[0]?.date?.instant ?? "") >= DATE);
  while (list().pageInfo.hasNextPage) {
    await watched.fetchMore({ variables: { ...later, first: 50, after: list().pageInfo.endCursor } });
  }
  while (list().pageInfo.hasPreviousPage) {
    await watched.fetchMore({ variables: { ...later, first: null, last: 50, before: list().pageInfo.startCursor } });
  }
  assert.deepEqual(idsOf(list()), whole);
  subscription.unsubscribe();
  return `2 jumps, then all ${whole.length}`;
}

/** urql: a page around an activity stands alone, and pages that follow it, or precede it, are one list with it. */
export async function urqlJumps(url: string) {
  const client = urql(url);
  const page = async (variables: Record<string, unknown>) => {
    const { data, error } = await client.query(Places, { clientId: CLIENT, ...variables }).toPromise();
    assert.equal(error, undefined);
    assert.ok(data?.activities);
    return data.activities;
  };
  const whole = idsOf(await page({ first: 100 }));
  const around = whole[60]!;
  const jump = assertIsPart(await page({ first: 11, around }), whole);
  assert.deepEqual([jump.nodes.length, jump.precedingCount], [11, 55]);
  const further = assertIsPart(await page({ first: 11, after: jump.pageInfo.endCursor }), whole);
  assert.deepEqual([further.nodes.length, further.precedingCount, further.followingCount], [22, 55, 23]);
  const earlier = assertIsPart(await page({ last: 20, before: jump.pageInfo.startCursor }), whole);
  assert.deepEqual([earlier.nodes.length, earlier.precedingCount, earlier.followingCount], [31, 35, 34]);
  const date = assertIsPart(await page({ first: 3, startingAt: DATE }), whole);
  assert.deepEqual([date.nodes.length, (date.nodes[0]?.date?.instant ?? "") >= DATE], [3, true]);
  return `${further.nodes.length} activities forward, ${earlier.nodes.length} backward`;
}
