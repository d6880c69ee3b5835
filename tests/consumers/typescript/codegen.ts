import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../../schema.graphql",
  documents: "src/**/*.ts",
  emitLegacyCommonJSImports: false,
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: { unmaskFunctionName: "unmasked" } },
      config: {
        strictScalars: true,
        useTypeImports: true,
        scalars: {
          DateTime: "string", // an instant: new Date(value)
          LocalDateTime: "string", // no instant: show it as it is, beside its time zone
          TimeZone: "string",
          URL: "string",
          JSON: "unknown",
        },
      },
    },
  },
};

export default config;
