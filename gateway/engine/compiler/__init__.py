"""The compiler: turns an operation into generated Python functions, from upstream JSON to the response.

The passes, in order: `collect_fields` (CollectFields: the fields of each type, merged), `projection` (Structs
with only those attributes of each record that the fields need), `codegen` (code generation: one function for
each selection, of `expressions`; `leaf_values` serializes scalars and enums), `compiled_query` (all passes
together). For each request, `runtime` runs the functions; `pending` has the fields that wait for loads and
resolvers; in `fallback`, graphql-core executes the parts that a compiled query cannot answer.
"""
