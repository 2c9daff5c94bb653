//! `parlor verify`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use parlor_api::global_id;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::Digest;
use parlor_store::{Settings, Store};

use super::heads::Head;
use super::{DatabaseArgs, print, read_file};

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

    /// A file of such heads, one a line, as `parlor heads` prints them; `-` reads standard input
    ///
    /// May be given more than once, and hold heads of many days, all of which have to be found again.
    #[arg(long, value_name = "FILE")]
    expect_heads: Vec<PathBuf>,
}

/// What has to be found in each room's books.
type Noted = BTreeMap<RoomId, BTreeMap<i64, Digest>>;

/// Works the books of all rooms through, and says of each whether they are sound.
pub(super) async fn verify(args: VerifyArgs) -> Result<()> {
    let mut heads = args.expect_head;
    for file in &args.expect_heads {
        heads.extend(read_heads(file)?);
    }
    let noted = noted(&heads)?;
    let store = Store::connect(&Settings::existing(&args.database.url)).await?;
    let unsound = verify_all(&store, noted).await;
    store.close().await;

    match unsound? {
        0 => Ok(()),
        1 => bail!("the books of one room are not sound"),
        rooms => bail!("the books of {rooms} rooms are not sound"),
    }
}

/// Reads a file of heads. Lines without anything say nothing.
fn read_heads(file: &Path) -> Result<Vec<Head>> {
    let text = read_file(file)?;
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let heads = lines.map(|(index, line)| {
        let line = line.trim();
        // What `parlor verify` says of a room is as good: its head is the word behind that.
        let said = line
            .strip_prefix("sound ")
            .and_then(|said| said.split(' ').next());
        let head = said.unwrap_or(line).parse::<Head>();
        head.map_err(|refusal| anyhow!("{}, line {}: {refusal}", file.display(), index + 1))
    });
    let heads = heads.collect::<Result<Vec<_>>>()?;
    // Else a copy that went wrong would have everything be sound.
    ensure!(!heads.is_empty(), "there is no head in {}", file.display());

    Ok(heads)
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
    let (minted, burned, owed) = (ledger.minted, ledger.burned, ledger.owed);
    print(&format!(
        "sound {head} minted {minted} burned {burned} owed {owed}\n"
    ))?;
    Ok(true)
}
