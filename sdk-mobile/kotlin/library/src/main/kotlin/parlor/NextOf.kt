package parlor

/** Waits until the connection's state is another. Returns nothing once the client has ended. */
internal suspend fun NativeConnectionStates.next(): ConnectionState? = next({ wait() }, ::take)

/** Waits until another token is needed. Returns nothing once the client has ended. */
internal suspend fun NativeClient.nextTokenRequest(): TokenRequest? =
    next({ waitForTokenRequest() }, ::takeTokenRequest)

private inline fun <T : Any> next(wait: () -> Boolean, take: () -> T?): T? {
    while (wait()) {
        take()?.let { return it }
    }

    return null
}
