//! Refunds on disk: read again as they were written, and proven.

use parlor_domain::points::{MemberNumber, StatementLine, TransferKind};
use parlor_domain::room_aggregate::{RefundRefusal, Settlement};
use parlor_store::StatementRequest;

use crate::harness::{Database, on_both_engines};
use crate::shop::{Shop, terms};

on_both_engines! {
    refunds_are_kept_and_proven,
    a_refund_that_somebody_changed_is_named,
}

async fn refunds_are_kept_and_proven(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(30)).await;
    let redemption = shop.redeem_one("ana", reward.id).await;
    let open = shop.refund(&redemption, None).await.unwrap_err();
    assert_eq!(open, RefundRefusal::NotFulfilled);
    let paid = shop.settle(&redemption, Settlement::Fulfill).await.unwrap();
    shop.refund(&paid, Some(10)).await.unwrap();
    let whole = shop.refund(&paid, None).await.unwrap();

    let read = shop
        .store
        .redemption(shop.tenant_id, paid.id)
        .await
        .unwrap();
    assert_eq!(read, Some((shop.room_id, whole)));
    let again = shop.refund(&paid, None).await.unwrap_err();
    assert_eq!(again, RefundRefusal::AlreadyRefunded);
    assert_eq!(shop.balance(0).await, (100, 0));
    shop.check_books().await;
    let page = StatementRequest {
        limit: 2,
        ..StatementRequest::default()
    };
    let (tenant_id, room_id) = (shop.tenant_id, shop.room_id);
    let statement = shop
        .store
        .statement_page(tenant_id, room_id, MemberNumber(0), page);
    let lines = statement.await.unwrap().unwrap().items;
    let told = |line: usize| {
        let (line, _) = &lines[line];
        let StatementLine::Transfer(transfer) = line else {
            panic!("{line:?}");
        };
        (transfer.kind, line.points(), transfer.corrects)
    };
    assert_eq!(told(0), (TransferKind::Refunded, 20, paid.paid_seq));
    assert_eq!(told(1), (TransferKind::Refunded, 10, paid.paid_seq));
    let ledger = shop.store.ledger(tenant_id, room_id).await.unwrap();
    assert_eq!(ledger.burned, 0);
}

async fn a_refund_that_somebody_changed_is_named(database: Database) {
    let mut shop = Shop::open(&database).await;
    let reward = shop.make(terms(30)).await;
    let redemption = shop.redeem_one("ana", reward.id).await;
    let paid = shop.settle(&redemption, Settlement::Fulfill).await.unwrap();
    shop.refund(&paid, Some(10)).await.unwrap();

    for (change, back, named) in [
        (
            "UPDATE redemptions SET refunded = 0",
            "UPDATE redemptions SET refunded = 10",
            "says that 0 points of it were given back, and 10 were",
        ),
        (
            "UPDATE redemptions SET paid_seq = 1",
            "UPDATE redemptions SET paid_seq = 3",
            "no transfer says that it was paid for",
        ),
        (
            "UPDATE transfers SET corrects = 1 WHERE kind = 4",
            "UPDATE transfers SET corrects = 3 WHERE kind = 4",
            "is not what it was when the next was chained to it",
        ),
    ] {
        database.run(change).await;
        let found = shop.unsound().await;
        assert!(found.contains(named), "{change}: {found}");
        database.run(back).await;
        shop.check_books().await;
    }
}
