//! Calls back with every animation frame until it is dropped.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Window;

/// A running loop of animation frames. Hidden pages and hidden OBS sources get none.
pub(crate) struct FrameLoop {
    shared: Rc<Shared>,
}

struct Shared {
    window: Window,
    requested: Cell<Option<i32>>,
    closure: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl FrameLoop {
    /// Begins with the frames of `window`.
    pub(crate) fn start(window: Window, mut on_frame: impl FnMut() + 'static) -> Self {
        let shared = Rc::new(Shared {
            window,
            requested: Cell::new(None),
            closure: RefCell::new(None),
        });
        let looping = Rc::downgrade(&shared);
        *shared.closure.borrow_mut() = Some(Closure::new(move || {
            on_frame();
            if let Some(shared) = looping.upgrade() {
                shared.request();
            }
        }));
        shared.request();

        Self { shared }
    }
}

impl Drop for FrameLoop {
    fn drop(&mut self) {
        if let Some(id) = self.shared.requested.take() {
            let _ = self.shared.window.cancel_animation_frame(id);
        }
    }
}

impl Shared {
    fn request(&self) {
        if let Some(closure) = &*self.closure.borrow() {
            let id = self
                .window
                .request_animation_frame(closure.as_ref().unchecked_ref());
            self.requested.set(id.ok());
        }
    }
}
