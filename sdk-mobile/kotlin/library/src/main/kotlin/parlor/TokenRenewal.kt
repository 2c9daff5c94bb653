package parlor

import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/** A provider that has just failed is likely to fail again at once. */
internal val ASK_AGAIN_MIN: Duration = 1.seconds

/** Often enough for somebody who looks at the screen, and seldom enough for a backend that is down. */
internal val ASK_AGAIN_MAX: Duration = 30.seconds

/** Meets each need for a token by asking [provider], for as long as it takes. */
internal class TokenRenewal(private val provider: TokenProvider) {
    private val lastFailure = MutableStateFlow<Exception?>(null)

    /** Why there is no token yet; `null` if none is missing. */
    val failure: StateFlow<Exception?> = lastFailure.asStateFlow()

    /** Returns when there are no more requests. */
    suspend fun run(nextRequest: suspend () -> TokenRequest?, setToken: (String) -> Unit) {
        while (true) {
            val request = nextRequest() ?: break
            setToken(obtain(request))
        }
    }

    private suspend fun obtain(request: TokenRequest): String {
        var askAgainIn = ASK_AGAIN_MIN
        while (true) {
            try {
                return provider.token(request).also { lastFailure.value = null }
            } catch (failure: Exception) {
                // Our own cancellation ends this; a provider's, such as of its timeout, is a failure like any other.
                currentCoroutineContext().ensureActive()
                lastFailure.value = failure
            }
            delay(askAgainIn)
            askAgainIn = minOf(askAgainIn * 2, ASK_AGAIN_MAX)
        }
    }
}
