//! What is new of a list that staff works off.

use parlor_node::patience::Patience;
use parlor_store::{StoreError, Worklist};

use super::Source;
use super::place::Place;
use crate::fault::Fault;

/// A list that staff follows.
pub(super) trait Followed {
    type Item: Send;
    /// What it is called where it cannot be read.
    const NAME: &'static str;
    /// The most of one message.
    const MESSAGE_MAX: u32;

    /// What has changed since the change at `after_seq`, the first [`Self::MESSAGE_MAX`] of it.
    fn changed(
        source: &Source,
        after_seq: i64,
    ) -> impl Future<Output = Result<Worklist<Self::Item>, StoreError>> + Send;

    /// What a newcomer is told.
    fn open(
        source: &Source,
    ) -> impl Future<Output = Result<Worklist<Self::Item>, StoreError>> + Send;
}

/// What is new of it behind a place, which it goes on from to another.
pub(super) struct News<T> {
    pub(super) after_seq: i64,
    pub(super) through_seq: i64,
    pub(super) recovered: bool,
    pub(super) open_count: i64,
    pub(super) snapshot: Option<Vec<T>>,
    pub(super) changed: Vec<T>,
}

impl<T> News<T> {
    /// What whoever has not asked for it is not shown.
    pub(super) fn nothing() -> Self {
        Self {
            after_seq: 0,
            through_seq: 0,
            recovered: true,
            open_count: 0,
            snapshot: None,
            changed: Vec::new(),
        }
    }
}

/// What is new behind `place`, and goes there.
pub(super) async fn read<L: Followed>(
    source: &Source,
    place: &mut Place,
    patience: &Patience,
) -> Result<News<L::Item>, Fault> {
    match *place {
        Place::At { seq, .. } => since::<L>(source, place, seq, patience).await,
        Place::Unknown => anew::<L>(source, place, patience).await,
    }
}

async fn since<L: Followed>(
    source: &Source,
    place: &mut Place,
    after_seq: i64,
    patience: &Patience,
) -> Result<News<L::Item>, Fault> {
    let read = move || L::changed(source, after_seq);
    let Worklist {
        items,
        last_seq,
        end_seq,
        open_count,
    } = patience.read(L::NAME, read).await?;

    let is_behind = items.len() == L::MESSAGE_MAX as usize;
    // Changes that another has followed since stand nowhere: with nothing left to read, all of them were told.
    let through_seq = last_seq.filter(|_| is_behind).unwrap_or(end_seq);
    *place = Place::At {
        seq: through_seq,
        is_behind,
    };

    Ok(News {
        after_seq,
        through_seq,
        recovered: true,
        open_count,
        snapshot: None,
        changed: items,
    })
}

/// What is open.
async fn anew<L: Followed>(
    source: &Source,
    place: &mut Place,
    patience: &Patience,
) -> Result<News<L::Item>, Fault> {
    let Worklist {
        items,
        end_seq,
        open_count,
        ..
    } = patience.read(L::NAME, move || L::open(source)).await?;
    *place = Place::At {
        seq: end_seq,
        is_behind: false,
    };

    Ok(News {
        after_seq: end_seq,
        through_seq: end_seq,
        recovered: false,
        open_count,
        snapshot: Some(items),
        changed: Vec::new(),
    })
}
