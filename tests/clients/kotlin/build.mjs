// Compiles the app with the generated classes. What stands in refused/ the compiler must refuse, in these words.
// node build.mjs

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { COMPILER, HERE, LIBRARIES } from "./libraries.mjs";

const EXPECTED = [
  "AKindWithoutABranch.kt: 'when' expression must be exhaustive. Add the 'Unknown' branch or an 'else' branch.",
  "WhatMayNotBeThere.kt: only safe (?.) or non-null asserted (!!.) calls are allowed on a nullable receiver of type 'ZonedDateTime?'.",
  "WhatMayNotBeThere.kt: unresolved reference 'user' on receiver of type 'Activity'.",
];

/** Java as it is quickest with programs that end soon. */
const JAVA_OPTS = "-Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

/** What the compiler has against the sources in a folder and the generated ones. */
async function complaints(folder, target) {
  const sources = ["generated", folder].flatMap((name) => readdirSync(join(HERE, name)).map((file) => join(name, file)));
  const options = [`-Xplugin=${join(COMPILER, "lib", "kotlinx-serialization-compiler-plugin.jar")}`, "-cp", LIBRARIES.join(":"), "-d", target, ...sources];
  const run = promisify(execFile)(join(COMPILER, "bin", "kotlinc"), options, { cwd: HERE, env: { ...process.env, JAVA_OPTS } });
  const { stderr } = await run.catch((refused) => refused);
  return stderr;
}

const [app, refused] = await Promise.all([complaints("src", "build/app"), complaints("refused", "build/refused")]);
assert.equal(app, "");
const found = [...refused.matchAll(/^\S*?(\w+\.kt):\d+:\d+: error: (.*)$/gm)].map(([, file, message]) => `${file}: ${message}`);
assert.deepEqual(found, EXPECTED, refused);
console.log(`ok: the compiler takes the app, and refuses ${found.length} mistakes`);
