//! What went out to its last byte, counted.

pub(crate) fn count_sent(messages: u64, bytes: u64) {
    metrics::counter!("parlor_socket_messages_sent_total").increment(messages);
    metrics::counter!("parlor_socket_sent_bytes_total").increment(bytes);
}
