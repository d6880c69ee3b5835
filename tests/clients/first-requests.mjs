// The first requests of docs/clients.md, run as they are printed.
// node first-requests.mjs http://127.0.0.1:8000/graphql PYTHON

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [url, python] = process.argv.slice(2);
if (!url || !python) {
  console.error("usage: node first-requests.mjs URL PYTHON");
  process.exit(2);
}
const folder = import.meta.dirname;
const page = readFileSync(join(folder, "../../docs/clients.md"), "utf8").replaceAll("http://127.0.0.1:8000/graphql", url);

const TOTAL = /^100\b/;
const SHOW_WITH_RELAY = `
const answer = await environment.getNetwork().execute({ text: TIMELINE, name: "Timeline" }, { clientId: "1100" }, {}).toPromise();
console.log(answer.data.activities.totalCount);`;

/** The blocks of code below a heading of the page. */
function blocks(heading, language) {
  const section = page.split(new RegExp(`^##+ ${heading}$`, "m"))[1]?.split(/^##/m)[0] ?? "";
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, code]) => code);
}

/** What a module prints that finds its packages, and what was generated, in a client's build. */
function printed(client, code) {
  const file = join(folder, client, "build/first-request.mjs");
  writeFileSync(file, code);
  try {
    return execFileSync(process.execPath, [file], { encoding: "utf8" });
  } finally {
    rmSync(file);
  }
}

const [setUp] = blocks("First request", "js");
for (const heading of ["fetch", "graphql-request", "Apollo Client", "urql"]) {
  assert.match(printed("typescript", setUp + blocks(heading, "js")[0]), TOTAL, heading);
  console.log(`ok: ${heading}`);
}

assert.match(printed("relay", setUp + blocks("Relay", "js")[0] + SHOW_WITH_RELAY), TOTAL);
console.log("ok: Relay");

const programs = blocks("Python", "python");
assert.equal(programs.length, 2);
const output = execFileSync(resolve(python), ["-c", programs.join("\n")], { cwd: join(folder, "python"), encoding: "utf8" });
assert.deepEqual(output.trim().split("\n"), ["100", "100"]);
console.log("ok: Python: gql, ariadne-codegen");
