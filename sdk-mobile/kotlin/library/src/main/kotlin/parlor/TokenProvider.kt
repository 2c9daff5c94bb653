package parlor

/**
 * Gets the application's present token, such as from its backend.
 *
 * Asked whenever the server wants another one: some time before the present one expires, so that the
 * client goes on without a gap, and when the server has refused it. Runs on a background dispatcher.
 * A failure is not the end: the client asks again, first after a second, later every half a minute,
 * and shows it in [ParlorClient.tokenFailure] meanwhile.
 */
fun interface TokenProvider {
    /** Returns a token, or throws why there is none now. */
    suspend fun token(request: TokenRequest): String
}
