//! Makes the folder of the web pages before the code that embeds it is compiled.
//!
//! Where the folder is missing then, a debug build would not find the pages that are built later:
//! it compares their real paths with a path that could not be resolved.

use std::path::Path;

fn main() {
    let web = Path::new("../../target/web");
    if let Err(error) = std::fs::create_dir_all(web) {
        println!(
            "cargo:warning=cannot make {}: {error}; the server is built without its web pages",
            web.display()
        );
    }

    println!("cargo:rerun-if-changed=build.rs");
    // A debug build reads the pages when they are asked for; others carry them inside.
    if std::env::var("PROFILE").is_ok_and(|profile| profile != "debug") {
        println!("cargo:rerun-if-changed={}", web.display());
    }
}
