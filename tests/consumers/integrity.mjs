// Compares what the page of a checkout without a build loads from its CDN with the same files from npm: version and hash.
// node integrity.mjs

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { installed, onCdn, references } from "./cdn-files.mjs";

const REFERENCES = 4; // React, ReactDOM, GraphiQL and its stylesheet

async function problem({ url, integrity, crossorigin }) {
  const file = onCdn(url);
  if (file === null) return "is not a file of an npm package on the CDN";
  if (file.version !== dependencies[file.name]) {
    return `is not the version in package.json, ${dependencies[file.name]}`;
  }
  const expected = `sha384-${createHash("sha384").update(await installed(file)).digest("base64")}`;
  if (integrity !== expected) return `has integrity ${integrity}, but the file has ${expected}`;
  if (crossorigin !== "anonymous") return "is not loaded with crossorigin=\"anonymous\"";
  return null;
}

const { dependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
const found = await references();
for (const reference of found) {
  const wrong = await problem(reference);
  console.log(`${wrong === null ? "ok" : "error"} ${reference.url}${wrong === null ? "" : ` ${wrong}`}`);
  if (wrong !== null) process.exitCode = 1;
}
if (found.length !== REFERENCES) {
  console.log(`error: the page loads ${found.length} files, not ${REFERENCES}`);
  process.exitCode = 1;
}
