//! `parlor verify`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use clap::Args;
use parlor_api::global_id;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::Digest;
use parlor_store::{Settings, Store};

use super::{DatabaseArgs, print};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    database: DatabaseArgs,

    /// A head as an earlier run printed it, that has to be found again
    ///
    /// May be given more than once. Whoever can write the database can write other books that are sound in
    /// themselves; a head that was kept elsewhere tells them apart.
    #[arg(long, value_name = "HEAD")]
    expect_head: Vec<Head>,
}

/// Where a room's books stood: `<room>:<seq>:<digest>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    room_id: RoomId,
    seq: i64,
    digest: Digest,
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (room, rest) = text.split_once(':')?;
            let (seq, digest) = rest.split_once(':')?;
            Some(Self {
                room_id: global_id::parse_room_id(room)?,
                seq: seq.parse().ok().filter(|seq| *seq > 0)?,
                digest: digest.parse().ok()?,
            })
        };

        read().ok_or("a head is `<room>:<seq>:<digest>`, as `parlor verify` prints it")
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = global_id::room_id(self.room_id);
        write!(f, "{room}:{}:{}", self.seq, self.digest)
    }
}

/// What has to be found in each room's books.
type Noted = BTreeMap<RoomId, BTreeMap<i64, Digest>>;

/// Works the books of all rooms through, and says of each whether they are sound.
pub(super) async fn verify(args: VerifyArgs) -> Result<()> {
    let noted = noted(&args.expect_head)?;
    let store = Store::connect(&Settings::existing(&args.database.url)).await?;
    let unsound = verify_all(&store, noted).await;
    store.close().await;

    match unsound? {
        0 => Ok(()),
        1 => bail!("the books of one room are not sound"),
        rooms => bail!("the books of {rooms} rooms are not sound"),
    }
}

fn noted(heads: &[Head]) -> Result<Noted> {
    let mut noted = Noted::new();
    for head in heads {
        let of_room = noted.entry(head.room_id).or_default();
        let before = of_room.insert(head.seq, head.digest);
        if before.is_some_and(|before| before != head.digest) {
            bail!("two heads of one room and position differ, so that one of them cannot be found");
        }
    }

    Ok(noted)
}

/// Returns how many rooms' books are not sound.
async fn verify_all(store: &Store, mut noted: Noted) -> Result<u64> {
    let mut unsound = 0;
    let mut after = None;
    loop {
        let next = store.next_room_with_books(after).await;
        let next = next.context("`parlor migrate` brings a database up to date")?;
        let Some((room_id, tenant_id)) = next else {
            break;
        };
        after = Some(room_id);
        let noted = noted.remove(&room_id).unwrap_or_default();
        let is_sound = verify_room(store, room_id, tenant_id, &noted).await?;
        unsound += u64::from(!is_sound);
    }
    if after.is_none() {
        print("no room has books\n")?;
    }
    for room_id in noted.into_keys() {
        let room = global_id::room_id(room_id);
        print(&format!(
            "UNSOUND {room}: it has no books, and a head of them was noted\n"
        ))?;
        unsound += 1;
    }

    Ok(unsound)
}

async fn verify_room(
    store: &Store,
    room_id: RoomId,
    tenant_id: TenantId,
    noted: &BTreeMap<i64, Digest>,
) -> Result<bool> {
    let room = global_id::room_id(room_id);
    let verified = store.verify_books(tenant_id, room_id, noted).await;
    let verified = verified.with_context(|| format!("cannot read the books of room {room}"))?;
    let ledger = match verified {
        Ok(ledger) => ledger,
        Err(unsound) => {
            print(&format!("UNSOUND {room}: {unsound}\n"))?;
            return Ok(false);
        }
    };

    let head = Head {
        room_id,
        seq: ledger.seq,
        digest: ledger.digest,
    };
    let (minted, burned) = (ledger.minted, ledger.burned);
    print(&format!("sound {head} minted {minted} burned {burned}\n"))?;
    Ok(true)
}
