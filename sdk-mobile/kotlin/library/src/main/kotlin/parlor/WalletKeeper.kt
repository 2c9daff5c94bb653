package parlor

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch

/** Keeps what the viewer has as a state, from when it is first looked at: [follow] asks for it. */
internal class WalletKeeper(private val scope: CoroutineScope, private val follow: () -> NativeWallets?) {
    private val latest = MutableStateFlow<Wallet?>(null)

    /** Guarded by [latest]. */
    private var native: NativeWallets? = null

    /** The wallet, as it is now. */
    val wallet: StateFlow<Wallet?>
        get() {
            synchronized(latest) {
                if (native == null) native = follow()?.also(::start)
            }
            refresh()

            return latest.asStateFlow()
        }

    /** Takes the wallet as it is now, if anybody looks at it. */
    fun refresh() {
        // What is taken is set before the next is.
        synchronized(latest) { native?.take()?.let { latest.value = it.wallet } }
    }

    private fun start(wallets: NativeWallets) {
        scope.launch {
            try {
                while (wallets.wait()) refresh()
            } finally {
                wallets.leave()
            }
        }
    }
}
