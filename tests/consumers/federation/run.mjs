// The gateway as a subgraph, beside another that extends its `Client`, behind Hive Gateway.
// node run.mjs ../../../.venv/bin/python

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { composed, refusals } from "./composition.mjs";

const CREDENTIALS = { apikey: "sandbox-key-1", token: "sandbox-token-1" };
const README = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");
const STARTING_SECONDS = 60;

if (!process.argv[2]) {
  console.error("usage: node run.mjs PYTHON");
  process.exit(2);
}
const python = resolve(process.argv[2]);
const here = import.meta.dirname;
const scratch = mkdtempSync(join(tmpdir(), "federation-"));
const processes = [];

const [port, restPort, otherPort, routerPort] = await freePorts(4);
const activities = { name: "activities", url: `http://127.0.0.1:${port}/graphql`, sdl: written("-m", "gateway", "schema", "print", "--federation") };
const loyalty = { name: "loyalty", url: `http://127.0.0.1:${otherPort}/graphql`, sdl: written("loyalty.py") };
const router = `http://127.0.0.1:${routerPort}/graphql`;

const EXPERIENCES = [theyCompose, whatDoesNotFitIsRefused, theSubgraphTellsItsSchema, othersExtendOurClients, oursCompleteThose, whatIsMissingIsNull, credentialsAreTheCallers];

try {
  for (const experience of EXPERIENCES) {
    console.log(`ok: ${experience.name}: ${await experience()}`);
  }
} finally {
  processes.forEach((each) => each.kill());
  rmSync(scratch, { recursive: true });
}

async function theyCompose() {
  const supergraph = composed([activities, loyalty]);
  writeFileSync(join(scratch, "supergraph.graphql"), supergraph);
  await Promise.all([
    started(python, ["-m", "gateway", "sandbox", "--port", port, "--rest-port", restPort], activities.url, { GATEWAY_FEDERATION: "true", GATEWAY_PLANS_AT_ONCE: "true", GATEWAY_COMPANY_ID: "102" }),
    started(python, ["loyalty.py", otherPort], loyalty.url),
    started(process.execPath, ["node_modules/@graphql-hive/gateway/dist/bin.js", "supergraph", join(scratch, "supergraph.graphql"), "--port", routerPort, "--host", "127.0.0.1"], router),
  ]);
  return `${supergraph.length} characters by both libraries`;
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

/** As the README says. */
async function othersExtendOurClients() {
  const types = block("graphql subgraph");
  assert.ok(types.split("\n\n").every((type) => loyalty.sdl.includes(type)), types);
  const { data, errors } = await asked(router, block("graphql supergraph"));
  assert.equal(errors, undefined);
  const { points, activities: timeline, adviser } = data.client;
  assert.deepEqual([points, timeline.totalCount, timeline.nodes.length], [45, 20, 2]);
  assert.match(adviser.email, /@/);
  return `${points} points, ${timeline.totalCount} activities, advised by ${adviser.firstName}`;
}

function block(language) {
  return README.split(`\`\`\`${language}\n`)[1].split("\n```")[0];
}

/** What the other knows by id alone: the clients in one request, planned, and their advisers in another. */
async function oursCompleteThose() {
  const before = await operations();
  const { data, errors } = await asked(
    router,
    "{ members { nodes { id points profile { lastName } activities(first: 1) { totalCount } adviser { firstName email } } pageInfo { hasNextPage } } }",
  );
  const after = await operations();
  assert.equal(errors, undefined);
  const [first, second, third] = data.members.nodes;
  assert.deepEqual([first.id, second.id, third.id], ["1001", "1020", "1100"]);
  assert.equal(third.activities.totalCount, 100);
  assert.ok(first.profile.lastName && first.adviser.email && second.adviser.firstName);
  assert.equal(third.adviser.email, null);
  assert.deepEqual(after, { planned: before.planned + 2, others: before.others });
  return "3 clients and 3 advisers in 2 requests, both answered by plans";
}

async function whatIsMissingIsNull() {
  const { data, errors } = await asked(router, '{ client(id: "404") { points profile { lastName } activities { totalCount } } members { nodes { id } } }');
  assert.deepEqual(data.client, { points: 0, profile: null, activities: null });
  assert.equal(data.members.nodes.length, 3);
  const codes = errors.map((error) => error.extensions.code);
  assert.deepEqual(codes, ["NOT_FOUND"]);
  return codes.join();
}

async function credentialsAreTheCallers() {
  const { data, errors } = await asked(router, '{ client(id: "1100") { points activities { totalCount } } }', { ...CREDENTIALS, token: "wrong" });
  assert.deepEqual(data.client, { points: 3100, activities: null });
  assert.equal(errors[0].extensions.code, "UNAUTHENTICATED");
  return "the other subgraph's data stands";
}

async function asked(url, query, headers = CREDENTIALS) {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ query }) });
  return answer.json();
}

/** How many operations the gateway has answered by plans, and others. */
async function operations() {
  const metrics = await (await fetch(new URL("/metrics", activities.url))).text();
  const found = [...metrics.matchAll(/^gateway_operations_total\{.*planned="(\w+)".*\} (\S+)$/gm)];
  const sum = (planned) => found.filter(([, by]) => by === planned).reduce((total, [, , count]) => total + Number(count), 0);
  return { planned: sum("true"), others: sum("false") };
}

async function started(command, parameters, url, environment = {}) {
  const child = spawn(command, parameters.map(String), { cwd: here, env: { ...process.env, ...environment }, stdio: ["ignore", "ignore", "pipe"] });
  processes.push(child);
  let told = "";
  child.stderr.on("data", (chunk) => (told += chunk));
  for (const end = Date.now() + STARTING_SECONDS * 1000; Date.now() < end; await pause(100)) {
    assert.equal(child.exitCode, null, `${parameters.join(" ")} ended: ${told}`);
    if (await fetch(url, { method: "POST" }).catch(() => null)) {
      return;
    }
  }
  assert.fail(`${parameters.join(" ")} does not answer: ${told}`);
}

function written(...parameters) {
  const { status, stdout, stderr } = spawnSync(python, parameters, { cwd: here, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trimEnd() + "\n";
}

async function freePorts(count) {
  const held = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(held.map((each) => new Promise((listening) => each.once("listening", listening))));
  const ports = held.map((each) => each.address().port);
  held.forEach((each) => each.close());
  return ports;
}
