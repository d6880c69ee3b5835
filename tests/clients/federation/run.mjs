// The gateway as a subgraph, beside another that extends its `Client`, behind Hive Gateway.
// node run.mjs ../../../.venv/bin/python

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { composed, refusals } from "./composition.mjs";
import { ended, freePorts, started } from "./processes.mjs";

const CREDENTIALS = { apikey: "sandbox-key-1", token: "sandbox-token-1" };
const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/federation.md"), "utf8");

if (!process.argv[2]) {
  console.error("usage: node run.mjs PYTHON");
  process.exit(2);
}
const python = resolve(process.argv[2]);
const scratch = mkdtempSync(join(tmpdir(), "federation-"));
process.on("exit", () => rmSync(scratch, { recursive: true }));

const [port, restPort, otherPort, ...routerPorts] = await freePorts(5);
const activities = { name: "activities", url: `http://127.0.0.1:${port}/graphql`, sdl: written("-m", "gateway", "schema", "print", "--federation") };
const loyalty = { name: "loyalty", url: `http://127.0.0.1:${otherPort}/graphql`, sdl: written("loyalty.py") };
const routers = routerPorts.map((each) => `http://127.0.0.1:${each}/graphql`);
const [router] = routers;

const EXPERIENCES = [theyCompose, whatDoesNotFitIsRefused, theSubgraphTellsItsSchema, othersExtendOurClients, oursCompleteThose, whatIsMissingIsNull, credentialsAreTheCallers];

try {
  for (const experience of EXPERIENCES) {
    console.log(`ok: ${experience.name}: ${await experience()}`);
  }
} finally {
  await ended();
}

/** One router for each library's supergraph. */
async function theyCompose() {
  const supergraphs = composed([activities, loyalty]);
  const files = supergraphs.map((_, index) => join(scratch, `supergraph-${index}.graphql`));
  files.forEach((file, index) => writeFileSync(file, supergraphs[index]));
  await Promise.all([
    started(python, ["-m", "gateway", "sandbox", "--port", port, "--rest-port", restPort], activities.url, {
      GATEWAY_FEDERATION: "true",
      GATEWAY_COMPANY_ID: "102",
      GATEWAY_COMPILE_QUERIES: "eager",
    }),
    started(python, ["loyalty.py", otherPort], loyalty.url),
    ...files.map((file, index) =>
      started("node_modules/.bin/hive-gateway", ["supergraph", file, "--host", "127.0.0.1", "--port", routerPorts[index]], routers[index]),
    ),
  ]);
  return supergraphs.map((supergraph) => `${supergraph.length} characters`).join(", ");
}

/** Else composing would prove nothing: `id` is a key and may be in both, a profile is ours alone. */
function whatDoesNotFitIsRefused() {
  const sdl = loyalty.sdl.replace("points: Int!", "points: Int!\n  profile: String");
  const codes = refusals([activities, { ...loyalty, sdl }]);
  for (const found of codes) {
    assert.ok(found.includes("FIELD_TYPE_MISMATCH") || found.includes("INVALID_FIELD_SHARING"), codes);
  }
  return codes.flat().join(", ");
}

async function theSubgraphTellsItsSchema() {
  const { data } = await asked(activities.url, "{ _service { sdl } }");
  assert.equal(data._service.sdl, activities.sdl);
  return `${data._service.sdl.length} characters`;
}

/** As docs/federation.md says, whoever composed. */
async function othersExtendOurClients() {
  const types = block("graphql subgraph");
  assert.ok(types.split("\n\n").every((type) => loyalty.sdl.includes(type)), types);
  const answers = await Promise.all(routers.map((each) => asked(each, block("graphql supergraph"))));
  for (const { data, errors } of answers) {
    assert.equal(errors, undefined);
    const { points, activities: timeline, adviser } = data.client;
    assert.deepEqual([points, timeline.totalCount, timeline.nodes.length], [45, 20, 2]);
    assert.match(adviser.emailAddress, /@/);
  }
  return `${answers.length} times alike`;
}

function block(language) {
  return PAGE.split(`\`\`\`${language}\n`)[1].split("\n```")[0];
}

/** What the other knows by id alone: the clients in one request, planned, and their advisers in another. */
async function oursCompleteThose() {
  const before = await operations();
  const { data, errors } = await asked(
    router,
    "{ members { nodes { id points profile { lastName } activities(first: 1) { totalCount } adviser { firstName emailAddress } } pageInfo { hasNextPage } } }",
  );
  const after = await operations();
  assert.equal(errors, undefined);
  const [first, second, third] = data.members.nodes;
  assert.deepEqual([first.id, second.id, third.id], ["1001", "1020", "1100"]);
  assert.equal(third.activities.totalCount, 100);
  assert.ok(first.profile.lastName && first.adviser.emailAddress && second.adviser.firstName);
  assert.equal(third.adviser.emailAddress, null);
  assert.deepEqual(after, { planned: before.planned + 2, others: before.others });
  return "3 clients and 3 advisers in 2 requests, both answered by compiled queries";
}

async function whatIsMissingIsNull() {
  const { data, errors } = await asked(router, '{ client(id: "404") { points profile { lastName } activities { totalCount } } members { nodes { id } } }');
  assert.deepEqual(data.client, { points: 0, profile: null, activities: null });
  assert.equal(data.members.nodes.length, 3);
  const codes = errors.map((error) => error.extensions.code);
  assert.deepEqual(codes, ["NOT_FOUND"]);
  return codes.join();
}

/** And nobody else's: the other subgraph refuses whatever comes with any. */
async function credentialsAreTheCallers() {
  const { data, errors } = await asked(router, '{ client(id: "1100") { points activities { totalCount } } }', { ...CREDENTIALS, token: "wrong" });
  assert.deepEqual(data.client, { points: 3100, activities: null });
  assert.equal(errors[0].extensions.code, "UNAUTHENTICATED");
  return "the other subgraph's data stands";
}

async function asked(url, query, headers = CREDENTIALS) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ query }), signal: AbortSignal.timeout(10_000) });
  return answer.json();
}

/** How many operations the gateway has answered by compiled queries, and others. */
async function operations() {
  const metrics = await (await fetch(new URL("/metrics", activities.url))).text();
  const found = [...metrics.matchAll(/^gateway_operations_total\{.*compiled="(\w+)".*\} (\S+)$/gm)];
  const sum = (planned) => found.filter(([, by]) => by === planned).reduce((total, [, , count]) => total + Number(count), 0);
  return { planned: sum("true"), others: sum("false") };
}

function written(...parameters) {
  const { status, stdout, stderr } = spawnSync(python, parameters, { cwd: import.meta.dirname, encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, stderr);
  return stdout.trimEnd() + "\n";
}
