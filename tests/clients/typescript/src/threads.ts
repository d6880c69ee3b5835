// Appointment threads: page by page in the caches of Apollo Client and urql.

import assert from "node:assert/strict";

import { filter, firstValueFrom } from "rxjs";

import { apollo } from "./apollo.js";
import { graphql } from "./gql/index.js";
import type { ThreadsQuery } from "./gql/graphql.js";
import { recordingFetch } from "./recorded-and-today.js";
import { urql } from "./urql.js";

/** A list of appointments; `appointmentId` and the client's `id` are the key of a thread. */
const Threads = graphql(`
  query Threads($clientId: ID!, $phases: [AppointmentPhase!], $after: String) {
    client(id: $clientId) {
      id
      appointmentThreads(phases: $phases, sort: DESC, first: 3, after: $after) {
        totalCount
        nodes {
          appointmentId
          client {
            id
          }
          phase
          latest {
            status
            start {
              dateTime
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

/** What another component shows of the same list. */
const ThreadSteps = graphql(`
  query ThreadSteps($clientId: ID!, $phases: [AppointmentPhase!]) {
    client(id: $clientId) {
      id
      appointmentThreads(phases: $phases, sort: DESC, first: 3) {
        edges {
          cursor
          node {
            appointmentId
            client {
              id
            }
            rescheduleCount
            steps {
              id
              event
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

type Page = ThreadsQuery["client"]["appointmentThreads"];

const ALL = { clientId: "1100" };
const CANCELLED = { clientId: "1100", phases: ["CANCELLED" as const] };

/** The ids of all appointments of a list, each once, in the list's order. */
function idsOf(page: Page): string[] {
  assert.ok(page);
  const ids = page.nodes.map(({ appointmentId }) => appointmentId);
  assert.deepEqual([ids.length, new Set(ids).size], [page.totalCount, page.totalCount]);
  return ids;
}

/** The lists of all and of some phases are two lists of the same threads. */
function oneIsPartOfTheOther([all, some]: Page[]) {
  const ids = idsOf(all);
  const cancelled = all?.nodes.filter(({ phase }) => phase === "CANCELLED").map(({ appointmentId }) => appointmentId);
  assert.deepEqual(idsOf(some), cancelled);
  assert.ok(ids.length > 6 && cancelled && cancelled.length > 0);
  return `${ids.length} threads in one list, ${cancelled.length} of one phase in another`;
}

/** Apollo Client: each page is fetched after the one before, to the end of the list. */
export async function apolloPagesThreads(uri: string) {
  const client = apollo(uri);
  const lists: Page[] = [];
  for (const variables of [ALL, CANCELLED]) {
    const watched = client.watchQuery({ query: Threads, variables });
    const subscription = watched.subscribe({});
    await firstValueFrom(watched.pipe(filter((result) => result.dataState === "complete")));
    const page = () => client.readQuery({ query: Threads, variables })?.client.appointmentThreads;
    while (page()?.pageInfo.hasNextPage) {
      const length = page()?.nodes.length ?? 0;
      await watched.fetchMore({ variables: { after: page()?.pageInfo.endCursor ?? null } });
      assert.ok((page()?.nodes.length ?? 0) > length, "the list grows");
    }
    lists.push(page());
    subscription.unsubscribe();
  }
  return oneIsPartOfTheOther(lists);
}

/** urql: a query for any page reads all pages up to that one. */
export async function urqlPagesThreads(url: string) {
  const client = urql(url);
  const lists: Page[] = [];
  for (const variables of [ALL, CANCELLED]) {
    let after: string | null = null;
    let length = 0;
    do {
      const answer = await client.query(Threads, { ...variables, after }).toPromise();
      const page: Page = answer.data?.client.appointmentThreads;
      assert.ok(page && page.nodes.length > length, "the list grows");
      length = page.nodes.length;
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
      if (after === null) lists.push(page);
    } while (after !== null);
  }
  return oneIsPartOfTheOther(lists);
}

/** Two components that select different parts of the same threads make a request each. */
export async function twoComponentsShareThreads(uri: string) {
  const { answers, fetch, settled } = recordingFetch();
  const client = apollo(uri, undefined, { fetch });
  const lines = client.watchQuery({ query: Threads, variables: ALL });
  const steps = client.watchQuery({ query: ThreadSteps, variables: ALL });
  const subscriptions = [lines.subscribe({}), steps.subscribe({})];
  await settled();
  assert.deepEqual([lines, steps].map((watched) => watched.getCurrentResult().dataState), ["complete", "complete"]);
  subscriptions.forEach((subscription) => subscription.unsubscribe());
  assert.equal(answers.length, 2);
  const graphcache = urql(uri, undefined, { fetch });
  for (const query of [Threads, ThreadSteps]) await graphcache.query(query, ALL).toPromise();
  for (const query of [Threads, ThreadSteps]) {
    const { data } = await graphcache.query(query, ALL, { requestPolicy: "cache-only" }).toPromise();
    assert.ok(data?.client.appointmentThreads);
  }
  assert.equal(answers.length, 4);
  return "2 requests of each client";
}
