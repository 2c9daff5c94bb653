package parlor

import kotlin.test.Test
import org.junit.jupiter.api.Order

@Order(1)
class BindingsTest {
    /** Bindings and a library of different builds would work together until they do not. */
    @Test
    fun `the library is the one that the bindings were written for`() {
        uniffiEnsureInitialized()
    }
}
