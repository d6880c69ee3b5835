// The compiler must refuse what stands in refused/, in these words: else the types promise nothing.
// node refused.mjs

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

const EXPECTED = [
  "refused/a-kind-without-a-case.ts TS2322", // UnknownActivity is not never
  "refused/another-kinds-field.ts TS2339", // a note has no `appointment`
  "refused/another-kinds-field.ts TS18046", // `payload` is unknown
  "refused/another-kinds-field.ts TS2339", // `kind` is not selected
];

const { stdout } = spawnSync("node_modules/.bin/tsc", ["--pretty", "false", "-p", "tsconfig.refused.json"], { cwd: import.meta.dirname, encoding: "utf8" });
const found = [...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error (TS\d+)/gm)].map(([, file, code]) => `${file} ${code}`);
assert.deepEqual(found, EXPECTED, stdout);
console.log(`ok: the compiler refuses ${found.length} mistakes`);
