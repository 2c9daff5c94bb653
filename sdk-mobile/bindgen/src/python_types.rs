//! The types of the generated Python module, as `mypy` reads them: what the module defines twice, such as its
//! errors, and what it leaves without types, stands once and with them.

use std::fmt::Write;

use anyhow::{Context, Result};
use camino::Utf8Path;
use heck::ToShoutySnakeCase;
use uniffi_bindgen::interface::{
    Argument, AsType, Callable, Enum, Function, Object, Record, Type, Variant,
};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, ComponentInterface, GlobalConfig};

const HEAD: &str = "# Written by `cargo xtask codegen` from the library.\n\n";

/// What `parlor.Client` is made of, and not for applications.
const BENEATH: [&str; 6] = [
    "Client",
    "ConnectionStates",
    "Deliveries",
    "Rooms",
    "WalletNow",
    "Wallets",
];

/// What is written by hand beside the module.
const BY_HAND: [&str; 3] = ["Client", "FetchToken", "known"];

/// Returns the types of the module, and those of the package, which says what of it is for applications: names
/// of files, and what belongs there.
pub(crate) fn of_library(library: &Utf8Path) -> Result<[(&'static str, String); 2]> {
    let loader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
    let interfaces = loader.load_cis(loader.load_metadata(library)?)?;
    let [interface] = interfaces.as_slice() else {
        anyhow::bail!("{library} has not one interface, but {}", interfaces.len());
    };

    Ok([
        ("_native.pyi", module(interface)?),
        ("__init__.pyi", package(interface)?),
    ])
}

fn package(interface: &ComponentInterface) -> Result<String> {
    let enums = interface.enum_definitions().iter().map(Enum::name);
    let records = interface.record_definitions().iter().map(Record::name);
    let objects = interface.object_definitions().iter().map(Object::name);
    let functions = interface.function_definitions().iter().map(Function::name);
    let names = enums.chain(records).chain(objects).chain(functions);
    let mut out = HEAD.to_owned();
    for name in names.filter(|name| !BENEATH.contains(name)) {
        writeln!(out, "from ._native import {name} as {name}")?;
    }
    for name in BY_HAND {
        writeln!(out, "from .client import {name} as {name}")?;
    }

    Ok(out)
}

fn module(interface: &ComponentInterface) -> Result<String> {
    let mut out = HEAD.to_owned();
    writeln!(out, "import enum")?;
    writeln!(out)?;
    for one in interface.enum_definitions() {
        if interface.is_name_used_as_error(one.name()) {
            variants(&mut out, one, "Exception", str::to_owned)?;
        } else if one.is_flat() {
            names(&mut out, one)?;
        } else {
            variants(&mut out, one, "", ToShoutySnakeCase::to_shouty_snake_case)?;
        }
    }
    for one in interface.record_definitions() {
        record(&mut out, one)?;
    }
    for one in interface.object_definitions() {
        object(&mut out, one)?;
    }
    for one in interface.function_definitions() {
        callable(&mut out, "", one.name(), None, one)?;
    }
    beneath(&mut out)?;

    Ok(out)
}

/// What the package needs of the module beside what it exports.
fn beneath(out: &mut String) -> Result<()> {
    writeln!(out, "__all__: list[str]")?;
    writeln!(out, "_UniffiLib: object")?;
    writeln!(
        out,
        "def _uniffi_check_api_checksums(lib: object) -> None: ..."
    )?;

    Ok(())
}

/// An enum of plain names.
fn names(out: &mut String, one: &Enum) -> Result<()> {
    writeln!(out, "class {}(enum.Enum):", one.name())?;
    for (number, variant) in one.variants().iter().enumerate() {
        writeln!(
            out,
            "    {} = {number}",
            variant.name().to_shouty_snake_case()
        )?;
    }
    writeln!(out)?;

    Ok(())
}

/// An enum whose variants hold something: each is a class within that of the enum.
fn variants(
    out: &mut String,
    one: &Enum,
    base: &str,
    name_of: impl Fn(&str) -> String,
) -> Result<()> {
    let name = one.name();
    let bases = if base.is_empty() {
        String::new()
    } else {
        format!("({base})")
    };
    writeln!(out, "class {name}{bases}:")?;
    for variant in one.variants() {
        writeln!(out, "    class {}({name}):", name_of(variant.name()))?;
        fields(out, variant)?;
    }
    if base.is_empty() {
        for variant in one.variants() {
            let snake = variant.name().to_shouty_snake_case().to_lowercase();
            writeln!(out, "    def is_{snake}(self) -> bool: ...")?;
        }
    }
    writeln!(out)?;

    Ok(())
}

fn fields(out: &mut String, variant: &Variant) -> Result<()> {
    let mut parameters = String::new();
    for field in variant.fields() {
        let field_type = python_type(&field.as_type())?;
        writeln!(out, "        {}: {field_type}", field.name())?;
        write!(parameters, ", {}: {field_type}", field.name())?;
    }
    writeln!(out, "        def __init__(self{parameters}) -> None: ...")?;

    Ok(())
}

fn record(out: &mut String, one: &Record) -> Result<()> {
    let mut parameters = String::new();
    writeln!(out, "class {}:", one.name())?;
    for field in one.fields() {
        let field_type = python_type(&field.as_type())?;
        writeln!(out, "    {}: {field_type}", field.name())?;
        write!(parameters, ", {}: {field_type}", field.name())?;
        if field.default_value().is_some() {
            parameters.push_str(" = ...");
        }
    }
    let by_name = if one.has_fields() { ", *" } else { "" };
    writeln!(
        out,
        "    def __init__(self{by_name}{parameters}) -> None: ..."
    )?;
    writeln!(out)?;

    Ok(())
}

fn object(out: &mut String, one: &Object) -> Result<()> {
    writeln!(out, "class {}:", one.name())?;
    if let Some(made) = one.primary_constructor() {
        let parameters = parameters(&made.arguments())?;
        writeln!(out, "    def __init__(self{parameters}) -> None: ...")?;
    }
    for made in one.alternate_constructors() {
        let parameters = parameters(&made.arguments())?;
        writeln!(out, "    @classmethod")?;
        writeln!(
            out,
            "    def {}(cls{parameters}) -> {}: ...",
            made.name(),
            one.name()
        )?;
    }
    for method in one.methods() {
        callable(out, "    ", method.name(), Some("self"), method)?;
    }
    writeln!(out)?;

    Ok(())
}

fn callable(
    out: &mut String,
    indent: &str,
    name: &str,
    receiver: Option<&str>,
    one: &impl Callable,
) -> Result<()> {
    let keyword = if one.is_async() { "async def" } else { "def" };
    let returned = match one.return_type() {
        Some(returned) => python_type(returned)?,
        None => "None".to_owned(),
    };
    let parameters = parameters(&one.arguments())?;
    let parameters = match receiver {
        Some(receiver) => format!("{receiver}{parameters}"),
        None => parameters.trim_start_matches(", ").to_owned(),
    };
    writeln!(
        out,
        "{indent}{keyword} {name}({parameters}) -> {returned}: ..."
    )?;

    Ok(())
}

/// Each with a comma before it.
fn parameters(arguments: &[&Argument]) -> Result<String> {
    let mut out = String::new();
    for argument in arguments {
        write!(
            out,
            ", {}: {}",
            argument.name(),
            python_type(&argument.as_type())?
        )?;
        if argument.default_value().is_some() {
            out.push_str(" = ...");
        }
    }

    Ok(out)
}

fn python_type(one: &Type) -> Result<String> {
    Ok(match one {
        Type::UInt8
        | Type::Int8
        | Type::UInt16
        | Type::Int16
        | Type::UInt32
        | Type::Int32
        | Type::UInt64
        | Type::Int64 => "int".to_owned(),
        Type::Float32 | Type::Float64 => "float".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::String => "str".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Optional { inner_type } => format!("{} | None", python_type(inner_type)?),
        Type::Sequence { inner_type } => format!("list[{}]", python_type(inner_type)?),
        Type::Set { inner_type } => format!("set[{}]", python_type(inner_type)?),
        Type::Map {
            key_type,
            value_type,
        } => format!(
            "dict[{}, {}]",
            python_type(key_type)?,
            python_type(value_type)?
        ),
        Type::Box { inner_type } => python_type(inner_type)?,
        Type::Timestamp
        | Type::Duration
        | Type::Object { .. }
        | Type::Record { .. }
        | Type::Enum { .. }
        | Type::CallbackInterface { .. }
        | Type::Custom { .. } => one
            .name()
            .with_context(|| format!("it is not known what {one:?} is in Python"))?
            .to_owned(),
    })
}
