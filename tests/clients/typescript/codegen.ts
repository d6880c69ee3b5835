import type { CodegenConfig } from "@graphql-codegen/cli";

import { scalars } from "./src/apollo-config.js";

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
        scalars,
      },
    },
  },
};

export default config;
