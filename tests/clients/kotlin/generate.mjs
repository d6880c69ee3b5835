// Writes Kotlin's data classes for the answer to Timeline.graphql, from schema.graphql alone.
// node generate.mjs

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { buildSchema, introspectionFromSchema } from "graphql";

// An imported quicktype-core is another than the one that its GraphQL part requires: every field would become nullable.
const require = createRequire(import.meta.url);
const { InputData, quicktype } = require("quicktype-core");
const { GraphQLInput } = require("quicktype-graphql-input");

const text = (path) => readFile(new URL(path, import.meta.url), "utf8");
const schema = introspectionFromSchema(buildSchema(await text("../../../schema.graphql")));
const query = new GraphQLInput();
await query.addSource({ name: "Timeline", schema: { data: schema }, query: await text("Timeline.graphql") });
const inputData = new InputData();
inputData.addInput(query);

const { lines } = await quicktype({
  inputData,
  lang: "kotlin",
  rendererOptions: { framework: "kotlinx", package: "timeline", "acronym-style": "camel" },
});
const folder = new URL("generated/", import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(new URL("Timeline.kt", folder), lines.join("\n"));
console.log(`ok: ${lines.filter((line) => /class /.test(line)).length} classes`);
