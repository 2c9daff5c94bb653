//! What a device is given to show later that it was there: its reports may come late, and nobody may make up a
//! quarter of an hour that they were not there for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use parlor_domain::id::ViewerId;
use parlor_domain::invalid::Invalid;
use parlor_domain::time::ServerTime;
use parlor_domain::watching::{AHEAD_MAX_MS, LATE_MAX_MS, PlayedSpan};
use parlor_live::watching::ReportedRoom;
use sha2::Sha256;

/// How late a report may come without a lease: a few that are lost, and a page that is let run once a minute.
pub(super) const ON_TIME_MS: i64 = 2 * 60_000;

/// Who signs leases, with what all servers of one database know.
pub struct Leases {
    key: Vec<u8>,
}

/// Who holds a lease, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    pub(super) room: ReportedRoom,
    pub(super) viewer_id: &'a ViewerId,
}

impl Leases {
    /// The name of the secret that leases are signed with.
    pub const SECRET: &'static str = "watch leases";

    pub fn new(key: Vec<u8>) -> Self {
        Self { key }
    }

    /// Says that the holder was there at `now`.
    pub(super) fn give(&self, holder: Holder<'_>, now: ServerTime) -> String {
        let given_at = now.unix_millis().to_be_bytes();
        let signature = self.sign(holder, given_at).finalize().into_bytes();

        URL_SAFE_NO_PAD.encode([&given_at[..], &signature].concat())
    }

    /// When `lease` was given, if it was given to `holder`.
    pub(super) fn read(&self, lease: &str, holder: Holder<'_>) -> Result<ServerTime, Invalid> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(lease).ok()?;
            let (given_at, signature) = bytes.split_first_chunk()?;
            let signed = self.sign(holder, *given_at);
            signed.verify_slice(signature).ok()?;

            Some(ServerTime::from_unix_millis(i64::from_be_bytes(*given_at)))
        };
        let constraint = "a lease that this viewer was given in this room";

        read().ok_or_else(|| Invalid::new("lease", constraint, "another"))
    }

    fn sign(&self, holder: Holder<'_>, given_at: [u8; 8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key has any length");
        mac.update(holder.room.tenant_id.0.as_bytes());
        mac.update(holder.room.room_id.0.as_bytes());
        mac.update(&given_at);
        mac.update(holder.viewer_id.as_str().as_bytes());

        mac
    }
}

/// Whether what is reported of a span may count: because it comes in time, or under a lease.
pub(super) fn may_count(span: &PlayedSpan, given_at: Option<ServerTime>, now: ServerTime) -> bool {
    let is_late = span.until < now.plus_millis(-ON_TIME_MS);
    // Whoever was there then may tell what could be told then without one. A client's clock is a little off.
    let is_leased = given_at.is_some_and(|given_at| {
        let (from, until) = (
            given_at.plus_millis(-ON_TIME_MS - AHEAD_MAX_MS),
            given_at.plus_millis(LATE_MAX_MS),
        );
        from <= span.from && span.until <= until
    });

    !is_late || is_leased
}

#[cfg(test)]
mod tests {
    use parlor_domain::id::{RoomId, TenantId};
    use uuid::Uuid;

    use super::*;

    fn at(ms: i64) -> ServerTime {
        ServerTime::from_unix_millis(1_800_000_000_000 + ms)
    }

    fn span(from_ms: i64, until_ms: i64) -> PlayedSpan {
        PlayedSpan {
            from: at(from_ms),
            until: at(until_ms),
            playhead_from: 0.0,
            playhead_until: 1.0,
            rate: 1.0,
        }
    }

    #[test]
    fn a_lease_is_its_holders_alone() {
        let leases = Leases::new(vec![1; 32]);
        let (ana, ben) = (
            ViewerId::parse("ana").unwrap(),
            ViewerId::parse("ben").unwrap(),
        );
        let room = |tenant, room| ReportedRoom {
            tenant_id: TenantId(Uuid::from_u128(tenant)),
            room_id: RoomId(Uuid::from_u128(room)),
        };
        let holder = Holder {
            room: room(1, 2),
            viewer_id: &ana,
        };
        let lease = leases.give(holder, at(5));
        assert_eq!(leases.read(&lease, holder).unwrap(), at(5));

        for (room, viewer_id) in [(room(1, 2), &ben), (room(1, 3), &ana), (room(3, 2), &ana)] {
            let other = Holder { room, viewer_id };
            leases.read(&lease, other).unwrap_err();
        }
        Leases::new(vec![2; 32]).read(&lease, holder).unwrap_err();
        let mut bytes = URL_SAFE_NO_PAD.decode(&lease).unwrap();
        bytes[7] ^= 1;
        leases
            .read(&URL_SAFE_NO_PAD.encode(&bytes), holder)
            .unwrap_err();
        for text in ["", "AAAA", "no lease at all", &lease[1..]] {
            leases.read(text, holder).unwrap_err();
        }
    }

    #[test]
    fn what_is_late_counts_from_when_the_lease_was_given_for_a_quarter_of_an_hour() {
        let now = at(1_200_000);
        assert!(may_count(&span(1_060_000, 1_090_000), None, now));
        assert!(!may_count(&span(1_040_000, 1_079_000), None, now));

        let given_at = Some(at(300_000));
        for (from_ms, until_ms, counts) in [
            (175_000, 205_000, true),
            (174_999, 204_999, false),
            (1_020_000, 1_050_000, true),
        ] {
            assert_eq!(
                may_count(&span(from_ms, until_ms), given_at, now),
                counts,
                "{from_ms}"
            );
        }
        assert!(!may_count(
            &span(30_000, 60_001),
            Some(at(-839_999 - 60_001)),
            now
        ));
    }
}
