//! One subscription of one socket, as a group sees it.

use std::sync::Arc;

use parlor_identity::Caller;

use super::operations::OperationKey;
use super::outbound::Outbound;

pub(crate) struct Member {
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) key: OperationKey,
    pub(crate) caller: Arc<Caller>,
}
