//! One element, and what was last written to it.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{HtmlElement, ShadowRoot};

use crate::words;

/// An element that is written to only when something changed.
pub(crate) struct Part {
    element: HtmlElement,
    text: String,
    properties: Vec<(&'static str, String)>,
    hidden: Option<bool>,
}

impl Part {
    pub(crate) fn find(root: &ShadowRoot, selector: &str) -> Self {
        Self::new(super::query(root, selector))
    }

    pub(crate) fn new(element: HtmlElement) -> Self {
        Self {
            element,
            text: String::new(),
            properties: Vec::new(),
            hidden: None,
        }
    }

    /// The first element inside it that fits `selector`.
    pub(crate) fn child(&self, selector: &str) -> Self {
        let child = self.element.query_selector(selector).ok().flatten();

        Self::new(child.expect("the markup has every part").unchecked_into())
    }

    /// The first `count` elements of `selector`, which have no siblings of their type but each other.
    /// The markup has one; what is missing is made of it.
    pub(crate) fn repeat(root: &ShadowRoot, selector: &str, count: usize) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        for number in 1..=count {
            let nth = [selector, ":nth-of-type(", &number.to_string(), ")"].concat();
            let made = root.query_selector(&nth).ok().flatten();
            let element = made.map(JsCast::unchecked_into);
            parts.push(Self::new(element.unwrap_or_else(|| {
                copy(parts.last().expect("the markup has every part"))
            })));
        }
        parts
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.element
    }

    pub(crate) fn set_text(&mut self, text: &str) {
        if self.text != text {
            self.element.set_text_content(Some(text));
            text.clone_into(&mut self.text);
        }
    }

    pub(crate) fn set_hidden(&mut self, hidden: bool) {
        if self.hidden != Some(hidden) {
            self.element.set_hidden(hidden);
            self.hidden = Some(hidden);
        }
    }

    pub(crate) fn set_transform(&mut self, transform: &str) {
        self.set_style("transform", transform);
    }

    /// Takes an opacity from 0 to 1.
    pub(crate) fn set_opacity(&mut self, opacity: f32) {
        self.set_style("opacity", &decimal(opacity));
    }

    pub(crate) fn set_style(&mut self, name: &'static str, value: &str) {
        if self.keep(name, value) {
            // A browser that does not know the property shows the rest.
            let _ = self.element.style().set_property(name, value);
        }
    }

    pub(crate) fn set_attribute(&mut self, name: &'static str, value: &str) {
        if self.keep(name, value) {
            let _ = self.element.set_attribute(name, value);
        }
    }

    pub(crate) fn set_class(&mut self, class: &'static str, on: bool) {
        if self.keep(class, if on { "on" } else { "" }) {
            let _ = self.element.class_list().toggle_with_force(class, on);
        }
    }

    fn keep(&mut self, name: &'static str, value: &str) -> bool {
        match self.properties.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if known == value => false,
            Some((_, known)) => {
                value.clone_into(known);
                true
            }
            None => {
                self.properties.push((name, String::from(value)));
                true
            }
        }
    }
}

/// Makes another of `part`, after it.
fn copy(part: &Part) -> HtmlElement {
    let copy = part.element.clone_node_with_deep(true);
    let copy: HtmlElement = copy.expect_throw("elements can be copied").unchecked_into();
    let _ = part.element.after_with_node_1(&copy);

    copy
}

/// Writes a part from 0 to 1 with three decimals, without the weight of formatting a float.
pub(crate) fn decimal(part: f32) -> String {
    let permille = i64::from((part * 1000.0) as i32).clamp(0, 1000);
    if permille == 1000 {
        return String::from("1");
    }

    ["0.", &words::padded(permille, 3)].concat()
}

/// Writes a length in design units: pixels at 1920×1080.
pub(crate) fn units(length: f32) -> String {
    ["var(--d)*", &((length * 10.0) as i32).to_string(), "/10"].concat()
}
