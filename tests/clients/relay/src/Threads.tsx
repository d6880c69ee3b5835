// A client's appointments, page by page: a thread for each, which has no id of its own.

import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";

import type { Threads_query$key } from "./__generated__/Threads_query.graphql.ts";
import type { ThreadsPageQuery } from "./__generated__/ThreadsPageQuery.graphql.ts";
import type { ThreadsQuery } from "./__generated__/ThreadsQuery.graphql.ts";
import type { Pages } from "./Timeline.tsx";

export function Threads({ clientId, onPages }: { clientId: string; onPages: (pages: Pages) => void }) {
  const query = useLazyLoadQuery<ThreadsQuery>(
    graphql`
      query ThreadsQuery($clientId: ID!) {
        ...Threads_query @arguments(clientId: $clientId)
      }
    `,
    { clientId },
  );
  return <Appointments query={query} onPages={onPages} />;
}

function Appointments({ query, onPages }: { query: Threads_query$key; onPages: (pages: Pages) => void }) {
  const { data, hasNext, loadNext, isLoadingNext } = usePaginationFragment<ThreadsPageQuery, Threads_query$key>(
    graphql`
      fragment Threads_query on Query
      @refetchable(queryName: "ThreadsPageQuery")
      @argumentDefinitions(
        clientId: { type: "ID!" }
        count: { type: "Int", defaultValue: 4 }
        cursor: { type: "String" }
      ) {
        client(id: $clientId) {
          appointmentThreads(phases: [PAST, CANCELLED], sort: DESC, first: $count, after: $cursor)
            @connection(key: "Threads_appointmentThreads", filters: ["phases", "sort"]) {
            totalCount
            edges {
              node {
                appointmentId
                client {
                  id
                }
                phase
                latest {
                  start {
                    dateTime
                  }
                }
              }
            }
          }
        }
      }
    `,
    query,
  );
  const nodes = data.client.appointmentThreads?.edges.map(({ node }) => node) ?? [];
  onPages({
    ids: nodes.map(({ appointmentId }) => appointmentId),
    total: data.client.appointmentThreads?.totalCount ?? 0,
    next: hasNext && !isLoadingNext ? () => void loadNext(4) : null,
  });
  return (
    <ol>
      {nodes.map(({ appointmentId, phase, latest }) => (
        <li key={appointmentId}>
          {phase} {latest.start?.dateTime}
        </li>
      ))}
    </ol>
  );
}
