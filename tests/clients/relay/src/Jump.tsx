// A client's timeline around one activity, which grows in both directions. A request for a further page takes the place back:
// the gateway refuses a cursor beside it. `next` has no default value, which Relay would send in place of null.

import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";

import type { Jump_query$key } from "./__generated__/Jump_query.graphql.ts";
import type { JumpPageQuery } from "./__generated__/JumpPageQuery.graphql.ts";
import type { JumpQuery } from "./__generated__/JumpQuery.graphql.ts";
import type { Pages } from "./Timeline.tsx";

export type BothWays = Pages & { previous: (() => void) | null };

const NO_PLACE = { UNSTABLE_extraVariables: { around: null } };

export function Jump({ clientId, around, onPages }: { clientId: string; around: string; onPages: (pages: BothWays) => void }) {
  const query = useLazyLoadQuery<JumpQuery>(
    graphql`
      query JumpQuery($clientId: ID!, $around: ID) {
        ...Jump_query @arguments(clientId: $clientId, around: $around, next: 11)
      }
    `,
    { clientId, around },
  );
  return <Activities query={query} onPages={onPages} />;
}

function Activities({ query, onPages }: { query: Jump_query$key; onPages: (pages: BothWays) => void }) {
  const { data, hasNext, loadNext, hasPrevious, loadPrevious } = usePaginationFragment<JumpPageQuery, Jump_query$key>(
    graphql`
      fragment Jump_query on Query
      @refetchable(queryName: "JumpPageQuery")
      @argumentDefinitions(
        clientId: { type: "ID!" }
        around: { type: "ID" }
        next: { type: "Int" }
        after: { type: "String" }
        previous: { type: "Int" }
        before: { type: "String" }
      ) {
        activities(clientId: $clientId, around: $around, sort: DESC, first: $next, after: $after, last: $previous, before: $before)
          @connection(key: "Jump_activities", filters: ["clientId", "sort"]) {
          totalCount
          edges {
            node {
              id
            }
          }
        }
      }
    `,
    query,
  );
  const ids = data.activities?.edges.map(({ node }) => node.id) ?? [];
  onPages({
    ids,
    total: data.activities?.totalCount ?? 0,
    next: hasNext ? () => void loadNext(30, NO_PLACE) : null,
    previous: hasPrevious ? () => void loadPrevious(30, NO_PLACE) : null,
  });
  return (
    <ol>
      {ids.map((id) => (
        <li key={id}>{id}</li>
      ))}
    </ol>
  );
}
