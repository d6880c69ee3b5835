// Lints schema.graphql with graphql-eslint, and a schema that breaks rules, to see that they are kept.
// node lint.mjs

import { fileURLToPath } from "node:url";

import { ESLint } from "eslint";

import config from "./eslint.config.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EXPECTED = [
  "@graphql-eslint/naming-convention",
  "@graphql-eslint/no-hashtag-description",
  "@graphql-eslint/no-unreachable-types",
  "@graphql-eslint/relay-connection-types",
  "@graphql-eslint/require-deprecation-reason",
  "@graphql-eslint/require-description",
  "here/dated-deprecation",
];

/** What the rules have against a file, as one message each. */
async function complaints(file) {
  const eslint = new ESLint({ cwd: ROOT, overrideConfigFile: true, overrideConfig: config(`${ROOT}/${file}`) });
  const results = await eslint.lintFiles([file]);
  return results.flatMap((result) => result.messages);
}

const found = await complaints("schema.graphql");
for (const { line, ruleId, message } of found) console.log(`schema.graphql:${line} ${ruleId}: ${message}`);
const broken = new Set((await complaints("tests/clients/rules/broken.graphql")).map(({ ruleId }) => ruleId));
const missed = EXPECTED.filter((rule) => !broken.has(rule));
for (const rule of missed) console.log(`${rule} says nothing of broken.graphql`);
console.log(`${found.length} complaints; ${EXPECTED.length - missed.length} of ${EXPECTED.length} rules find broken.graphql wanting`);
if (found.length + missed.length > 0) process.exitCode = 1;
