package parlor.android

import android.net.ConnectivityManager
import android.net.Network

/**
 * Tells when another network carries what the application sends, and when none does.
 *
 * The one that is there at the start is not told of, for connections that use it are fine, though the
 * system announces it like any other.
 */
internal class CurrentNetwork<N : Any>(private var current: N?, private val report: (online: Boolean) -> Unit) {
    init {
        if (current == null) report(false)
    }

    fun appear(network: N) {
        if (network == current) return
        current = network
        report(true)
    }

    /** One that was replaced before it was lost is of no interest. */
    fun lose(network: N) {
        if (network != current) return
        current = null
        report(false)
    }
}

internal class NetworkCallbacks(private val current: CurrentNetwork<Network>) : ConnectivityManager.NetworkCallback() {
    override fun onAvailable(network: Network) = current.appear(network)

    override fun onLost(network: Network) = current.lose(network)
}
