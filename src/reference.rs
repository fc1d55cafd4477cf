//! The table of all configuration keys, out of the configuration's own types: names, defaults, documentation.

use std::fmt::Write;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::Config;

/// The table as Markdown: variable, default, meaning; a row a key.
pub fn table() -> String {
    let schema = SchemaSettings::default().with(|settings| settings.inline_subschemas = true).into_generator();
    let schema = schema.into_root_schema_for::<Config>().to_value();
    let defaults = serde_json::to_value(Config::default()).expect("the configuration has string keys and plain values");
    let mut table = "| variable | default | meaning |\n|---|---|---|\n".to_owned();
    append(&mut table, "CHATTY_", &schema, &defaults);
    table
}

fn append(table: &mut String, prefix: &str, schema: &Value, defaults: &Value) {
    let Some(keys) = schema["properties"].as_object() else { return };
    for (key, schema) in keys {
        let (variable, default) = (format!("{prefix}{}", key.to_uppercase()), &defaults[key]);
        if schema["properties"].is_object() {
            append(table, &format!("{variable}__"), schema, default);
            continue;
        }
        // A section that has no keys yet.
        if default.as_object().is_some_and(serde_json::Map::is_empty) && schema["additionalProperties"] == false {
            continue;
        }
        let secret =
            if Config::SECRETS.contains(&key.as_str()) { format!(" or `{variable}_FILE`") } else { String::new() };
        let default = match default {
            Value::Null => String::new(),
            Value::String(text) if text.is_empty() => String::new(),
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        };
        let meaning = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
        writeln!(table, "| `{variable}`{secret} | {default} | {meaning} |").expect("a string takes every text");
    }
}
