// What the schema must be, beyond valid: every rule for schemas that graphql-eslint has, but for those named below.

import graphql from "@graphql-eslint/eslint-plugin";

const DATE = /\b\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b/;

/** graphql-eslint wants the date in an argument that GraphQL's own `@deprecated` does not have. */
const datedDeprecation = {
  meta: { type: "problem", schema: [] },
  create: (context) => ({
    "Directive[name.value=deprecated]"(node) {
      const reason = node.arguments.find((argument) => argument.name.value === "reason");
      if (!DATE.test(reason?.value.value ?? "")) {
        context.report({ node: node.name, message: "The reason must tell from which date on: YYYY-MM-DD" });
      }
    },
  }),
};

const everything = Object.fromEntries(
  ["schema-recommended", "schema-all", "schema-relay"].flatMap((name) => Object.entries(graphql.configs[`flat/${name}`].rules)),
);

const deliberately = {
  // Fields stand in the order in which people read them.
  "@graphql-eslint/alphabetize": "off",
  // Only entities and activities have an `id`: caches must not merge two snapshots.
  "@graphql-eslint/strict-id-in-types": "off",
  // `User.userName` is the upstream's word, and says what it is.
  "@graphql-eslint/no-typename-prefix": "off",
  // Lists that are short by nature, such as the changes of an activity, need no pages. An appointment thread
  // has no `id`, so it is no `Node`.
  "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
  // `Query.client` reads nothing, so it cannot fail.
  "@graphql-eslint/require-nullable-result-in-root": "off",
  // See `dated-deprecation`.
  "@graphql-eslint/require-deprecation-date": "off",
};

export default (schema) => [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql, here: { rules: { "dated-deprecation": datedDeprecation } } },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true },
    rules: {
      ...everything,
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
        },
      ],
      "here/dated-deprecation": "error",
      ...deliberately,
    },
  },
];
