// Reads a client's timeline to its end, from a gateway over the sandbox.
// java -cp … MainKt http://127.0.0.1:8000/graphql Timeline.graphql

import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonObject
import timeline.Activity
import timeline.ActivityKind
import timeline.Data

/** A whole answer. The generated one has no codes. */
@Serializable
data class Answer(val data: Data? = null, val errors: List<Failure> = emptyList())

@Serializable
data class Failure(val message: String, val extensions: Extensions)

@Serializable
data class Extensions(val code: String, val retryable: Boolean = false)

/** With `coerceInputValues`, a newer value of an enum is null where null is allowed. */
private val json = Json { ignoreUnknownKeys = true; coerceInputValues = true }

class Gateway(private val url: URI, private val document: String) {
    private val http = HttpClient.newHttpClient()

    fun timeline(clientId: String, after: String? = null): Answer {
        val question = buildJsonObject {
            put("query", document)
            putJsonObject("variables") { put("clientId", clientId); put("first", 40); put("after", after) }
        }
        val request = HttpRequest.newBuilder(url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/graphql-response+json")
            .POST(HttpRequest.BodyPublishers.ofString(question.toString()))
            .build()
        return json.decodeFromString(http.send(request, HttpResponse.BodyHandlers.ofString()).body())
    }

    /** All activities, newest first, page by page. */
    fun activities(clientId: String): Sequence<Activity> = sequence {
        var after: String? = null
        do {
            val page = timeline(clientId, after).data?.activities ?: return@sequence
            yieldAll(page.nodes)
            after = page.pageInfo.endCursor
        } while (page.pageInfo.hasNextPage)
    }
}

/** What happened: every kind has its branch, or this does not compile. */
fun line(activity: Activity): String = when (activity.kind) {
    ActivityKind.Appointment -> "appointment ${activity.appointment?.appointmentId}: ${activity.appointment?.status?.value}"
    ActivityKind.Note, ActivityKind.Consent -> "note: ${activity.note?.bodyText.orEmpty()}"
    ActivityKind.EmailNotification -> "e-mail: ${activity.emailNotification?.subject.orEmpty()}"
    ActivityKind.TextMessageNotification -> "text message"
    ActivityKind.FormResult -> "form"
    ActivityKind.ConferenceRegistration -> "conference"
    ActivityKind.Unknown -> "${activity.kindRaw}, which the gateway does not know yet"
}

fun main(arguments: Array<String>) {
    val (url, document) = arguments
    val gateway = Gateway(URI(url), File(document).readText())
    val activities = gateway.activities("1100").toList()
    val total = gateway.timeline("1100").data?.activities?.totalCount
    val ids = activities.map { it.id }.toSet()
    check(activities.size.toLong() == total && ids.size == activities.size) { "${activities.size} of $total" }
    check(activities.map { it.kind }.toSet() == ActivityKind.entries.toSet()) { "all kinds are there" }
    check(activities.any { it.appointment?.status != null && it.appointment.start?.instant != null })
    check(activities.all { line(it).isNotBlank() })
    val unknown = gateway.timeline("none-such")
    check(unknown.data?.activities == null && unknown.errors.map { it.extensions.code } == listOf("NOT_FOUND"))
    println("ok: $total activities of ${ActivityKind.entries.size} kinds, and NOT_FOUND")
}
