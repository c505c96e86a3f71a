//! Providers: the endpoints a person has added, by name. Where a key is found is noted here, never the key.

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Fault;

pub(crate) const SCHEMA: &str = "
CREATE TABLE provider (
  name     TEXT PRIMARY KEY,
  kind     TEXT NOT NULL,
  base_url TEXT NOT NULL,
  key_env  TEXT,
  models   TEXT NOT NULL  -- a JSON list of model ids
) STRICT, WITHOUT ROWID;
";

/// What version 2 adds: what it was set up from, and whatever else its wire needs.
pub(crate) const SCHEMA_2: &str = "
ALTER TABLE provider ADD COLUMN preset TEXT;
ALTER TABLE provider ADD COLUMN options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(options));
";

/// An endpoint that models are asked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRecord {
    /// Its name, unique.
    pub name: String,
    /// The wire protocol it speaks.
    pub kind: String,
    /// Where it is.
    pub base_url: String,
    /// The environment variable that holds its key, when it needs one.
    pub key_env: Option<String>,
    /// The models it offers, in the person's order.
    pub models: Vec<String>,
    /// The preset it was set up from, when there was one.
    pub preset: Option<String>,
    /// Further settings, a JSON object that the store does not read: a custom wire's templates, limits, where the
    /// key is kept. Never a key.
    pub options: Value,
}

/// Adds a provider, or replaces the one of that name.
pub(crate) fn put(connection: &Connection, provider: &ProviderRecord) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO provider (name, kind, base_url, key_env, models, preset, options)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            provider.name,
            provider.kind,
            provider.base_url,
            provider.key_env,
            serde_json::json!(provider.models).to_string(),
            provider.preset,
            provider.options.to_string()
        ])?;
    Ok(())
}

/// Removes a provider, if there is one of that name.
pub(crate) fn remove(connection: &Connection, name: &str) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM provider WHERE name = ?")?.execute(params![name])?;
    Ok(())
}

/// All of them, by name.
pub(crate) fn list(connection: &Connection) -> Result<Vec<ProviderRecord>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT name, kind, base_url, key_env, models, preset, options FROM provider ORDER BY name",
    )?;
    let providers = select.query_map([], read_provider)?.collect::<Result<_, _>>()?;
    Ok(providers)
}

fn read_provider(row: &Row<'_>) -> rusqlite::Result<ProviderRecord> {
    Ok(ProviderRecord {
        name: row.get(0)?,
        kind: row.get(1)?,
        base_url: row.get(2)?,
        key_env: row.get(3)?,
        models: read_json(row, 4)?,
        preset: row.get(5)?,
        options: read_json(row, 6)?,
    })
}

fn read_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
