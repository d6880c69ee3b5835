"""Plans: an operation made one function, from what the upstream sent to what the caller asked for.

The passes, in order: `selections` (what is selected of each type, merged), `shapes` (what of each record that
needs), `source` (the functions, as Python: each a `body` of expressions, laid out as `statements`), `plan` (all
of it put together); then, for each request, `run`, with `rest` for what only graphql-core can answer.
"""
