// Must not compile: a date may be null, and what is not selected is not there.

import timeline.Activity

fun instant(activity: Activity): String? = activity.date.instant

fun author(activity: Activity) = activity.user
