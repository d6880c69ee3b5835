// Relay's environment: where the gateway is, and which records have an identity.

import { Environment, type GraphQLResponse, Network, RecordSource, Store } from "relay-runtime";

export type Identify = (node: Record<string, unknown>, type: string) => unknown;

/**
 * The gateway's ids are the upstream's, unique within a type. A snapshot has none, and stays where it was found.
 * A thread is one of a client and an appointment.
 */
const byId: Identify = (node, type) => {
  if (type !== "AppointmentThread") return node["id"] && `${type}:${node["id"]}`;
  const { client, appointmentId } = node as { client?: { id?: string }; appointmentId?: string };
  return client?.id && appointmentId && `${type}:${client.id}:${appointmentId}`;
};

export type Options = { identify?: Identify; rewrite?: (answer: unknown) => unknown };

/** An environment, with the answers that it was given; each is what `rewrite` makes of the gateway's. */
export function environment(url: string, { identify = byId, rewrite = (answer) => answer }: Options = {}) {
  const answers: { data?: unknown }[] = [];
  const relay = new Environment({
    network: Network.create(async ({ text, name }, variables) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
        body: JSON.stringify({ query: text, operationName: name, variables }),
      });
      const answer = rewrite(await response.json()) as GraphQLResponse & { data?: unknown };
      answers.push(answer);
      return answer;
    }),
    store: new Store(new RecordSource()),
    getDataID: identify as (node: Record<string, unknown>, type: string) => string,
  });
  return { relay, answers };
}
