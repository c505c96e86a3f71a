//! stats_multiple.

use assay_score::stats::multiple::{self, Adjustment};
use serde_json::Value;

use super::{Case, each_value, table};
use crate::file::Golden;
use crate::tally::Tally;

/// Adjusted p-values, and tests over several variants.
pub fn multiple(golden: &Golden, tally: &mut Tally) {
    each_value(golden, tally, |case, name, value| {
        let columns = table(&case.given["columns"]);
        match name {
            "friedman" => case.test(name, value, multiple::friedman(&columns)),
            "kruskal" => case.test(name, value, multiple::kruskal(&columns)),
            "cochrans_q" => case.test(name, value, multiple::cochrans_q(&columns)),
            _ => adjusted(case, name, value),
        }
    });
}

fn adjusted(case: &mut Case, name: &str, value: &Value) -> Option<()> {
    let adjustment = match name {
        "bonferroni" => Adjustment::Bonferroni,
        "sidak" => Adjustment::Sidak,
        "holm" => Adjustment::Holm,
        "holm-sidak" => Adjustment::HolmSidak,
        "simes-hochberg" => Adjustment::Hochberg,
        "hommel" => Adjustment::Hommel,
        "fdr_bh" => Adjustment::BenjaminiHochberg,
        "fdr_by" => Adjustment::BenjaminiYekutieli,
        _ => return None,
    };
    let ours = multiple::adjust(&case.numbers("p"), adjustment);
    for (field, expected) in value.as_object()? {
        match field.as_str() {
            "adj" => {
                let ours: Vec<Option<f64>> = ours.iter().copied().map(Some).collect();
                case.list(name, expected, &ours)?;
            }
            "reject" => {
                let theirs: Vec<bool> =
                    expected.as_array()?.iter().filter_map(Value::as_bool).collect();
                let ours: Vec<bool> = ours.iter().map(|p| *p <= 0.05).collect();
                case.tally.equal(format!("{} {name}, rejected", case.id), &theirs, &ours);
            }
            _ => return None,
        }
    }
    Some(())
}
