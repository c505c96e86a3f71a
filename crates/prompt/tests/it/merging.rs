//! Merges of rows against a model that keeps them in maps: in every format, random edits on both
//! sides never lose a row or have an id twice, and what is in dispute is exactly what both changed.

use std::collections::{BTreeMap, BTreeSet};

use assay_prompt::edit::{self, YamlPart};
use assay_prompt::merge::{Choice, Conflict, Decision, Merged, Place, Sides, Step, merge};
use assay_prompt::{Files, parse_folder};
use proptest::prelude::*;
use serde_json::json;

const FILES: [&str; 3] = ["cases.jsonl", "cases.csv", "cases.yaml"];
const FIELDS: [&str; 3] = ["q", "r", "s"];

/// A row: its id and its inputs.
type ModelRow = (String, BTreeMap<&'static str, String>);
type Model = Vec<ModelRow>;

/// One edit of a list of rows; numbers count round the list.
#[derive(Debug, Clone)]
enum Edit {
    Set(usize, &'static str, String),
    Clear(usize, &'static str),
    Remove(usize),
    Insert(usize, String, String),
    Move(usize, usize),
}

/// Ids of new rows: some that one side alone gives, some that both may.
fn one_edit(own: &'static str) -> impl Strategy<Value = Edit> {
    let field = || prop::sample::select(FIELDS.to_vec());
    let text =
        || prop::sample::select(vec!["1", "2", "x y", "a, \"b\": c"]).prop_map(str::to_owned);
    let id = (prop::bool::weighted(0.2), 0..4_usize)
        .prop_map(move |(shared, n)| format!("{}{n}", if shared { "new" } else { own }));
    prop_oneof![
        4 => (0..8_usize, field(), text()).prop_map(|(at, field, text)| Edit::Set(at, field, text)),
        1 => (0..8_usize, field()).prop_map(|(at, field)| Edit::Clear(at, field)),
        2 => (0..8_usize).prop_map(Edit::Remove),
        3 => (0..9_usize, id, text()).prop_map(|(at, id, text)| Edit::Insert(at, id, text)),
        1 => (0..8_usize, 0..8_usize).prop_map(|(from, to)| Edit::Move(from, to)),
    ]
}

fn applied(base: &Model, edits: &[Edit]) -> Model {
    let mut rows = base.clone();
    for edit in edits {
        let length = rows.len();
        match edit {
            Edit::Insert(at, id, text) => {
                if rows.iter().all(|(known, _)| known != id) {
                    let row = (id.clone(), BTreeMap::from([("q", text.clone())]));
                    rows.insert(at % (length + 1), row);
                }
            }
            _ if length == 0 => {}
            Edit::Set(at, field, text) => {
                rows[at % length].1.insert(*field, text.clone());
            }
            Edit::Clear(at, field) => {
                rows[at % length].1.remove(field);
            }
            Edit::Remove(at) => {
                rows.remove(at % length);
            }
            Edit::Move(from, to) => {
                let row = rows.remove(from % length);
                rows.insert(to % length, row);
            }
        }
    }
    rows
}

fn base() -> impl Strategy<Value = Model> {
    let fields = prop::collection::btree_map(
        prop::sample::select(FIELDS.to_vec()),
        prop::sample::select(vec!["1", "2", "three, \"four\""]).prop_map(str::to_owned),
        0..3,
    );
    prop::collection::vec(fields, 0..6).prop_map(|rows| {
        rows.into_iter().enumerate().map(|(at, fields)| (format!("row{at}"), fields)).collect()
    })
}

/// How a person, or their tools, lay a file out.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// As Assay writes it.
    Plain,
    /// Fields in another order, with more room, and notes where the format has any.
    Airy,
    /// Other line ends, and none at the end.
    Windows,
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![3 => Just(Layout::Plain), 1 => Just(Layout::Airy), 1 => Just(Layout::Windows)]
}

/// A model as a file.
fn written(file: &str, rows: &Model, layout: Layout) -> String {
    let text = match file {
        "cases.csv" => table(rows, layout),
        "cases.yaml" if rows.is_empty() => "[]\n".to_owned(),
        "cases.yaml" => rows.iter().map(|row| item(row, layout)).collect(),
        _ => rows.iter().map(|row| object(row, layout)).collect(),
    };
    match layout {
        Layout::Windows => text.trim_end().replace('\n', "\r\n"),
        _ => text,
    }
}

fn table(rows: &Model, layout: Layout) -> String {
    let (mark, columns) = match layout {
        Layout::Airy => (";", ["s", "id", "r", "q"]),
        _ => (",", ["id", "q", "r", "s"]),
    };
    let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |(id, fields): &ModelRow| {
        let cell = |name: &&str| match *name {
            "id" => id.clone(),
            name => fields.get(name).map_or(String::new(), quoted),
        };
        columns.iter().map(cell).collect::<Vec<_>>().join(mark) + "\n"
    };
    columns.join(mark) + "\n" + &rows.iter().map(line).collect::<String>()
}

fn item((id, fields): &ModelRow, layout: Layout) -> String {
    match layout {
        Layout::Airy if !fields.is_empty() => {
            let field = |(name, text): (&&str, &String)| {
                format!("    {name}: {}  # of {id}\n", json!(text))
            };
            let fields: String = fields.iter().map(field).collect();
            format!("# about {id}\n- input:\n{fields}  id: {id}\n")
        }
        _ => format!("- id: {id}\n  input: {}\n", json!(fields)),
    }
}

fn object((id, fields): &ModelRow, layout: Layout) -> String {
    match layout {
        Layout::Airy => {
            let field = |(name, text): (&&str, &String)| format!("\"{name}\" : {}", json!(text));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{ \"input\": {{{}}},  \"id\": \"{id}\" }}\n\n", fields.join(" ,"))
        }
        _ => format!("{}\n", json!({"id": id, "input": fields})),
    }
}

/// A file as a model, read as the application reads it; every finding about it is a failure.
fn read(file: &str, text: &str) -> Model {
    let files = Files::from([
        ("prompt.yaml".to_owned(), "format: assay/1\nid: m\nvariants: []\n".to_owned()),
        (file.to_owned(), text.to_owned()),
    ]);
    let prompt = parse_folder("merging", &files);
    // A file without rows is a finding as well, and no failure.
    let about_rows = |code: &'static str| ("P0501"..="P0506").contains(&code);
    let found: Vec<_> = prompt.diagnostics.iter().filter(|d| about_rows(d.code)).collect();
    assert!(found.is_empty(), "{found:?} in {text}");
    let field = |name: &str| FIELDS.into_iter().find(|known| *known == name).unwrap();
    let rows = prompt.cases.rows.iter().map(|row| {
        let inputs = row.input.iter();
        let inputs = inputs.map(|(name, text)| (field(name), text.as_str().unwrap().to_owned()));
        (row.id.clone(), inputs.collect())
    });
    rows.collect()
}

/// The rows after a merge by id, and the places in dispute: an id, and a field when only that is.
struct Expected {
    rows: BTreeMap<String, BTreeMap<&'static str, String>>,
    disputed: BTreeSet<(String, Option<&'static str>)>,
}

/// The reference: three maps, no files and no order. Disputes are settled as `theirs` when asked.
fn reference(base: &Model, ours: &Model, theirs: &Model, take_theirs: bool) -> Expected {
    let of = |rows: &Model| rows.iter().cloned().collect::<BTreeMap<_, _>>();
    let [base, ours, theirs] = [of(base), of(ours), of(theirs)];
    let mut expected = Expected { rows: BTreeMap::new(), disputed: BTreeSet::new() };
    for id in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (was, mine, other) = (base.get(id), ours.get(id), theirs.get(id));
        let kept = if mine == other || other == was {
            mine.cloned()
        } else if mine == was {
            other.cloned()
        } else if let (Some(was), Some(mine), Some(other)) = (was, mine, other) {
            let mut fields = BTreeMap::new();
            for field in FIELDS {
                let (was, mine, other) = (was.get(field), mine.get(field), other.get(field));
                let clash = mine != other && mine != was && other != was;
                if clash {
                    expected.disputed.insert((id.clone(), Some(field)));
                }
                let chosen = match (clash, take_theirs) {
                    (true, true) => other,
                    (true, false) => mine.or(other),
                    (false, _) if mine == was => other,
                    (false, _) => mine,
                };
                fields.extend(chosen.map(|text| (field, text.clone())));
            }
            Some(fields)
        } else {
            expected.disputed.insert((id.clone(), None));
            if take_theirs { other.cloned() } else { mine.or(other).cloned() }
        };
        expected.rows.extend(kept.map(|fields| (id.clone(), fields)));
    }
    expected
}

fn place(conflict: &Conflict) -> (String, Option<&'static str>) {
    match &conflict.place {
        Place::Value(steps) => match steps.as_slice() {
            [Step::Item(id)] => (id.clone(), None),
            [Step::Item(id), Step::Key(input), Step::Key(field)] if input == "input" => {
                (id.clone(), FIELDS.into_iter().find(|known| known == field))
            }
            other => panic!("no place of a row: {other:?}"),
        },
        other => panic!("no place of a row: {other:?}"),
    }
}

fn check_rows(file: &str, text: &str, expected: &Expected) -> Vec<String> {
    let rows = read(file, text);
    let ids: Vec<String> = rows.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id twice in {text}");
    assert_eq!(rows.into_iter().collect::<BTreeMap<_, _>>(), expected.rows, "{file}: {text}");
    ids
}

/// The ids of `order` that `side` has.
fn common(order: &[String], side: &Model) -> Vec<String> {
    order.iter().filter(|id| side.iter().any(|(known, _)| known == *id)).cloned().collect()
}

fn ids(rows: &Model) -> Vec<String> {
    rows.iter().map(|(id, _)| id.clone()).collect()
}

/// What one side has moved stands where that side has it, when the other has moved nothing.
fn check_order(order: &[String], base: &Model, ours: &Model, theirs: &Model) {
    let in_place = |side: &Model| common(&ids(side), base) == common(&ids(base), side);
    let kept = |side: &Model| -> Vec<String> {
        ids(side).into_iter().filter(|id| order.contains(id)).collect()
    };
    if in_place(theirs) {
        assert_eq!(common(order, ours), kept(ours));
    }
    if in_place(ours) {
        // Of a row that both have added each has a place of its own, and ours counts.
        let has = |side: &Model, id: &str| side.iter().any(|(known, _)| known == id);
        let is_own = |id: &String| has(base, id) || !has(ours, id);
        let own = |ids: Vec<String>| ids.into_iter().filter(is_own).collect::<Vec<_>>();
        assert_eq!(own(common(order, theirs)), own(kept(theirs)));
    }
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A map of settings.
fn keys() -> impl Strategy<Value = BTreeMap<&'static str, u8>> {
    prop::collection::btree_map(prop::sample::select(NAMES.to_vec()), 0..3_u8, 0..5)
}

fn yaml(map: &BTreeMap<&'static str, u8>) -> String {
    if map.is_empty() {
        return "{}\n".to_owned();
    }
    map.iter().map(|(key, value)| format!("{key}: {value}\n")).collect()
}

/// One of a hundred of what the benchmark does.
const MERGES: u32 = 50;

/// As many as `ASSAY_REVIEW_MERGES` says, and one line of what was done.
fn merges() -> ProptestConfig {
    let wanted = std::env::var("ASSAY_REVIEW_MERGES");
    let wanted = wanted.map_or(MERGES, |text| text.parse().unwrap());
    println!("{wanted} merges of rows in each of {}", FILES.join(", "));
    ProptestConfig::with_cases(wanted)
}

proptest! {
    #![proptest_config(merges())]

    #[test]
    fn merged_rows_are_those_of_the_model_in_every_format(
        base in base(),
        our_edits in prop::collection::vec(one_edit("our"), 0..6),
        their_edits in prop::collection::vec(one_edit("their"), 0..6),
        layouts in [layout(), layout(), layout()],
    ) {
        let (ours, theirs) = (applied(&base, &our_edits), applied(&base, &their_edits));
        for file in FILES {
            let versions = [&base, &ours, &theirs];
            let texts = [0, 1, 2].map(|of| written(file, versions[of], layouts[of]));
            let sides = Sides { base: &texts[0], ours: &texts[1], theirs: &texts[2] };
            let merged: Merged = merge(file, sides, &[]).unwrap();

            let expected = reference(&base, &ours, &theirs, false);
            let disputed: BTreeSet<_> = merged.conflicts().iter().map(place).collect();
            prop_assert_eq!(&disputed, &expected.disputed);
            prop_assert_eq!(merged.text().is_some(), disputed.is_empty());
            let order = check_rows(file, merged.with_ours(), &expected);

            check_order(&order, &base, &ours, &theirs);

            let decide = |conflict: &Conflict| {
                Decision { place: conflict.place.clone(), choice: Choice::Theirs }
            };
            let decided: Vec<Decision> = merged.conflicts().iter().map(decide).collect();
            let settled = merge(file, sides, &decided).unwrap();
            prop_assert!(settled.conflicts().is_empty());
            let expected = reference(&base, &ours, &theirs, true);
            check_rows(file, settled.text().unwrap(), &expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn merged_keys_are_those_of_the_model(base in keys(), ours in keys(), theirs in keys()) {
        let texts = [&base, &ours, &theirs].map(yaml);
        let sides = Sides { base: &texts[0], ours: &texts[1], theirs: &texts[2] };
        let merged = merge("settings.yaml", sides, &[]).unwrap();

        let (mut wanted, mut disputed) = (BTreeMap::new(), Vec::new());
        for key in NAMES {
            let (was, mine, other) = (base.get(key), ours.get(key), theirs.get(key));
            let kept = if mine == other || other == was {
                mine
            } else if mine == was {
                other
            } else {
                disputed.push(Place::Value(vec![Step::Key(key.to_owned())]));
                mine.or(other)
            };
            wanted.extend(kept.map(|value| (key, *value)));
        }
        let mut places: Vec<Place> = merged.conflicts().iter().map(|c| c.place.clone()).collect();
        places.sort_by_key(Place::to_string);
        prop_assert_eq!(places, disputed);
        let value = edit::value(merged.with_ours(), YamlPart::File).unwrap();
        prop_assert_eq!(value, json!(wanted), "{}", merged.with_ours());
    }

    #[test]
    fn any_bytes_merge_or_are_refused(
        base in any::<String>(), ours in any::<String>(), theirs in any::<String>()
    ) {
        for file in ["a.jsonl", "a.csv", "a.yaml", "a.prompty", "a.txt"] {
            let sides = Sides { base: &base, ours: &ours, theirs: &theirs };
            if let Ok(merged) = merge(file, sides, &[]) {
                prop_assert_eq!(merged.text().is_some(), merged.conflicts().is_empty());
            }
        }
    }
}
