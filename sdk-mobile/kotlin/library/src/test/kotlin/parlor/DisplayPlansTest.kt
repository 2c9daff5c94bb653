package parlor

import java.io.File
import kotlin.test.Test
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import parlor.rehearsal.RehearsalException
import parlor.rehearsal.rehearse

/**
 * What the core shows through bindings of this kind, and when, for sessions that were recorded: the same,
 * byte for byte, as on every other platform.
 */
class DisplayPlansTest {
    private val recordings: List<File> =
        File(checkout, "fixtures/plans").listFiles { file -> file.extension == "json" }!!.sorted()

    @Test
    fun `there are recordings to rehearse`() {
        assertTrue(recordings.size >= 5, "$recordings")
    }

    @TestFactory
    fun `every recording is shown as everywhere else`(): List<DynamicTest> = recordings.map { recording ->
        dynamicTest(recording.nameWithoutExtension) {
            val expected = recording.resolveSibling("${recording.nameWithoutExtension}.plan").readBytes()

            val plan = rehearse(recording.readText())

            assertContentEquals(expected, plan.toByteArray(), plan)
        }
    }

    @Test
    fun `what is no recording is an error`() {
        val error = assertFailsWith<RehearsalException.Malformed> { rehearse("{") }

        assertContains(error.message.orEmpty(), "malformed")
    }
}
