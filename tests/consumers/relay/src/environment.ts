// Relay's environment: where the gateway is, and which records have an identity.

import { Environment, Network, RecordSource, Store } from "relay-runtime";

export function environment(url: string): Environment {
  return new Environment({
    network: Network.create(async ({ text, name }, variables) => {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
        body: JSON.stringify({ query: text, operationName: name, variables }),
      });
      return answer.json();
    }),
    store: new Store(new RecordSource()),
    // The gateway's ids are the upstream's, unique within a type. A snapshot has none, and stays where it was found.
    getDataID: (node, type) => node["id"] && `${type}:${node["id"]}`,
  });
}
