package follow

import kotlin.system.exitProcess
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.filterNotNull
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import parlor.Config
import parlor.ConnectionState
import parlor.Delivery
import parlor.Failure
import parlor.ParlorClient
import parlor.ServerUrlException
import parlor.Wallet

/** Follows a room from the terminal: one line for everything that happens, when it is due. */
fun main(arguments: Array<String>) {
    val complaint = try {
        val failure = runBlocking { follow(parse(arguments.toList())) }
        failure?.let { "the server refuses this client: ${describe(it)}" }
    } catch (error: UsageException) {
        error.message
    } catch (error: ServerUrlException.Malformed) {
        "${error.url}: ${error.reason}"
    }

    if (complaint != null) {
        System.err.println("error: $complaint")
        exitProcess(1)
    }
}

/** Returns why the server refuses, once it does: this program has no other token to try. */
private suspend fun follow(config: Config): Failure? = coroutineScope {
    ParlorClient.connect(config, this).use { client ->
        launch { client.deliveries.collect(::show) }
        // A state goes on being collected once the client has ended.
        val points = launch { if (config.token != null) client.wallet.filterNotNull().collect(::show) }

        val end = client.connectionState.onEach(::report).first {
            it is ConnectionState.Refused || it is ConnectionState.Stopped
        }
        points.cancel()
        (end as? ConnectionState.Refused)?.failure
    }
}

private fun show(delivery: Delivery) = when (delivery) {
    is Delivery.Event -> println("%6d  %s".format(delivery.event.seq, describe(delivery.event)))
    is Delivery.StateReplaced -> println("   now  ${describe(delivery.room)}")
    is Delivery.PresenceChanged -> println("   now  ${delivery.onlineCount} online")
}

private fun show(wallet: Wallet) {
    val held = if (wallet.held > 0) ", ${wallet.held} of them held" else ""
    println("   now  ${wallet.balance} points$held")
}

private fun report(state: ConnectionState) {
    if (state is ConnectionState.Waiting) {
        System.err.println("not connected: ${state.reason}; trying again")
    }
}
