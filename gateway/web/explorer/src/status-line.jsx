// The line beneath an answer: its status, how long it took, its size and its request id.

import { formatShortcutForOS, KEY_MAP, pick, useGraphiQL } from "@graphiql/react";
import { useEffect, useMemo } from "react";

import { activate, useAnswer } from "./answers.js";
import { formatSize } from "./size.js";

const HINT = `${formatShortcutForOS(KEY_MAP.runQuery.key)} runs the query. Escape, then Tab, leaves an editor.`;

function Status({ answer: { status, milliseconds, bytes, requestId } }) {
  return (
    <>
      <span>status {status}</span>
      <span>{Math.round(milliseconds)} ms</span>
      <span>{formatSize(bytes)}</span>
      {requestId && <span>request id <code>{requestId}</code></span>}
    </>
  );
}

export function StatusLine() {
  const { tabs, activeTabIndex, isFetching } = useGraphiQL(pick("tabs", "activeTabIndex", "isFetching"));
  const { id, response } = tabs[activeTabIndex];
  useEffect(() => activate(id), [id]);
  const answer = useAnswer(id);
  // GraphiQL puts its own sentence in place of an answer where it sends nothing, such as for malformed variables.
  const isShown = useMemo(() => Boolean(answer) && JSON.stringify(answer.result, null, 2) === response, [answer, response]);
  return (
    <div className="status-line" role="status">
      {isShown ? <Status answer={answer} /> : <span>{isFetching ? "Waiting for the answer." : HINT}</span>}
    </div>
  );
}
