// Servers in processes of their own, which end when this one does.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const STARTING_SECONDS = 60;
const ENDING_SECONDS = 5;

const running = [];

process.once("SIGTERM", () => ended().then(() => process.exit(143)));
process.once("SIGINT", () => ended().then(() => process.exit(130)));

/** Starts a server, and waits until its address answers, whatever it says. */
export async function started(command, parameters, url, environment = {}) {
  const child = spawn(command, parameters.map(String), { cwd: import.meta.dirname, env: { ...process.env, ...environment }, stdio: ["ignore", "ignore", "pipe"] });
  running.push(child);
  let told = "";
  child.stderr.on("data", (chunk) => (told += chunk));
  for (const end = Date.now() + STARTING_SECONDS * 1000; Date.now() < end; await pause(100)) {
    assert.equal(child.exitCode, null, `${parameters.join(" ")} ended: ${told}`);
    if (await fetch(url, { method: "POST", signal: AbortSignal.timeout(1000) }).catch(() => null)) {
      return;
    }
  }
  assert.fail(`${parameters.join(" ")} does not answer: ${told}`);
}

/** Ends all of them; those that do not listen, at once. */
export async function ended() {
  await Promise.all(
    running.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) {
        return;
      }
      const exit = once(child, "exit");
      child.kill();
      const timer = setTimeout(() => child.kill("SIGKILL"), ENDING_SECONDS * 1000);
      await exit;
      clearTimeout(timer);
    }),
  );
}

/** Ports that nobody listens on: all held open at once, so that they differ. */
export async function freePorts(count) {
  const held = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(held.map((each) => once(each, "listening")));
  const ports = held.map((each) => each.address().port);
  held.forEach((each) => each.close());
  return ports;
}
