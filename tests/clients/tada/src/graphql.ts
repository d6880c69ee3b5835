// gql.tada: documents are typed as they are written, with nothing to generate but the schema's types.

import { initGraphQLTada } from "gql.tada";

import type { introspection } from "./graphql-env.js";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; LocalDate: string; LocalDateTime: string; TimeZone: string; URL: string; JSON: unknown };
}>();
