// node run.mjs http://127.0.0.1:8000/graphql

import { spawnSync } from "node:child_process";

import { HERE, LIBRARIES } from "./libraries.mjs";

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: node run.mjs URL");
  process.exit(2);
}

const options = ["-cp", ["build/app", ...LIBRARIES].join(":"), "MainKt", url, "Timeline.graphql"];
process.exitCode = spawnSync("java", options, { cwd: HERE, stdio: "inherit" }).status ?? 1;
