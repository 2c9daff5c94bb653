//! What many clients leave behind, which is nothing. `cargo xtask bench connects` does the same ten
//! thousand times, against the real server, and looks at memory as well.

use std::process::Command;

use crate::app::connect;
use crate::server::{Server, snapshot, within};

/// Set in the process that is looked at: the tests beside this one open files as well.
const CHILD: &str = "PARLOR_TEST_LEAKS_CHILD";

/// One that leaves a file behind would do; those that leave one behind now and then need more.
const CONNECTS: usize = 100;

#[test]
fn connects_leave_no_file_and_no_thread_behind() {
    if std::env::var_os(CHILD).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        return runtime.block_on(come_and_go_often());
    }

    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "leaks::connects_leave_no_file_and_no_thread_behind",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

async fn come_and_go_often() {
    let server = Server::start().await;
    // The first client starts what all of them share.
    come_and_go(&server).await;
    let before = [held("fd"), held("task")];

    for _ in 0..CONNECTS {
        come_and_go(&server).await;
    }

    // A client closes its socket a moment after the server has.
    within(async {
        while [held("fd"), held("task")] != before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn come_and_go(server: &Server) {
    let client = connect(server, "room-1");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(0)).await;
    assert!(within(client.deliveries().next()).await.is_some());

    client.stop();

    assert_eq!(peer.closed().await, Some(1000));
}

/// Counts the files (`fd`) or threads (`task`) of this process.
fn held(what: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{what}"))
        .unwrap()
        .count()
}
