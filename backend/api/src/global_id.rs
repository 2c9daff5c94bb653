//! Global ids: base64 of `Type:uuid`, opaque to clients.

use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parlor_domain::id::{
    DisputeId, DrawId, Epoch, ErasureId, OverlayTokenId, ParticipantId, RedemptionId, RewardId,
    RoomId, SessionId, TenantId, WebhookSourceId,
};
use uuid::Uuid;

/// Kinds of things that have a global id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdKind {
    Room,
    Session,
    Contribution,
    OverlayToken,
    HypeTrain,
    Event,
    Participant,
    AuditEntry,
    Tenant,
    PointsTransfer,
    Reward,
    Redemption,
    Draw,
    Dispute,
    Erasure,
    PaidMembership,
    WebhookSource,
    WebhookDelivery,
}

impl IdKind {
    const ALL: [Self; 18] = [
        Self::Room,
        Self::Session,
        Self::Contribution,
        Self::OverlayToken,
        Self::HypeTrain,
        Self::Event,
        Self::Participant,
        Self::AuditEntry,
        Self::Tenant,
        Self::PointsTransfer,
        Self::Reward,
        Self::Redemption,
        Self::Draw,
        Self::Dispute,
        Self::Erasure,
        Self::PaidMembership,
        Self::WebhookSource,
        Self::WebhookDelivery,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Room => "Room",
            Self::Session => "Session",
            Self::Contribution => "Contribution",
            Self::OverlayToken => "OverlayToken",
            Self::HypeTrain => "HypeTrain",
            Self::Event => "RoomEvent",
            Self::Participant => "Participant",
            Self::AuditEntry => "AuditEntry",
            Self::Tenant => "Tenant",
            Self::PointsTransfer => "PointsTransfer",
            Self::Reward => "Reward",
            Self::Redemption => "Redemption",
            Self::Draw => "Draw",
            Self::Dispute => "Dispute",
            Self::Erasure => "Erasure",
            Self::PaidMembership => "PaidMembership",
            Self::WebhookSource => "WebhookSource",
            Self::WebhookDelivery => "WebhookDelivery",
        }
    }

    /// The global id of the thing of this kind that `uuid` names.
    pub(crate) fn id(self, uuid: Uuid) -> ID {
        ID(STANDARD.encode(format!("{}:{}", self.as_str(), uuid.as_hyphenated())))
    }
}

/// Takes a global id apart; `None` if it is not one.
pub(crate) fn parse(id: &str) -> Option<(IdKind, Uuid)> {
    let text = String::from_utf8(STANDARD.decode(id).ok()?).ok()?;
    let (kind, uuid) = text.split_once(':')?;
    let kind = IdKind::ALL
        .into_iter()
        .find(|known| known.as_str() == kind)?;

    Some((kind, Uuid::try_parse(uuid).ok()?))
}

/// The room that `id` names. An id that is none, or another thing's, names no room.
pub fn parse_room_id(id: &str) -> Option<RoomId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Room).then_some(RoomId(uuid)))
}

/// The session that `id` names.
pub(crate) fn parse_session_id(id: &str) -> Option<SessionId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Session).then_some(SessionId(uuid)))
}

/// The overlay token that `id` names.
pub(crate) fn parse_overlay_token_id(id: &str) -> Option<OverlayTokenId> {
    parse(id)
        .and_then(|(kind, uuid)| (kind == IdKind::OverlayToken).then_some(OverlayTokenId(uuid)))
}

/// What `parse` finds that `id` names, or what nothing ever is: so a malformed id is answered as any unknown one.
pub(crate) fn named<T>(id: &ID, parse: fn(&str) -> Option<T>, of: fn(Uuid) -> T) -> T {
    parse(id).unwrap_or_else(|| of(Uuid::nil()))
}

/// The participant that `id` names, or nobody.
pub(crate) fn named_participant(id: &ID) -> ParticipantId {
    named(id, parse_participant_id, ParticipantId)
}

/// The redemption that `id` names, or none.
pub(crate) fn named_redemption(id: &ID) -> RedemptionId {
    named(id, parse_redemption_id, RedemptionId)
}

/// The reward that `id` names.
pub(crate) fn parse_reward_id(id: &str) -> Option<RewardId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Reward).then_some(RewardId(uuid)))
}

/// The redemption that `id` names.
pub(crate) fn parse_redemption_id(id: &str) -> Option<RedemptionId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Redemption).then_some(RedemptionId(uuid)))
}

/// The draw that `id` names.
pub(crate) fn parse_draw_id(id: &str) -> Option<DrawId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Draw).then_some(DrawId(uuid)))
}

/// The dispute that `id` names.
pub(crate) fn parse_dispute_id(id: &str) -> Option<DisputeId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Dispute).then_some(DisputeId(uuid)))
}

/// The source of webhooks that `id` names.
pub(crate) fn parse_webhook_source_id(id: &str) -> Option<WebhookSourceId> {
    parse(id)
        .and_then(|(kind, uuid)| (kind == IdKind::WebhookSource).then_some(WebhookSourceId(uuid)))
}

/// The erasure that `id` names.
pub(crate) fn parse_erasure_id(id: &str) -> Option<ErasureId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Erasure).then_some(ErasureId(uuid)))
}

/// The participant that `id` names.
pub(crate) fn parse_participant_id(id: &str) -> Option<ParticipantId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Participant).then_some(ParticipantId(uuid)))
}

/// The tenant that `id` names.
pub(crate) fn parse_tenant_id(id: &str) -> Option<TenantId> {
    parse(id).and_then(|(kind, uuid)| (kind == IdKind::Tenant).then_some(TenantId(uuid)))
}

/// A room's global id.
pub fn room_id(id: RoomId) -> String {
    IdKind::Room.id(id.0).0
}

/// A log's epoch as clients carry it.
pub fn epoch(epoch: Epoch) -> ID {
    ID(epoch.to_string())
}

/// Reads a log's epoch.
pub fn parse_epoch(text: &str) -> Option<Epoch> {
    Uuid::try_parse(text).ok().map(Epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Services name rooms by these ids, and what they say is read without the API.
    #[test]
    fn a_rooms_id_is_read_from_a_webhook_as_it_is_from_a_client() {
        let uuid = Uuid::from_u128(7);
        for kind in IdKind::ALL {
            let id = kind.id(uuid);
            assert_eq!(
                parlor_webhooks::room_of(&id),
                parse_room_id(&id),
                "{kind:?}"
            );
        }
        assert_eq!(parse_room_id(&IdKind::Room.id(uuid)), Some(RoomId(uuid)));
    }
}
