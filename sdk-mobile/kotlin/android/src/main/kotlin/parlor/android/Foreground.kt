package parlor.android

import android.app.Activity
import android.app.Application
import android.os.Bundle

/** Tells when the first activity comes to the screen, and when the last one leaves it. */
internal class Foreground(private val report: (shown: Boolean) -> Unit) {
    private val started = mutableSetOf<Any>()
    private var shown = true

    fun start(activity: Any) {
        started += activity
        tell(true)
    }

    /** One that is [replaced], as when the device is turned, is followed by its like at once. */
    fun stop(activity: Any, replaced: Boolean) {
        started -= activity
        if (started.isEmpty() && !replaced) tell(false)
    }

    private fun tell(nowShown: Boolean) {
        if (nowShown == shown) return
        shown = nowShown
        report(nowShown)
    }
}

internal class ActivityCallbacks(private val foreground: Foreground) : Application.ActivityLifecycleCallbacks {
    override fun onActivityStarted(activity: Activity) = foreground.start(activity)

    override fun onActivityStopped(activity: Activity) = foreground.stop(activity, activity.isChangingConfigurations)

    override fun onActivityCreated(activity: Activity, savedInstanceState: Bundle?) = Unit

    override fun onActivityResumed(activity: Activity) = Unit

    override fun onActivityPaused(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(activity: Activity, outState: Bundle) = Unit

    override fun onActivityDestroyed(activity: Activity) = Unit
}
