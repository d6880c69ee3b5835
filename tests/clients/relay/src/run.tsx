// Runs Relay's runtime and React against a gateway over the sandbox.
// node build/run.js http://127.0.0.1:8000/graphql

import assert from "node:assert/strict";

import { type ReactNode, Suspense } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import { act, create, type ReactTestRenderer } from "react-test-renderer";

import { People, Times } from "./Appointments.tsx";
import { ClientTimeline } from "./ClientTimeline.tsx";
import { environment } from "./environment.ts";
import { type BothWays, Jump } from "./Jump.tsx";
import { differences, everyNameAndTimeIsTheGateways } from "./RecordedAndToday.ts";
import { Threads } from "./Threads.tsx";
import { type Pages, Timeline } from "./Timeline.tsx";

const url = process.argv[2] ?? "";
if (url === "") {
  console.error("usage: node build/run.js URL");
  process.exit(2);
}

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

type Relay = ReturnType<typeof environment>["relay"];

async function opened(relay: Relay, page: ReactNode): Promise<ReactTestRenderer> {
  let opened: ReactTestRenderer | undefined;
  await act(async () => {
    opened = create(
      <RelayEnvironmentProvider environment={relay}>
        <Suspense fallback="…">{page}</Suspense>
      </RelayEnvironmentProvider>,
    );
  });
  return opened!;
}

/** Lets the page do what it does until something holds. */
async function until(holds: () => boolean) {
  for (let turn = 0; turn < 500; turn += 1) {
    if (holds()) return;
    await act(() => new Promise((resolve) => setTimeout(resolve, 10)));
  }
  assert.fail("nothing came");
}

/** Each page is below the one before, to the end. */
async function pagesToTheEnd(component: typeof Timeline) {
  const { relay, answers } = environment(url);
  const seen: Pages[] = [];
  const latest = () => seen.at(-1);
  const Component = component;
  const page = await opened(relay, <Component clientId="1100" onPages={(pages) => seen.push(pages)} />);
  await until(() => latest() !== undefined);
  while (latest()?.next) {
    const before = latest()?.ids.length ?? 0;
    await act(async () => latest()?.next?.());
    await until(() => (latest()?.ids.length ?? 0) > before);
  }
  const { ids, total } = latest()!;
  assert.deepEqual([ids.length, new Set(ids).size, page.root.findAllByType("li").length], [total, total, total]);
  assert.ok(answers.length > 1);
  await act(async () => page.unmount());
  return { relay, ids, told: `${total} on ${answers.length} pages` };
}

async function timelinePagesToTheEnd() {
  const { relay, told } = await pagesToTheEnd(Timeline);
  const records = relay.getStore().getSource().toJSON() as Record<string, { __typename: string } | undefined>;
  const snapshots = Object.values(records).filter((record) => record?.__typename === "AppointmentSnapshot");
  const appointments = new Set(snapshots.map((record) => (record as { appointmentId?: string }).appointmentId));
  assert.ok(appointments.size < snapshots.length, "snapshots of one appointment are records of their own");
  return `${told}; ${snapshots.length} snapshots of ${appointments.size} appointments`;
}

async function clientPagesToTheEnd() {
  return (await pagesToTheEnd(ClientTimeline)).told;
}

/** Threads have no id, but a key of two ids: each is one record, in whatever list it stands. */
async function threadPagesToTheEnd() {
  const { relay, ids, told } = await pagesToTheEnd(Threads);
  const source = relay.getStore().getSource();
  for (const id of ids) assert.equal(source.get(`AppointmentThread:1100:${id}`)?.["appointmentId"], id);
  return told;
}

/** From a page around any activity the list grows in both directions, in one connection, to the whole list. */
async function aJumpGrowsInBothDirections() {
  const { ids: whole } = await pagesToTheEnd(Timeline);
  const told: string[] = [];
  for (const around of [whole[60], whole[97]]) {
    const { relay } = environment(url);
    let latest: BothWays | undefined;
    const page = await opened(relay, <Jump clientId="1100" around={around!} onPages={(pages) => (latest = pages)} />);
    await until(() => latest !== undefined);
    assert.deepEqual([latest?.ids.length, latest?.ids.includes(around!)], [11, true]);
    const lengths = [11];
    for (const direction of ["next", "previous"] as const) {
      while (latest?.[direction]) {
        await act(async () => latest?.[direction]?.());
        await until(() => latest?.ids.length !== lengths.at(-1));
        lengths.push(latest?.ids.length ?? 0);
      }
    }
    assert.deepEqual(latest?.ids, whole);
    await act(async () => page.unmount());
    told.push(lengths.join(", "));
  }
  return told.join("; ");
}

/** Two components that select different parts of one snapshot make a request each, and both show all of theirs. */
async function twoComponentsMakeTwoRequests() {
  const { relay, answers } = environment(url);
  const shown: unknown[] = [];
  const page = await opened(
    relay,
    <>
      <Suspense fallback="…">
        <Times clientId="1100" onData={(data) => (shown[0] = data)} />
      </Suspense>
      <Suspense fallback="…">
        <People clientId="1100" onData={(data) => (shown[1] = data)} />
      </Suspense>
    </>,
  );
  await until(() => shown[0] !== undefined && shown[1] !== undefined);
  await act(() => new Promise((resolve) => setTimeout(resolve, 100)));
  assert.equal(answers.length, 2);
  assert.deepEqual(shown.flatMap((data, index) => differences(data, answers[index]?.data)), []);
  await act(async () => page.unmount());
  return "2 requests";
}

const EXPERIENCES = [
  timelinePagesToTheEnd,
  clientPagesToTheEnd,
  threadPagesToTheEnd,
  aJumpGrowsInBothDirections,
  everyNameAndTimeIsTheGateways,
  twoComponentsMakeTwoRequests,
];

async function run() {
  for (const experience of EXPERIENCES) console.log(`ok: ${experience.name}: ${await experience(url)}`);
}

// Relay keeps what was read for minutes, and the process with it.
run().then(
  () => process.exit(0),
  (reason: unknown) => {
    console.error(reason);
    process.exit(1);
  },
);
