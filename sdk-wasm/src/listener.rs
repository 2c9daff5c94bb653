//! Event listeners that go when their owner does.

use alloc::boxed::Box;
use core::any::Any;

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::convert::FromWasmAbi;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::EventTarget;

/// A listener on an event target. Dropping it removes it.
pub struct Listener {
    target: EventTarget,
    kind: &'static str,
    function: Function,
    /// Owns what `function` calls.
    _closure: Box<dyn Any>,
}

impl Listener {
    /// Calls `callback` for every event of `kind` at `target`.
    pub fn new<E>(
        target: &EventTarget,
        kind: &'static str,
        callback: impl FnMut(E) + 'static,
    ) -> Self
    where
        E: FromWasmAbi + 'static,
    {
        let closure = Closure::<dyn FnMut(E)>::new(callback);
        let function: Function = closure.as_ref().unchecked_ref::<Function>().clone();
        target
            .add_event_listener_with_callback(kind, &function)
            .expect_throw("any target takes listeners");

        Self {
            target: target.clone(),
            kind,
            function,
            _closure: Box::new(closure),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self
            .target
            .remove_event_listener_with_callback(self.kind, &self.function);
    }
}
