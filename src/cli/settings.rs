//! `jinfu village settings`: the figures that a village has set for itself, shown and changed.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::cli::arguments::{Common, VerifyFormat};
use crate::cli::read::{code_of, json_of};
use crate::cli::table::table;
use crate::cli::write::submit;
use crate::cli::{Failure, REFUSED, Session, print};
use crate::domain::number::parse_whole;
use crate::domain::settings::{ChangeSettings, Settings};
use crate::domain::{Command, Money, Refusal};

#[derive(Subcommand)]
pub(super) enum VillageTask {
    Settings(SettingsOptions),
}

#[derive(Args)]
pub(super) struct SettingsOptions {
    #[command(flatten)]
    common: Common,
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, value_enum, default_value = "table")]
    format: VerifyFormat,
}

pub(super) async fn village(session: &Session, task: VillageTask) -> Result<(), Failure> {
    let VillageTask::Settings(options) = task;
    let code = code_of(options.common.village.as_deref())?;
    let ledger = session.reading().await?;
    let (code, _) = ledger.village(code.as_ref()).await?;
    let settings = ledger.settings(&code).await?;
    ledger.close().await?;
    if !options.set.is_empty() {
        let expected = Some(settings.revision());
        let settings = changed(session, &settings, &options.set)?;
        let command = Command::ChangeSettings(ChangeSettings { settings, expected });
        return submit(session, options.common, false, command).await;
    }
    print(&match options.format {
        VerifyFormat::Json => json_of(&settings),
        VerifyFormat::Table => {
            let figures = figures_of(&settings);
            let row = |(key, value): (&String, &Value)| vec![key.clone(), written(value)];
            let header = ["word-setting", "word-setting-value"].map(|word| session.texts.say(word));
            table(header.into(), 1, figures.iter().map(row).collect())
        }
    });
    Ok(())
}

/// The settings by name, as they stand in `village.toml`.
fn figures_of(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(figures)) => figures,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// A value as it is typed: months of the year are separated by commas.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(","),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// The settings with the figures that were given; all others stay.
fn changed(session: &Session, settings: &Settings, set: &[String]) -> Result<Settings, Failure> {
    let mut figures = figures_of(settings);
    let keys: Vec<&str> = figures.keys().map(String::as_str).collect();
    let keys = keys.join(", ");
    for text in set {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        let Some(figure) = figures.get_mut(key.trim()) else {
            let facts = [("key", key.trim().to_owned()), ("keys", keys)];
            let sentence = session.texts.tell("setting-unknown", &facts);
            return Err(Failure::Sentence(REFUSED, sentence));
        };
        *figure = typed(figure, value.trim())?;
    }
    let settings = serde_json::from_value(Value::Object(figures));
    Ok(settings.map_err(|error| Refusal::UnknownWord {
        field: "set",
        value: error.to_string(),
        allowed: "KEY=VALUE",
    })?)
}

/// A value of the same kind as the one before it.
fn typed(before: &Value, text: &str) -> Result<Value, Refusal> {
    match before {
        Value::Bool(_) => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            other => Err(Refusal::UnknownWord {
                field: "set",
                value: other.to_owned(),
                allowed: "true, false",
            }),
        },
        Value::Number(_) => parse_whole("set", text, 0, i64::MAX).map(Value::from),
        Value::Array(_) => {
            let items = text.split([',', '，']).map(str::trim);
            items
                .filter(|item| !item.is_empty())
                .map(|item| parse_whole("set", item, 0, i64::from(i8::MAX)).map(Value::from))
                .collect()
        }
        Value::String(_) => Ok(Value::String(Money::parse("set", text)?.to_string())),
        Value::Null | Value::Object(_) => Ok(Value::String(text.to_owned())),
    }
}
