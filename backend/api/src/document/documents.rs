//! Documents that were read before: an app sends the same few again and again.

use std::sync::Arc;

use async_graphql::ServerError;
use metrics::counter;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::Document;

/// How much text of documents is kept. Those of the SDKs and of an app beside them come to a tenth of it, and
/// what is parsed from it stays within a few tens of megabytes, whatever is sent.
const TEXT_KEPT_BYTES_MAX: u64 = 512 * 1024;
/// How many are expected; it only sizes the tables.
const DOCUMENTS_EXPECTED: usize = 512;

/// Reads documents, and keeps those that came last or often. Made once for all ways in.
pub struct Documents(Cache<Arc<str>, Arc<Document>, TextBytes>);

#[derive(Clone)]
struct TextBytes;

impl Weighter<Arc<str>, Arc<Document>> for TextBytes {
    fn weight(&self, text: &Arc<str>, _: &Arc<Document>) -> u64 {
        text.len() as u64
    }
}

impl Documents {
    /// Reads `text`, unless it breaks a limit. What is refused is not kept.
    pub fn read(&self, text: &str) -> Result<Arc<Document>, ServerError> {
        if let Some(document) = self.0.get(text) {
            return Ok(document);
        }

        counter!("parlor_documents_parsed_total").increment(1);
        let document = Arc::new(Document::parse(text)?);
        self.0
            .insert(Arc::clone(&document.text), Arc::clone(&document));
        Ok(document)
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self(Cache::with_weighter(
            DOCUMENTS_EXPECTED,
            TEXT_KEPT_BYTES_MAX,
            TextBytes,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::limits::DOCUMENT_BYTES_MAX;

    fn is_kept(documents: &Documents, text: &str) -> bool {
        documents.0.get(text).is_some()
    }

    #[test]
    fn a_document_is_parsed_once() {
        let documents = Documents::default();
        let text = "query ($id: ID!) { room(id: $id) { title } }";

        let first = documents.read(text).unwrap();
        let second = documents.read(text).unwrap();
        let other = documents.read(&format!("{text} ")).unwrap();

        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn what_is_refused_is_refused_again() {
        let documents = Documents::default();
        for _ in 0..2 {
            let error = documents.read("{ rooms").unwrap_err();
            assert!(error.message.contains("expected"), "{error}");
        }

        assert!(!is_kept(&documents, "{ rooms"));
    }

    #[test]
    fn what_is_kept_is_bounded_whatever_is_sent() {
        let documents = Documents::default();
        let padding = " ".repeat(DOCUMENT_BYTES_MAX - 100);
        for number in 0..1_000 {
            let text = format!("query Q{number} {{ rooms {{ title }} }}{padding}");
            documents.read(&text).unwrap();
        }

        let kept: usize = documents.0.iter().map(|(text, _)| text.len()).sum();
        assert!(kept as u64 <= TEXT_KEPT_BYTES_MAX, "{kept} bytes");
        assert!(kept > DOCUMENT_BYTES_MAX, "{kept} bytes");
    }

    #[test]
    fn what_is_asked_for_often_outlives_what_comes_once() {
        let documents = Documents::default();
        let often = "{ rooms { title } }";
        let padding = " ".repeat(1_000);
        for number in 0..5_000 {
            documents.read(often).unwrap();
            let text = format!("query Q{number} {{ rooms {{ title }} }}{padding}");
            documents.read(&text).unwrap();
        }

        assert!(is_kept(&documents, often));
    }
}
