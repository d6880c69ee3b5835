// A client's timeline, page by page: a refetchable fragment on Query.

import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";

import type { Timeline_query$key } from "./__generated__/Timeline_query.graphql.ts";
import type { TimelineQuery } from "./__generated__/TimelineQuery.graphql.ts";
import type { TimelinePageQuery } from "./__generated__/TimelinePageQuery.graphql.ts";

export type Pages = { ids: readonly string[]; total: number; next: (() => void) | null };

export function Timeline({ clientId, onPages }: { clientId: string; onPages: (pages: Pages) => void }) {
  const query = useLazyLoadQuery<TimelineQuery>(
    graphql`
      query TimelineQuery($clientId: ID!) {
        ...Timeline_query @arguments(clientId: $clientId)
      }
    `,
    { clientId },
  );
  return <Activities query={query} onPages={onPages} />;
}

function Activities({ query, onPages }: { query: Timeline_query$key; onPages: (pages: Pages) => void }) {
  const { data, hasNext, loadNext, isLoadingNext } = usePaginationFragment<TimelinePageQuery, Timeline_query$key>(
    graphql`
      fragment Timeline_query on Query
      @refetchable(queryName: "TimelinePageQuery")
      @argumentDefinitions(
        clientId: { type: "ID!" }
        count: { type: "Int", defaultValue: 30 }
        cursor: { type: "String" }
      ) {
        activities(clientId: $clientId, sort: DESC, first: $count, after: $cursor)
          @connection(key: "Timeline_activities") {
          totalCount
          edges {
            node {
              __typename
              id
              date {
                dateTime
              }
              ... on AppointmentActivity {
                appointment {
                  appointmentId
                  status
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
  const nodes = data.activities?.edges.map(({ node }) => node) ?? [];
  onPages({
    ids: nodes.map(({ id }) => id),
    total: data.activities?.totalCount ?? 0,
    next: hasNext && !isLoadingNext ? () => void loadNext(30) : null,
  });
  return (
    <ol>
      {nodes.map((node) => (
        <li key={node.id}>
          {node.date?.dateTime ?? "undated"}{" "}
          {node.__typename === "AppointmentActivity" ? node.appointment?.status : node.__typename}
        </li>
      ))}
    </ol>
  );
}
