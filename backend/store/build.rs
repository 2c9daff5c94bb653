//! Has a migration that was added compiled in: the macro that embeds them only sees the ones it knew.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
