// Must not compile: a kind has no branch.

import timeline.ActivityKind

fun line(kind: ActivityKind): String = when (kind) {
    ActivityKind.Appointment, ActivityKind.Note, ActivityKind.Consent, ActivityKind.FormResult -> "shown"
    ActivityKind.EmailNotification, ActivityKind.TextMessageNotification, ActivityKind.ConferenceRegistration -> "shown"
}
