// A pane with the upstream reads behind the answer of the active tab, and its cost. Answers have them while it is open.

import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";

import { useAnswer } from "./answers.js";
import { configuration } from "./configuration.js";
import { formatSize } from "./size.js";

let openPanes = 0;

/** Whether requests are to ask for their reads. */
export const areReadsShown = () => openPanes > 0;

function useOpenPane() {
  useEffect(() => {
    openPanes += 1;
    return () => {
      openPanes -= 1;
    };
  }, []);
}

function Measure({ name, value, limit }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value.toLocaleString("en")} of {limit.toLocaleString("en")}
        <meter aria-label={name} value={value} max={limit} />
      </dd>
    </div>
  );
}

function Read({ read: { method, path, status, cacheStatus, attempts, milliseconds, bytes } }) {
  const facts = [
    cacheStatus,
    status === null ? "no response" : `status ${status}`,
    `${Math.round(milliseconds)} ms`,
    formatSize(bytes),
    attempts > 1 && `${attempts} attempts`,
  ];
  return (
    <li>
      <code>{method} {path}</code>
      <small>{facts.filter(Boolean).join(", ")}</small>
    </li>
  );
}

function Explanation({ explanation: { compiled, cost, upstreamCalls, reads } }) {
  return (
    <>
      <dl>
        <Measure name="Cost" value={cost} limit={configuration.maxCost} />
        <Measure name="Reads" value={reads.length} limit={configuration.maxReads} />
        <div>
          <dt>Requests sent to the upstream</dt>
          <dd>{upstreamCalls}</dd>
        </div>
        <div>
          <dt>Executed by</dt>
          <dd>{compiled ? "a compiled query" : "graphql-core, in whole or in part"}</dd>
        </div>
      </dl>
      <ol>
        {reads.map((read, index) => <Read key={index} read={read} />)}
      </ol>
    </>
  );
}

function Reads() {
  useOpenPane();
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const { run } = useGraphiQLActions();
  const explanation = useAnswer(tabs[activeTabIndex].id)?.result.extensions?.gateway;
  return (
    <section className="reads">
      <h2>Reads</h2>
      {explanation ? (
        <Explanation explanation={explanation} />
      ) : (
        <p>
          While this pane is open, the <code>extensions</code> of an answer have the reads of the upstream behind it.{" "}
          <button type="button" onClick={run}>Run the query</button>
        </p>
      )}
    </section>
  );
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
      <path d="M4 6h2M4 12h2M4 18h2M9 6h11M9 12h7M9 18h9" />
    </svg>
  );
}

export const reads = { title: "Reads", icon: Icon, content: Reads };
