"""A GraphQL engine that could serve any schema: prepares, limits, compiles and executes operations."""
