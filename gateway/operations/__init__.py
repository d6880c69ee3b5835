"""From text to result: a GraphQL engine that could serve any schema."""
