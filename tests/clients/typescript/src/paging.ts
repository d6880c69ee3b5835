// The paging of the generated configuration of Apollo Client, in a cache alone.

import assert from "node:assert/strict";

import { gql, InMemoryCache } from "@apollo/client";

import { possibleTypes, typePolicies } from "./apollo-config.js";

type Connection = {
  totalCount?: number;
  precedingCount?: number;
  followingCount?: number;
  edges?: { cursor?: string; node: { id: string } }[];
  nodes?: { id: string }[];
  pageInfo?: Record<string, unknown>;
};
type Variables = { after?: string; before?: string; around?: string; first?: number };

const PAGE_INFO = "pageInfo { hasPreviousPage hasNextPage startCursor endCursor }";
const EDGES = `edges { cursor node { id } } ${PAGE_INFO}`;
const NODES = `nodes { id } ${PAGE_INFO}`;

const ids = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`);

/** A client's list of activities, which have the ids 1 to 9, in a cache. */
function timeline() {
  const cache = new InMemoryCache({ possibleTypes, typePolicies });
  const query = (selection: string) =>
    gql(`query ($after: String, $before: String, $around: ID, $first: Int) {
      activities(clientId: "1", after: $after, before: $before, around: $around, first: $first) { ${selection} }
    }`);
  const read = (selection: string, variables: Variables = {}) =>
    cache.readQuery<{ activities: Connection | null }>({ query: query(selection), variables })?.activities;
  return {
    read,
    shown: (selection: string) => {
      const connection = read(selection);
      const nodes = connection?.nodes ?? connection?.edges?.map(({ node }) => node);
      return nodes?.map(({ id }) => id);
    },
    /** The answer to a query of some activities. */
    write: (selection: string, first: number, last: number, variables: Variables = {}) => {
      const nodes = ids(first, last).map((id) => ({ __typename: "NoteActivity", id }));
      const activities = {
        __typename: "ActivityConnection",
        totalCount: 9,
        precedingCount: first - 1,
        followingCount: 9 - last,
        edges: nodes.map((node) => ({ __typename: "ActivityEdge", cursor: `c${node.id}`, node })),
        nodes,
        pageInfo: {
          __typename: "PageInfo",
          hasPreviousPage: first > 1,
          hasNextPage: last < 9,
          startCursor: `c${first}`,
          endCursor: `c${last}`,
        },
      };
      cache.writeQuery({ query: query(selection), variables, data: { activities } });
    },
    fail: (variables: Variables = {}) => cache.writeQuery({ query: query(EDGES), variables, data: { activities: null } }),
    evict: (id: string) => cache.evict({ id: cache.identify({ __typename: "NoteActivity", id }) ?? "" }),
  };
}

/** Forward and backward, with `edges`, with `nodes` or with both, in any order, there is one list without gaps. */
export async function pagesFollowEachOther() {
  const selections = [EDGES, NODES, `edges { node { id } } ${PAGE_INFO}`, `nodes { id } ${EDGES}`];
  for (const selection of selections) {
    const { write, shown, read } = timeline();
    write(selection, 4, 5);
    write(selection, 6, 7, { after: "c5" });
    write(selection, 2, 3, { before: "c4" });
    write(selection, 8, 9, { after: "c7" });
    assert.deepEqual(shown(selection), ids(2, 9), selection);
    const { __typename, ...pageInfo } = read(selection)?.pageInfo ?? {};
    assert.deepEqual(pageInfo, { hasPreviousPage: true, hasNextPage: false, startCursor: "c2", endCursor: "c9" });
    write(selection, 1, 1, { before: "c2" });
    assert.deepEqual(shown(selection), ids(1, 9), selection);
    assert.equal(read(selection)?.pageInfo?.["hasPreviousPage"], false);
  }
  return `${selections.length} selections`;
}

/** A page that comes twice, such as after a double click, is there once. */
export async function repeatedPagesAreThereOnce() {
  for (const selection of [EDGES, NODES, `nodes { id }`, `edges { node { id } }`]) {
    const { write, shown } = timeline();
    write(selection, 1, 3);
    write(selection, 4, 6, { after: "c3" });
    write(selection, 4, 6, { after: "c3" });
    assert.deepEqual(shown(selection), ids(1, 6), selection);
    write(selection, 2, 3, { before: "c4" });
    assert.deepEqual(shown(selection), ids(2, 6), selection);
  }
  return "forward and backward";
}

/** A page without a cursor is the whole list anew. */
export async function aListBeginsAnew() {
  const { write, shown, read } = timeline();
  write(EDGES, 1, 3);
  write(EDGES, 4, 6, { after: "c3" });
  write(EDGES, 1, 2);
  assert.deepEqual(shown(EDGES), ids(1, 2));
  assert.equal(read(EDGES)?.pageInfo?.["endCursor"], "c2");
  write("edges { node { id } }", 3, 4);
  assert.equal(read(EDGES), undefined, "what is known of the end of another list says nothing about this one");
  return "2 activities, then 2 others";
}

/** A page around an activity is the list anew, which grows from there in both directions with its counts. */
export async function aPlaceBeginsAList() {
  const selection = `precedingCount followingCount ${EDGES}`;
  const { write, shown, read } = timeline();
  const counts = () => [read(selection)?.precedingCount, read(selection)?.followingCount];
  write(selection, 1, 3);
  write(selection, 5, 7, { around: "6" });
  assert.deepEqual([shown(selection), counts()], [ids(5, 7), [4, 2]]);
  write(selection, 8, 9, { after: "c7" });
  assert.deepEqual([shown(selection), counts()], [ids(5, 9), [4, 0]]);
  write(selection, 3, 4, { before: "c5" });
  assert.deepEqual([shown(selection), counts()], [ids(3, 9), [2, 0]]);
  write(EDGES, 1, 3);
  assert.deepEqual([shown(EDGES), read(selection)], [ids(1, 3), undefined], "the counts of another list say nothing about this one");
  return "1 to 3, then 3 to 9";
}

/** A page of size zero at a place says how many activities precede it; the list remains as it is. */
export async function countsOfAPlaceAreItsOwn() {
  const { write, shown, read } = timeline();
  const selection = `precedingCount ${EDGES}`;
  write(selection, 1, 3);
  write(selection, 7, 6, { around: "7", first: 0 });
  assert.equal(read("precedingCount", { around: "7", first: 0 })?.precedingCount, 6);
  assert.deepEqual([shown(selection), read("precedingCount")?.precedingCount], [ids(1, 3), 0]);
  return "6 before the place, 0 before the list";
}

/** What one component selects of a list does not take away what another selects. */
export async function selectionsOfOneListCompleteEachOther() {
  const { write, shown, read } = timeline();
  write("totalCount", 1, 0);
  write("edges { cursor node { id } } pageInfo { endCursor }", 1, 3);
  write("nodes { id } pageInfo { hasNextPage }", 1, 3);
  assert.equal(read(`totalCount edges { cursor } pageInfo { endCursor hasNextPage }`)?.edges?.length, 3);
  write("nodes { id } pageInfo { endCursor hasNextPage }", 4, 6, { after: "c3" });
  assert.deepEqual(shown("nodes { id } pageInfo { endCursor hasNextPage }"), ids(1, 6));
  write("edges { cursor }", 1, 3);
  assert.deepEqual(shown("nodes { id }"), ids(1, 3));
  return "edges, nodes, cursors and counts";
}

/** Where a further page fails, the list remains; where the list itself fails, it is null. */
export async function failedPagesLeaveTheOthers() {
  const { fail, write, shown, read } = timeline();
  fail({ after: "c3" });
  assert.equal(read(EDGES), null);
  write(EDGES, 1, 3);
  fail({ after: "c3" });
  assert.deepEqual(shown(EDGES), ids(1, 3));
  fail();
  assert.equal(read(EDGES), null);
  return "a list, then null";
}

/** An empty page changes nothing but how the list ends. */
export async function emptyPagesEndAList() {
  const { write, shown, read } = timeline();
  write(NODES, 1, 3);
  write("nodes { id } pageInfo { hasNextPage }", 9, 8, { after: "c3" });
  assert.deepEqual(shown("nodes { id }"), ids(1, 3));
  assert.equal(read("pageInfo { hasPreviousPage }")?.pageInfo?.["hasPreviousPage"], false);
  write(NODES, 9, 8);
  assert.deepEqual(shown(NODES), []);
  return "3 activities, then none";
}

/** An activity that was evicted from the cache is not shown any more. */
export async function evictedActivitiesAreGone() {
  const { write, shown, evict } = timeline();
  write(NODES, 1, 3);
  evict("2");
  assert.deepEqual(shown(NODES), ["1", "3"]);
  return "2 of 3";
}
