// Pages through a timeline to its end, with Relay's runtime, against a gateway over the sandbox.
// node build/run.js http://127.0.0.1:8000/graphql

import assert from "node:assert/strict";

import { Suspense } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import { act, create, type ReactTestRenderer } from "react-test-renderer";

import { environment } from "./environment.ts";
import { type Pages, Timeline } from "./Timeline.tsx";

const url = process.argv[2] ?? "";
if (url === "") {
  console.error("usage: node build/run.js URL");
  process.exit(2);
}

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const seen: Pages[] = [];
const relay = environment(url);
const latest = () => seen.at(-1);

/** Lets the page do what it does until something holds. */
async function until(holds: () => boolean) {
  for (let turn = 0; turn < 500; turn += 1) {
    if (holds()) return;
    await act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  }
  assert.fail("nothing came");
}

async function pagesToTheEnd() {
  let page: ReactTestRenderer | undefined;
  await act(async () => {
    page = create(
      <RelayEnvironmentProvider environment={relay}>
        <Suspense fallback="…">
          <Timeline clientId="1100" onPages={(pages) => seen.push(pages)} />
        </Suspense>
      </RelayEnvironmentProvider>,
    );
  });
  await until(() => latest() !== undefined);
  let pages = 1;
  while (latest()?.next) {
    const before = latest()?.ids.length ?? 0;
    await act(async () => latest()?.next?.());
    await until(() => (latest()?.ids.length ?? 0) > before);
    pages += 1;
  }
  const { ids, total } = latest()!;
  assert.deepEqual([ids.length, new Set(ids).size, page?.root.findAllByType("li").length], [total, total, total]);
  assert.ok(pages > 1);

  const records = relay.getStore().getSource().toJSON() as Record<string, { __typename: string } | undefined>;
  const snapshots = Object.values(records).filter((record) => record?.__typename === "AppointmentSnapshot");
  const appointments = new Set(snapshots.map((record) => (record as { appointmentId?: string }).appointmentId));
  assert.ok(appointments.size < snapshots.length, "snapshots of one appointment are records of their own");
  await act(async () => page?.unmount());
  console.log(`ok: ${total} activities on ${pages} pages; ${snapshots.length} snapshots of ${appointments.size} appointments`);
}

// Relay keeps what was read for minutes, and the process with it.
pagesToTheEnd().then(
  () => process.exit(0),
  (reason: unknown) => {
    console.error(reason);
    process.exit(1);
  },
);
