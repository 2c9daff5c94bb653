//! Settings that an input may leave as they are, change, or take back.

use async_graphql::MaybeUndefined;

/// What becomes of a setting: nothing, its default, or what was given.
pub(crate) fn setting<T, U: Into<T>>(given: MaybeUndefined<U>, default: T) -> Option<T> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(default),
        MaybeUndefined::Value(value) => Some(value.into()),
    }
}
