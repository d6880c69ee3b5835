// A client's timeline, page by page, below the client: a refetchable fragment on Query, since a client is no Node.

import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";

import type { ClientTimeline_query$key } from "./__generated__/ClientTimeline_query.graphql.ts";
import type { ClientTimelinePageQuery } from "./__generated__/ClientTimelinePageQuery.graphql.ts";
import type { ClientTimelineQuery } from "./__generated__/ClientTimelineQuery.graphql.ts";
import type { Pages } from "./Timeline.tsx";

export function ClientTimeline({ clientId, onPages }: { clientId: string; onPages: (pages: Pages) => void }) {
  const query = useLazyLoadQuery<ClientTimelineQuery>(
    graphql`
      query ClientTimelineQuery($clientId: ID!) {
        ...ClientTimeline_query @arguments(clientId: $clientId)
      }
    `,
    { clientId },
  );
  return <Activities query={query} onPages={onPages} />;
}

function Activities({ query, onPages }: { query: ClientTimeline_query$key; onPages: (pages: Pages) => void }) {
  const { data, hasNext, loadNext, isLoadingNext } = usePaginationFragment<ClientTimelinePageQuery, ClientTimeline_query$key>(
    graphql`
      fragment ClientTimeline_query on Query
      @refetchable(queryName: "ClientTimelinePageQuery")
      @argumentDefinitions(
        clientId: { type: "ID!" }
        count: { type: "Int", defaultValue: 30 }
        cursor: { type: "String" }
      ) {
        client(id: $clientId) {
          activities(sort: DESC, first: $count, after: $cursor)
            @connection(key: "ClientTimeline_activities") {
            totalCount
            edges {
              node {
                id
                kind
              }
            }
          }
        }
      }
    `,
    query,
  );
  const nodes = data.client.activities?.edges.map(({ node }) => node) ?? [];
  onPages({
    ids: nodes.map(({ id }) => id),
    total: data.client.activities?.totalCount ?? 0,
    next: hasNext && !isLoadingNext ? () => void loadNext(30) : null,
  });
  return (
    <ol>
      {nodes.map(({ id, kind }) => (
        <li key={id}>{kind}</li>
      ))}
    </ol>
  );
}
