// The compiler must refuse what stands in refused/, in these words: else the types promise nothing.
// Nor may there be types where nothing says what a scalar is.
// node refused.mjs

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const EXPECTED = [
  "refused/a-kind-without-a-case.ts TS2322", // UnknownActivity is not never
  "refused/another-kinds-field.ts TS2339", // a note has no `appointment`
  "refused/another-kinds-field.ts TS18046", // `payload` is unknown
  "refused/another-kinds-field.ts TS2339", // `kind` is not selected
];

process.chdir(import.meta.dirname);
const run = (tool, ...options) => spawnSync(`node_modules/.bin/${tool}`, options, { encoding: "utf8" });

const { stdout } = run("tsc", "--pretty", "false", "-p", "tsconfig.refused.json");
const found = [...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error (TS\d+)/gm)].map(([, file, code]) => `${file} ${code}`);
assert.deepEqual(found, EXPECTED, stdout);
console.log(`ok: the compiler refuses ${found.length} mistakes`);

const mapped = readFileSync("codegen.ts", "utf8");
const unmapped = mapped.replace("scalars,", "scalars: { ...scalars, JSON: undefined },").replace("./src/", "../src/");
assert.notEqual(unmapped, mapped);
writeFileSync("build/codegen.ts", unmapped);
const { status, stderr } = run("graphql-codegen", "--config", "build/codegen.ts");
assert.notEqual(status, 0);
assert.match(stderr, /Unknown scalar type JSON/);
console.log("ok: nothing is generated where a scalar has no type");
