// Must not compile: a kind has no case.

import type { Activity } from "../src/activity.js";

export function subject(activity: Activity): string {
  switch (activity.__typename) {
    case "AppointmentActivity":
    case "NoteActivity":
    case "ConsentActivity":
    case "FormResultActivity":
    case "EmailNotificationActivity":
    case "TextMessageNotificationActivity":
    case "ConferenceRegistrationActivity":
      return "known";
    default: {
      const none: never = activity;
      return none;
    }
  }
}
