package parlor.android

import android.app.Application
import android.content.Context
import android.net.ConnectivityManager
import parlor.ParlorClient

/**
 * Keeps the client in step with the application: paused while none of its activities is on the
 * screen, and told of changes of the network.
 *
 * Call it on the main thread, no later than in `onCreate` of the activity that shows the room: an
 * activity that was started before is not seen until it stops. Close what is returned when the client
 * is stopped.
 */
fun ParlorClient.attachTo(application: Application): AutoCloseable {
    val activities = ActivityCallbacks(Foreground { shown -> if (shown) resume() else pause() })
    application.registerActivityLifecycleCallbacks(activities)

    val connectivity = application.getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
    val networks = NetworkCallbacks(CurrentNetwork(connectivity.activeNetwork, ::networkChanged))
    connectivity.registerDefaultNetworkCallback(networks)

    return AutoCloseable {
        application.unregisterActivityLifecycleCallbacks(activities)
        connectivity.unregisterNetworkCallback(networks)
    }
}
