//! What differs between two versions of a month's report (R-PD-5): every figure that is not the same, by its path.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A figure that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// Where it stands in the report, e.g. `households/H001/earned`.
    pub path: String,
    /// What the earlier version says; none: it does not have the figure.
    pub before: Option<String>,
    /// What the later version says.
    pub after: Option<String>,
}

/// The fields that name a row of a list.
const NAMES: [&str; 6] = ["household_no", "code", "collector", "group", "id", "row"];

/// Every figure in which two reports differ, in the order of their paths.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut figures: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    walk("", before, &mut |path, value| {
        figures.entry(path).or_default().0 = Some(value);
    });
    walk("", after, &mut |path, value| {
        figures.entry(path).or_default().1 = Some(value);
    });
    figures
        .into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|(path, (before, after))| Difference {
            path,
            before,
            after,
        })
        .collect()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other value is one figure"
)]
fn walk(path: &str, value: &Value, tell: &mut impl FnMut(String, String)) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(&below(name), value, tell);
            }
        }
        Value::Array(rows) => {
            for (index, row) in rows.iter().enumerate() {
                let named = NAMES.iter().find_map(|name| row.get(*name)?.as_str());
                let name = named.map_or_else(|| index.to_string(), str::to_owned);
                walk(&below(&name), row, tell);
            }
        }
        Value::String(text) => tell(path.to_owned(), text.clone()),
        other => tell(path.to_owned(), other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_are_compared_by_name_and_what_is_missing_is_told() {
        let before =
            json!({"a": {"x": "1.00"}, "households": [{"household_no": "H1", "earned": "2.00"}]});
        let after = json!({"a": {"x": "1.00"}, "households": [
            {"household_no": "H0", "earned": "1.00"}, {"household_no": "H1", "earned": "3.00"},
        ]});
        let found = differences(&before, &after);
        let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "households/H0/earned",
                "households/H0/household_no",
                "households/H1/earned"
            ]
        );
        assert_eq!(found[0].before, None);
        assert_eq!(found[2].after.as_deref(), Some("3.00"));
    }
}
