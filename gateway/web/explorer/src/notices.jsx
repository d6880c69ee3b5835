// Sentences of the page above the editors, one for each subject, until they are dismissed.

import { useSyncExternalStore } from "react";

let notices = new Map();
const listeners = new Set();

function replaceNotices(entries) {
  notices = new Map(entries);
  for (const listener of listeners) listener();
}

/** Shows a sentence, or any content, in place of the last one about this subject. */
export function notify(subject, content) {
  replaceNotices([...notices, [subject, content]]);
}

export function dismiss(subject) {
  replaceNotices([...notices].filter(([each]) => each !== subject));
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices);
  return (
    <div className="notices" role="status">
      {[...shown].map(([subject, content]) => (
        <p key={subject}>
          <span>{content}</span>
          <button type="button" onClick={() => dismiss(subject)}>dismiss</button>
        </p>
      ))}
    </div>
  );
}
