// Audits a running gateway against the GraphQL-over-HTTP specification, with graphql-http.
// node audit.mjs http://127.0.0.1:8000/graphql

import { serverAudits } from "graphql-http";

const LEAST_AUDITS = 61;

const url = process.argv[2];
if (!url) {
  console.error("usage: node audit.mjs URL");
  process.exit(2);
}

const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const result = await audit.fn();
  counts[result.status] += 1;
  if (result.status !== "ok") {
    console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
}

const { ok, notice, warn, error } = counts;
console.log(`${ok} ok, ${notice} notices, ${warn} warnings, ${error} errors`);
if (notice + warn + error > 0) {
  process.exitCode = 1;
} else if (ok < LEAST_AUDITS) {
  console.log(`at least ${LEAST_AUDITS} audits were expected`);
  process.exitCode = 1;
}
