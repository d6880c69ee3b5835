// Hive Gateway: which headers of the caller a subgraph gets. Credentials go to nobody else.

import { defineConfig } from "@graphql-hive/gateway";

const PASSED_ON = ["apikey", "token", "authorization", "traceparent", "x-request-id"];

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs({ request, subgraphName }) {
      if (subgraphName !== "activities") {
        return {};
      }
      const sent = PASSED_ON.map((name) => [name, request.headers.get(name)]);
      return Object.fromEntries(sent.filter(([, value]) => value !== null));
    },
  },
});
