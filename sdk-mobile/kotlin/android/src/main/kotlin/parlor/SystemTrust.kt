package parlor

import android.content.Context

/** Lets the library ask Android whom to trust, which a connection to a server of `https` needs. */
object SystemTrust {
    init {
        // What JNA has opened, the runtime does not search for native methods.
        System.loadLibrary("parlor")
    }

    /** Call once before the first connection, with any context. More often does no harm. */
    @JvmStatic
    external fun install(context: Context)
}
