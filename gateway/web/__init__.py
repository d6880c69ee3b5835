"""The HTTP application: middleware, the GraphQL endpoint, GraphiQL and health checks."""
