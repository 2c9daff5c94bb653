package parlor

import java.io.BufferedReader
import java.io.File
import java.nio.file.Files
import java.util.UUID
import java.util.concurrent.CompletableFuture
import java.util.concurrent.TimeUnit.MILLISECONDS
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

/** How long a test waits for anything before it fails. */
val PATIENCE: Duration = 60.seconds

val checkout = File(System.getProperty("parlor.root")).canonicalFile

/** Runs [test] on threads of its own, though not for ever. */
fun bounded(test: suspend CoroutineScope.() -> Unit) {
    runBlocking(Dispatchers.Default) { withTimeout(PATIENCE, test) }
}

/** A real server on a port and a database of its own. */
class RunningServer : AutoCloseable {
    private val folder: File = Files.createTempDirectory("parlor-kotlin-").toFile()
    private val environment = mapOf(
        "PARLOR_JWT_SECRET" to "a secret that is long enough for tests",
        "PARLOR_DATABASE" to "sqlite://$folder/parlor.db",
    )
    private var address = "127.0.0.1:0"
    private val tenant = UUID.randomUUID()
    private var process: Process? = null

    /** Lets its bearer do everything. */
    val staffToken: String = token("tester", "--create-tenant", "kotlin", "--role", "staff")

    val url: String
        get() = "http://$address"

    init {
        launch()
    }

    /** Starts it, on the same port and database as before. */
    fun launch() {
        val started = start("serve", "--listen", address)
        process = started
        val line = started.inputReader().firstLine()
        address = checkNotNull(Regex("http://(\\S+)").find(line)) { "the server did not start: `$line`" }.groupValues[1]
    }

    /** Ends it as a power cut would. */
    fun kill() {
        process?.run {
            destroyForcibly()
            check(waitFor(PATIENCE.inWholeMilliseconds, MILLISECONDS)) { "the server does not die" }
        }
        process = null
    }

    /** Lets [viewer] take part, for as long as [ttl], such as `3s`. */
    fun viewerToken(ttl: String = "1h", viewer: String = "tester"): String = token(viewer, "--ttl", ttl)

    private fun token(subject: String, vararg arguments: String): String {
        val program = start("token", "--tenant", "$tenant", "--subject", subject, *arguments)
        val token = program.inputReader().firstLine()
        check(program.waitFor(PATIENCE.inWholeMilliseconds, MILLISECONDS)) { "no token in time" }
        check(program.exitValue() == 0) { "no token: see the standard error" }

        return token
    }

    override fun close() {
        kill()
        folder.deleteRecursively()
    }

    private fun start(vararg arguments: String): Process =
        ProcessBuilder(program().path, *arguments)
            .directory(folder)
            .redirectError(File(folder, "stderr"))
            .also { it.environment().putAll(environment) }
            .start()

    private fun program(): File {
        val program = File(System.getenv("PARLOR_BIN") ?: "$checkout/target/debug/parlor")
        check(program.canExecute()) {
            "there is no server at $program: run `cargo build -p parlor-server`, or set PARLOR_BIN"
        }
        return program
    }
}

private fun BufferedReader.firstLine(): String =
    CompletableFuture.supplyAsync { readLine() }
        .get(PATIENCE.inWholeMilliseconds, MILLISECONDS)
        .orEmpty()
