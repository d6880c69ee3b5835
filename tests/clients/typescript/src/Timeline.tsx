// React with Apollo Client: a client's timeline, page by page, and what is said where something is missing.

import { useState } from "react";

import type { ApolloClient, ErrorLike } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { ApolloProvider, useQuery } from "@apollo/client/react";

import { subject, when } from "./activity.js";
import { Timeline as TimelineDocument } from "./documents.js";

/** `client` is made once for the whole app, by `apollo` in apollo.ts. */
export function App({ client, clientId }: { client: ApolloClient; clientId: string }) {
  return (
    <ApolloProvider client={client}>
      <Timeline clientId={clientId} />
    </ApolloProvider>
  );
}

export function Timeline({ clientId }: { clientId: string }) {
  const { data, error, loading, fetchMore, refetch } = useQuery(TimelineDocument, {
    variables: { clientId, first: 10 },
    errorPolicy: "all", // what could be read is shown beside what went wrong
  });
  const [troubleWithNext, setTroubleWithNext] = useState<ErrorLike>();

  const page = data?.activities;
  const after = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  const next = async () => setTroubleWithNext((await fetchMore({ variables: { after }, errorPolicy: "all" })).error);
  return (
    <section>
      {error && <Trouble error={error} again={refetch} />}
      <ol>
        {page?.edges.map(({ node }) => (
          <li key={node.id}>
            {when(node).shown}: {subject(node)}
          </li>
        ))}
      </ol>
      {troubleWithNext && <Trouble error={troubleWithNext} again={next} />}
      {page && <p>{`${page.edges.length} of ${page.totalCount}`}</p>}
      {after && <button onClick={next} disabled={loading}>Show more</button>}
      {loading && <p role="status">Loading…</p>}
    </section>
  );
}

/** What users read about a code: an error's message is written for developers. */
const EXPLANATIONS: Partial<Record<string, string>> = {
  NOT_FOUND: "Unknown client.",
  UNAUTHENTICATED: "Please sign in again.",
  UPSTREAM_CONTRACT_BROKEN: "Some activities cannot be shown.",
};

function Trouble({ error, again }: { error: ErrorLike; again: () => unknown }) {
  const failures = CombinedGraphQLErrors.is(error) ? error.errors.map(({ extensions }) => extensions) : null;
  const explanations = failures?.map((failure) => EXPLANATIONS[String(failure?.["code"])] ?? "Something is missing.");
  const retryable = failures?.some((failure) => failure?.["retryable"] === true) ?? true;
  return (
    <p role="alert">
      {explanations ? [...new Set(explanations)].join(" ") : "There is no connection."}
      {retryable && <button onClick={again}>Try again</button>}
    </p>
  );
}
