// Uses GraphiQL of gateways of other settings in Chromium; their upstream is a running sandbox's REST API.
// node graphiql-serve.mjs ../../.venv/bin/python http://127.0.0.1:8001 FOLDER

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { launch } from "./browser.mjs";
import { ended, freePorts, started } from "./federation/processes.mjs";
import { check } from "./graphiql/checks.mjs";
import { SERVED } from "./graphiql/serve.mjs";

const [python, upstream, folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node graphiql-serve.mjs PYTHON UPSTREAM FOLDER");
  process.exit(2);
}

/** A setting as it is, or the path of a file with the text that it has. */
function write(name, value) {
  if (typeof value === "string") return value;
  const path = join(resolve(folder), `${name}.json`);
  writeFileSync(path, value.text);
  return path;
}

const ports = await freePorts(SERVED.length);
const browser = await launch();
try {
  const urls = ports.map((port) => `http://127.0.0.1:${port}/graphql`);
  await Promise.all(
    SERVED.map(({ settings }, index) => {
      const written = Object.entries(settings).map(([name, value]) => [name, write(name, value)]);
      const environment = { ...Object.fromEntries(written), GATEWAY_UPSTREAM_URL: upstream, HOST: "127.0.0.1", PORT: String(ports[index]) };
      return started(resolve(python), ["-m", "gateway", "serve"], urls[index], environment);
    }),
  );
  for (const [index, { settings: _, ...checks }] of SERVED.entries()) await check(browser, urls[index], checks, folder);
} finally {
  await browser.close();
  await ended();
}
