package parlor.android

import kotlin.test.Test
import kotlin.test.assertEquals

class AttachmentTest {
    private val reports = mutableListOf<Boolean>()
    private val foreground = Foreground { reports += it }

    @Test
    fun `the last activity that stops takes the application to the background`() {
        foreground.start("room")
        foreground.start("profile")
        foreground.stop("room", replaced = false)
        assertEquals(emptyList(), reports)

        foreground.stop("profile", replaced = false)
        assertEquals(listOf(false), reports)

        foreground.start("room")
        assertEquals(listOf(false, true), reports)
    }

    @Test
    fun `turning the device is no trip to the background`() {
        foreground.start("upright")
        foreground.stop("upright", replaced = true)
        foreground.start("sideways")

        assertEquals(emptyList(), reports)
    }

    @Test
    fun `an activity that was started unseen counts once it stops`() {
        foreground.stop("room", replaced = false)

        assertEquals(listOf(false), reports)
    }

    @Test
    fun `another network is told of, and the first one is not`() {
        val network = CurrentNetwork("wifi") { reports += it }
        network.appear("wifi")
        assertEquals(emptyList(), reports)

        network.appear("mobile")
        network.lose("wifi")
        assertEquals(listOf(true), reports)

        network.lose("mobile")
        network.appear("wifi")
        assertEquals(listOf(true, false, true), reports)
    }

    @Test
    fun `starting without a network is told of`() {
        val network = CurrentNetwork<String>(null) { reports += it }
        network.appear("wifi")

        assertEquals(listOf(false, true), reports)
    }
}
