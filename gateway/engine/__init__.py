"""A GraphQL engine that could serve any schema: from the text of an operation to its result."""
