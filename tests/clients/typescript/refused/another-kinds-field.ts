// Must not compile: a note has no start, a payload may be anything, and what is not selected is not there.

import type { Activity } from "../src/activity.js";

export const start = (activity: Activity) => (activity.__typename === "NoteActivity" ? activity.appointment : null);

export const name = (activity: Activity) => (activity.__typename === "UnknownActivity" ? activity.payload.name : null);

export const kind = (activity: Activity) => activity.kind;
