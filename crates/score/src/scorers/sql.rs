//! `sql` and `contains-sql`: is the output SQL?

use assay_prompt::ScorerSpec;
use sqlparser::dialect::{
    AnsiDialect, BigQueryDialect, ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect,
    GenericDialect, HiveDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, RedshiftSqlDialect,
    SQLiteDialect, SnowflakeDialect,
};
use sqlparser::parser::Parser;

use super::answer::{Answer, Place, fenced};
use super::settings::Settings;
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;

/// Longer texts are not parsed.
const LONGEST: usize = 256 << 10;
/// Statements nest so deep at most.
const DEEPEST: usize = 30;

/// Makes a dialect, which itself cannot be shared between threads.
type MakeDialect = fn() -> Box<dyn Dialect>;

const DIALECTS: &[(&str, MakeDialect)] = &[
    ("generic", || Box::new(GenericDialect {})),
    ("ansi", || Box::new(AnsiDialect {})),
    ("bigquery", || Box::new(BigQueryDialect {})),
    ("clickhouse", || Box::new(ClickHouseDialect {})),
    ("databricks", || Box::new(DatabricksDialect {})),
    ("duckdb", || Box::new(DuckDbDialect {})),
    ("hive", || Box::new(HiveDialect {})),
    ("mssql", || Box::new(MsSqlDialect {})),
    ("mysql", || Box::new(MySqlDialect {})),
    ("postgresql", || Box::new(PostgreSqlDialect {})),
    ("redshift", || Box::new(RedshiftSqlDialect {})),
    ("snowflake", || Box::new(SnowflakeDialect {})),
    ("sqlite", || Box::new(SQLiteDialect {})),
];

/// `sql`: is the output one or more SQL statements? `contains-sql`: is there a code fence with some?
///
/// *Definition.* The output without the blanks or the code fence around it parses as statements of
/// the dialect. `contains-sql` looks into every code fence marked `sql` or with no mark, or else at
/// the whole output.
///
/// *Range* 1 or 0, higher is better. *Defaults*: `options: {dialect: generic}`, which takes what most
/// dialects take; others are ansi, bigquery, clickhouse, databricks, duckdb, hive, mssql, mysql,
/// postgresql, redshift, snowflake and sqlite. *Source*: the crate sqlparser 0.63.
///
/// *Misleads* about sense: tables and columns need not exist, and nothing is run. A parser of many
/// dialects takes more than one database does.
pub(super) fn sql(spec: &ScorerSpec, part: bool) -> Compiled {
    let settings = Settings::of(spec);
    let dialect = settings.choice("dialect", DIALECTS)?;
    settings.refuse_others()?;
    Ok(Box::new(Sql { path: Place::of(spec.path.as_deref())?, dialect, part }))
}

#[derive(Debug)]
struct Sql {
    path: Option<Place>,
    dialect: MakeDialect,
    part: bool,
}

impl Check for Sql {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let text = answer.text_at(self.path.as_ref())?;
        if text.len() > LONGEST {
            return Err(Stop::CannotJudge(format!("is longer than {LONGEST} bytes")));
        }
        let candidates = if self.part { fences(&text) } else { Vec::new() };
        let candidates =
            if candidates.is_empty() { vec![fenced(text.trim(), "sql")] } else { candidates };
        let mut problem = String::new();
        for candidate in candidates {
            match self.parse(candidate) {
                Ok(()) if self.part => {
                    return Ok(Fact::plain(true, "contains SQL".to_owned()));
                }
                Ok(()) => return Ok(Fact::plain(true, "is SQL".to_owned())),
                Err(why) => problem = why,
            }
        }
        let what = if self.part { "contains no SQL" } else { "is not SQL" };
        Ok(Fact::plain(false, format!("{what}: {problem}")))
    }
}

impl Sql {
    fn parse(&self, text: &str) -> Result<(), String> {
        let dialect = (self.dialect)();
        let parser = Parser::new(&*dialect).with_recursion_limit(DEEPEST);
        let parsed = parser.try_with_sql(text).and_then(|mut parser| parser.parse_statements());
        match parsed {
            Ok(statements) if statements.is_empty() => {
                Err("there is no statement in it".to_owned())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The insides of code fences that may hold SQL.
fn fences(text: &str) -> Vec<&str> {
    let may_be = |mark: &str| mark.trim().is_empty() || mark.trim().eq_ignore_ascii_case("sql");
    text.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|inside| inside.split_once('\n'))
        .filter(|(mark, _)| may_be(mark))
        .map(|(_, inside)| inside)
        .collect()
}
