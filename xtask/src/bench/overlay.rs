//! The bytes a page loads for the overlay, and how long it takes to the first train.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{build, npm, process, tools, wasm, web, workspace};

/// The client's module, beside the overlay in what is served.
const SDK_MODULE: &str = "sdk/parlor_sdk_wasm_bg.wasm";

/// One file's size in bytes: as it is, and as servers send it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Size {
    fn of(bytes: &[u8]) -> Result<Self> {
        Ok(Self {
            raw: bytes.len(),
            gzip: gzip(bytes)?,
            brotli: brotli(bytes)?,
        })
    }
}

pub(super) fn run() -> Result<()> {
    let web = web::build(wasm::Source::Auto)?;
    let mut files = Vec::new();
    for name in scripts(&web)? {
        let bytes =
            std::fs::read(web.join(&name)).with_context(|| format!("cannot read {name}"))?;
        files.push((name, Size::of(&bytes)?));
    }

    let total = files.iter().fold(Size::default(), |sum, (_, size)| Size {
        raw: sum.raw + size.raw,
        gzip: sum.gzip + size.gzip,
        brotli: sum.brotli + size.brotli,
    });
    println!(
        "\n{:<28} {:>9} {:>9} {:>9}",
        "file", "raw", "gzip -9", "brotli 11"
    );
    for (name, size) in files.iter().map(|(name, size)| (name.as_str(), size)) {
        print_row(name, *size);
    }
    print_row("whole overlay", total);

    let sdk = std::fs::read(web.join(SDK_MODULE)).context("cannot read the client's module")?;
    let sdk = Size::of(&sdk)?;
    print_row("the client's module", sdk);
    let first_train_ms = first_train_ms()?;
    println!("\nfirst train after {first_train_ms} ms, with a warm cache");

    let details: serde_json::Map<String, Value> = files
        .into_iter()
        .map(|(name, size)| (name, as_json(size)))
        .collect();
    super::write(
        "overlay",
        &json!({
            "gzip_bytes": total.gzip,
            // One module draws every widget, so that train and alerts alone are no less.
            "default_gzip_bytes": total.gzip,
            "sdk_gzip_bytes": sdk.gzip,
            "first_train_ms": first_train_ms,
            "brotli_bytes": total.brotli,
            "raw_bytes": total.raw,
            "files": details,
        }),
    )
}

/// From the overlay's script to the first train on screen, in Chromium with a warm cache: a median.
fn first_train_ms() -> Result<u32> {
    tools::ensure(&[&tools::NODE, &tools::NPM, &tools::CHROMIUM])?;
    let tests = workspace::root().join("tests");
    npm::install(&tests)?;
    let said = process::output(
        Command::new("node")
            .arg("bench/first_train.mjs")
            .current_dir(&tests)
            .env("PARLOR_BIN", build::server()?),
    )?;

    said.trim()
        .parse()
        .with_context(|| format!("the page said {said:?}"))
}

/// What a page loads: the module, and every script beside it. Types are for editors.
fn scripts(web: &Path) -> Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(web)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let path = Path::new(name);
            path.extension()
                .is_some_and(|ending| ending == "wasm" || ending == "js" || ending == "css")
        })
        .collect();
    names.sort();

    Ok(names)
}

fn print_row(name: &str, size: Size) {
    println!(
        "{name:<28} {:>9} {:>9} {:>9}",
        size.raw, size.gzip, size.brotli
    );
}

fn as_json(size: Size) -> Value {
    json!({ "raw_bytes": size.raw, "gzip_bytes": size.gzip, "brotli_bytes": size.brotli })
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;

    Ok(encoder.finish()?.len())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)?;

    Ok(compressed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_compressors_shrink_what_repeats() {
        let size = Size::of(&b"hype train ".repeat(200)).unwrap();

        assert_eq!(size.raw, 2200);
        assert!((20..100).contains(&size.gzip), "{size:?}");
        assert!((5..100).contains(&size.brotli), "{size:?}");
    }
}
