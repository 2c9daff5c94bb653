//! What the standard library would bring to a module: an allocator, and an end to a panic.
//!
//! A page shows nothing of a panic but the trap. Whatever the messages and the formatting of them
//! weigh would be downloaded for nobody.

use core::panic::PanicInfo;
use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();

#[panic_handler]
fn trap(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
