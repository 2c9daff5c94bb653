package follow

import parlor.Config
import parlor.Placement

private const val USAGE = "usage: --room ID [--server URL] [--token TOKEN] [--placement source|companion]"

/** The command line is not to be understood. */
internal class UsageException(complaint: String) : Exception("$complaint\n$USAGE")

internal fun parse(arguments: List<String>): Config {
    val options = arguments.chunked(2).associate { option ->
        option[0] to (option.getOrNull(1) ?: throw UsageException("${option[0]} needs a value"))
    }
    val unknown = options.keys - setOf("--room", "--server", "--token", "--placement")
    if (unknown.isNotEmpty()) throw UsageException("unknown option `${unknown.first()}`")

    return Config(
        server = options["--server"] ?: "http://127.0.0.1:8080",
        roomId = options["--room"] ?: throw UsageException("--room is missing"),
        placement = when (val placement = options["--placement"] ?: "companion") {
            "source" -> Placement.SOURCE
            "companion" -> Placement.COMPANION
            else -> throw UsageException("`$placement` is no placement without a player")
        },
        token = options["--token"] ?: System.getenv("PARLOR_TOKEN"),
    )
}
