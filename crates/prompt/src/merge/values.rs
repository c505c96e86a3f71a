//! The merge of values: maps by key, lists of named things by name, other lists item by item, and
//! everything else as a whole.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{Choice, Conflict, Decision, Place, Step, order};

/// A merge under way: what was decided before, and what is still in dispute.
pub(super) struct Merging<'d> {
    decided: HashMap<&'d Place, &'d Choice>,
    /// Whether the values are rows, whose fields are merged one by one and never from within.
    rows: bool,
    path: Vec<Step>,
    pub conflicts: Vec<Conflict>,
}

impl<'d> Merging<'d> {
    pub fn new(decided: &'d [Decision], rows: bool) -> Self {
        let decided = decided.iter().map(|known| (&known.place, &known.choice)).collect();
        Self { decided, rows, path: Vec::new(), conflicts: Vec::new() }
    }

    /// What is to stand where these stood; nothing when it is to go.
    pub fn value(
        &mut self,
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: Option<&Value>,
    ) -> Option<Value> {
        if ours == theirs || theirs == base {
            return ours.cloned();
        }
        if ours == base {
            return theirs.cloned();
        }
        match (ours, theirs) {
            (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
                Some(self.map(base, ours, theirs))
            }
            (Some(Value::Array(mine)), Some(Value::Array(other))) => {
                let list = self.list(base, mine, other);
                list.or_else(|| self.dispute(base, ours, theirs))
            }
            _ => self.dispute(base, ours, theirs),
        }
    }

    fn map(
        &mut self,
        base: Option<&Value>,
        ours: &Map<String, Value>,
        theirs: &Map<String, Value>,
    ) -> Value {
        let none = Map::new();
        let base = base.and_then(Value::as_object).unwrap_or(&none);
        let mut merged = Map::new();
        for key in order::merged(&keys(base), &keys(ours), &keys(theirs)) {
            self.path.push(Step::Key(key.to_owned()));
            let value = self.value(base.get(key), ours.get(key), theirs.get(key));
            self.path.pop();
            if let Some(value) = value {
                merged.insert(key.to_owned(), value);
            }
        }
        Value::Object(merged)
    }

    /// Nothing when the items are in dispute and the list is to be chosen as a whole.
    fn list(&mut self, base: Option<&Value>, ours: &[Value], theirs: &[Value]) -> Option<Value> {
        let base = base.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if self.rows && !self.path.is_empty() {
            return None;
        }
        match ["id", "name"].into_iter().find_map(|key| Named::of(key, [base, ours, theirs])) {
            Some(named) => Some(self.named(&named)),
            None => item_by_item(base, ours, theirs),
        }
    }

    fn named(&mut self, named: &Named<'_>) -> Value {
        let mut merged = Vec::new();
        for name in named.order() {
            let [base, ours, theirs] = named.get(name);
            self.path.push(Step::Item(name.to_owned()));
            match (base, ours, theirs) {
                (None, Some(ours), Some(theirs)) if ours != theirs => {
                    self.added_twice(named, name, [ours, theirs], &mut merged);
                }
                _ => merged.extend(self.value(base, ours, theirs)),
            }
            self.path.pop();
        }
        Value::Array(merged)
    }

    /// Two people gave the same name to two things: one of them stays, or theirs gets another name.
    fn added_twice(
        &mut self,
        named: &Named<'_>,
        name: &str,
        [ours, theirs]: [&Value; 2],
        merged: &mut Vec<Value>,
    ) {
        let place = Place::Value(self.path.clone());
        if !matches!(self.decided.get(&place), Some(Choice::Both)) {
            merged.extend(self.dispute(None, Some(ours), Some(theirs)));
            return;
        }
        let mut renamed = theirs.clone();
        renamed[named.key] = Value::from(named.free_name(name));
        merged.extend([ours.clone(), renamed]);
    }

    /// What was decided, or else a conflict; until then what is there stays as ours has it.
    fn dispute(
        &mut self,
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: Option<&Value>,
    ) -> Option<Value> {
        let place = Place::Value(self.path.clone());
        match self.decided.get(&place) {
            Some(Choice::Base) => base.cloned(),
            Some(Choice::Ours) => ours.cloned(),
            Some(Choice::Theirs) => theirs.cloned(),
            Some(Choice::Value(value)) => Some(value.clone()),
            Some(Choice::Both) | None => {
                let [base, mine, other] = [base, ours, theirs].map(|value| value.cloned());
                self.conflicts.push(Conflict { place, base, ours: mine, theirs: other });
                ours.or(theirs).cloned()
            }
        }
    }

    /// The same for passages of a text.
    pub fn text(&mut self, merge: assay_text::Merge) -> String {
        let mut text = String::new();
        let mut disputed = 0;
        for part in merge.parts {
            match part {
                assay_text::Part::Agreed(agreed) => text.push_str(&agreed),
                assay_text::Part::Conflict(conflict) => {
                    text.push_str(&self.passage(Place::Passage(disputed), conflict));
                    disputed += 1;
                }
            }
        }
        text
    }

    fn passage(&mut self, place: Place, conflict: assay_text::Conflict) -> String {
        let assay_text::Conflict { base, ours, theirs } = conflict;
        match self.decided.get(&place) {
            Some(Choice::Base) => base,
            Some(Choice::Ours) => ours,
            Some(Choice::Theirs) => theirs,
            Some(Choice::Both) => ours + &theirs,
            Some(Choice::Value(Value::String(text))) => text.clone(),
            Some(Choice::Value(_)) | None => {
                let [base, mine, other] =
                    [base, ours.clone(), theirs].map(|text| Some(Value::String(text)));
                self.conflicts.push(Conflict { place, base, ours: mine, theirs: other });
                ours
            }
        }
    }
}

fn keys(map: &Map<String, Value>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

/// Three versions of a list whose items all have names of their own.
struct Named<'v> {
    /// The key of the names.
    key: &'static str,
    names: [Vec<String>; 3],
    items: [HashMap<String, &'v Value>; 3],
}

impl<'v> Named<'v> {
    fn of(key: &'static str, lists: [&'v [Value]; 3]) -> Option<Self> {
        let [base, ours, theirs] = lists.map(|list| names(list, key));
        let names = [base?, ours?, theirs?];
        let pair = |at: usize| names[at].iter().cloned().zip(lists[at]).collect();
        let items = [pair(0), pair(1), pair(2)];
        Some(Self { key, names, items })
    }

    fn order(&self) -> Vec<&str> {
        let [base, ours, theirs] =
            self.names.each_ref().map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
        order::merged(&base, &ours, &theirs)
    }

    fn get(&self, name: &str) -> [Option<&'v Value>; 3] {
        self.items.each_ref().map(|items| items.get(name).copied())
    }

    /// A name like this one that nothing has yet.
    fn free_name(&self, name: &str) -> String {
        let free = |name: &String| self.items.iter().all(|items| !items.contains_key(name));
        // There are fewer items than numbers.
        (2_usize..).map(|number| format!("{name}-{number}")).find(free).unwrap_or_default()
    }
}

/// The names of all items; nothing when one has none, or two have the same.
fn names(list: &[Value], key: &str) -> Option<Vec<String>> {
    let names: Vec<String> = list.iter().map(|item| name(item, key)).collect::<Option<_>>()?;
    let distinct = names.iter().collect::<HashSet<_>>().len();
    (distinct == names.len()).then_some(names)
}

fn name(item: &Value, key: &str) -> Option<String> {
    match item.get(key)? {
        Value::String(name) if !name.is_empty() => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A list of things without names. Nothing where both changed the same items or neighbours of each
/// other, and where an item would come to stand there twice.
fn item_by_item(base: &[Value], ours: &[Value], theirs: &[Value]) -> Option<Value> {
    // Compact JSON has no line breaks, so a list of values is a list of lines.
    let lines = |items: &[Value]| items.iter().map(|item| format!("{item}\n")).collect::<String>();
    let [base, ours, theirs] = [base, ours, theirs].map(lines);
    let merged = assay_text::merge(&base, &ours, &theirs).text()?;
    if repeats(&merged) && !repeats(&ours) && !repeats(&theirs) {
        return None;
    }
    merged.lines().map(|line| serde_json::from_str::<Value>(line).ok()).collect()
}

fn repeats(lines: &str) -> bool {
    let mut seen = HashSet::new();
    lines.lines().any(|line| !seen.insert(line))
}
