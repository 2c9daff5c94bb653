//! `parlor rates`: what currencies are worth in a tenant's rooms, set from a file.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::staff::{ServerArgs, cell, done, print_json};
use super::{print, read_file};
use crate::simulate::Client;

const FIELDS: &str = "version base rates { currency rate } setAt";

#[derive(Debug, Args)]
pub(super) struct RatesArgs {
    #[command(subcommand)]
    command: RatesCommand,
}

#[derive(Debug, Subcommand)]
enum RatesCommand {
    /// Show what currencies are worth, in the form that `set` takes
    Show(CommonArgs),

    /// Set what currencies are worth, all at once, from a file
    ///
    /// A line for each currency: its code, and how much of it one of the base is worth, as central banks publish it.
    /// Blanks, a comma, a semicolon or a tab part the two. Lines that begin with `#` are left out, as is a first one
    /// that says `currency,rate`. For example, with the euro as the base:
    ///
    ///   USD 1.0843
    ///   JPY 171.25
    ///
    /// What is not in the file has no rate any more, and weighs nothing in rooms that count in another currency.
    #[command(verbatim_doc_comment)]
    Set(SetArgs),
}

#[derive(Debug, Args)]
struct CommonArgs {
    #[command(flatten)]
    server: ServerArgs,

    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SetArgs {
    /// The file with the rates; `-` reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The currency of which one is worth so much of each other
    #[arg(long, value_name = "CURRENCY", default_value = "EUR")]
    base: String,

    /// Refuse the change if the rates are at another version by now; 0 if there are to be none
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,

    #[command(flatten)]
    common: CommonArgs,
}

pub(super) async fn rates(args: RatesArgs) -> Result<()> {
    match args.command {
        RatesCommand::Show(args) => show(&args).await,
        RatesCommand::Set(args) => set(&args).await,
    }
}

async fn show(args: &CommonArgs) -> Result<()> {
    let table = read(&args.server.client()?).await?;
    if args.json {
        return print_json(&[table]);
    }

    print(&written(&table))
}

/// The rates as a file of theirs has them.
fn written(table: &Value) -> String {
    if table.is_null() {
        return "# no rates are set: each room counts its reference currency alone\n".to_owned();
    }

    let [version, set_at, base] = ["version", "setAt", "base"].map(|field| cell(table, field));
    let mut text = format!("# version {version}, set at {set_at}: what one {base} is worth\n");
    for one in table["rates"].as_array().into_iter().flatten() {
        let (currency, rate) = (cell(one, "currency"), cell(one, "rate"));
        writeln!(text, "{currency} {rate}").expect("a string takes text");
    }
    text
}

async fn set(args: &SetArgs) -> Result<()> {
    let rates = parse(&read_file(&args.file)?, &args.file)?;
    let client = args.common.server.client()?;
    let version = match args.if_version {
        Some(version) => version,
        None => read(&client).await?["version"].as_i64().unwrap_or(0),
    };

    let document = format!(
        "mutation ($input: SetCurrencyRatesInput!) {{ done: setCurrencyRates(input: $input) {{
            ... on CurrencyRates {{ {FIELDS} }} ... on Error {{ code message }}
        }} }}"
    );
    let input = json!({ "version": version, "base": args.base, "rates": rates });
    let done = done(&client, &document, json!({ "input": input })).await?;
    if args.common.json {
        return print_json(&[done]);
    }
    let version = cell(&done, "version");
    print(&format!(
        "{} rates are set, at version {version}\n",
        rates.len()
    ))
}

async fn read(client: &Client) -> Result<Value> {
    let document = format!("{{ currencyRates {{ {FIELDS} }} }}");
    let mut answer = client.execute(&document, json!({})).await?;

    Ok(answer["currencyRates"].take())
}

/// The rates of a file, as the API takes them. What is wrong with a code or a rate is the API's to say.
fn parse(text: &str, file: &Path) -> Result<Vec<Value>> {
    let mut rates = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<_> = line
            .split(|c: char| c.is_whitespace() || c == ',' || c == ';')
            .filter(|field| !field.is_empty())
            .collect();
        let [currency, rate] = fields[..] else {
            let file = file.display();
            bail!("line {number} of {file} is not a currency and its rate, such as `USD 1.0843`");
        };
        let is_head = rates.is_empty() && currency.eq_ignore_ascii_case("currency");
        if !is_head {
            rates.push(json!({ "currency": currency, "rate": rate }));
        }
    }
    if rates.is_empty() {
        bail!("there are no rates in {}", file.display());
    }

    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_rates_is_read_however_its_fields_are_parted() {
        let text = "\u{feff}currency,rate\r\nUSD,1.0843\n\n# Asia\n  JPY\t171.25 \nKRW ; 1500\n";
        let read = parse(text, Path::new("rates.csv")).unwrap();
        let expected = [("USD", "1.0843"), ("JPY", "171.25"), ("KRW", "1500")]
            .map(|(currency, rate)| json!({ "currency": currency, "rate": rate }));
        assert_eq!(read, expected);
    }

    #[test]
    fn a_line_that_is_no_rate_is_named() {
        for (text, said) in [
            ("USD 1\nJPY", "line 2"),
            ("USD 1,084.3", "line 1"),
            ("USD 1\n\nEUR 1 2", "line 3"),
            ("# nothing\n", "no rates"),
        ] {
            let told = parse(text, Path::new("f")).unwrap_err().to_string();
            assert!(told.contains(said), "{text:?}: {told}");
        }
    }

    #[test]
    fn what_is_shown_can_be_set_again() {
        let table = json!({
            "version": 2, "base": "EUR", "setAt": "2026-01-02T03:04:05.000Z",
            "rates": [{ "currency": "USD", "rate": "1.0843" }],
        });
        let read = parse(&written(&table), Path::new("f")).unwrap();
        assert_eq!(Value::Array(read), table["rates"]);
    }
}
