//! Makes elements of the overlay's own markup, one by one.
//!
//! A page that enforces Trusted Types takes no markup as a string, wherever it comes from, and a
//! policy for it would need a name that the page allows. What is read here is our own file, so that
//! only what it uses is understood: tags, quoted attributes, and text without entities.

use alloc::vec::Vec;
use wasm_bindgen::UnwrapThrowExt;
use web_sys::{Document, Element, Node};

const HTML: &str = "http://www.w3.org/1999/xhtml";
const SVG: &str = "http://www.w3.org/2000/svg";

/// Appends the elements of `markup` to `root`.
pub(crate) fn append(document: &Document, root: &Node, markup: &'static str) {
    let mut open: Vec<Element> = Vec::new();
    for piece in markup.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("every tag ends");
        if tag.starts_with('/') {
            open.pop();
        } else {
            let element = make(document, open.last(), tag);
            let parent = open.last().map_or(root, |parent| parent);
            parent
                .append_child(&element)
                .expect_throw("elements hold elements");
            if !tag.ends_with('/') {
                open.push(element);
            }
        }
        // Text stands alone in its element; between elements there are only line ends.
        if !text.is_empty() && !text.starts_with('\n') {
            let element = open.last().expect("text stands in an element");
            element.set_text_content(Some(text));
        }
    }
}

fn make(document: &Document, parent: Option<&Element>, tag: &str) -> Element {
    let tag = tag.strip_suffix('/').unwrap_or(tag);
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let within = parent.and_then(Element::namespace_uri);
    let namespace = match within.as_deref() {
        Some(SVG) => SVG,
        _ if name == "svg" => SVG,
        _ => HTML,
    };
    let element = document
        .create_element_ns(Some(namespace), name)
        .expect_throw("the markup's names are names");

    // Every other piece between quotes is a value; the last one may be a word without.
    let mut pieces = attributes.split('"');
    while let Some(name) = pieces.next() {
        let name = name.strip_prefix(' ').unwrap_or(name);
        let name = name.strip_suffix('=').unwrap_or(name);
        if !name.is_empty() {
            element
                .set_attribute(name, pieces.next().unwrap_or_default())
                .expect_throw("the markup's names are names");
        }
    }

    element
}
