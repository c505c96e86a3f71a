//! Assertions on text, markup, SQL, tool calls and the end of a reply.

use super::*;
use crate::ToolCall;

#[test]
fn all_and_any_say_how_many_texts_must_be_there_and_negation_asks_the_opposite() {
    let of = |kind: &str, negate: bool| json!({"type": kind, "value": ["May", "June"], "negate": negate});
    check(of("contains-all", false), "In May.", "- contains `May`, but not `June`");
    check(of("contains-all", true), "In May.", "+ contains `May`, but not `June`");
    check(of("contains-all", true), "May, June", "- contains `May`, `June`, and must not");
    check(of("contains-any", false), "In May.", "+ contains `May`");
    check(of("contains-any", true), "In May.", "- contains `May`, and must not");
    check(of("icontains-any", false), "in june", "+ contains `June`");
    check(of("contains-any", false), "in june", "- does not contain `May`, `June`");
}

#[test]
fn the_end_of_an_output_is_looked_at_without_the_blanks_after_it() {
    let ends = json!({"type": "ends-with", "value": ["bye.", "Regards"]});
    check(ends.clone(), "So: bye.\n", "+ ends with `bye.`");
    check(ends, "bye!", "- `bye!` does not end with `bye.` or `Regards`");
}

#[test]
fn words_are_counted_from_below_as_well() {
    let words = json!({"type": "word-count", "min": 2});
    check(words.clone(), "one", "- has 1 word, less than 2");
    check(words, "one two", "+ has 2 words, at least 2");
    check_problem(json!({"type": "word-count"}), "needs `min` or `max`, a number of words");
    check_problem(json!({"type": "max-words", "min": 2}), "needs `max`, a number of words");
}

#[test]
fn json_is_found_in_prose_and_held_against_a_schema() {
    let any = json!({"type": "contains-json"});
    check(any.clone(), "So [see] {\"a\": [1]} there", "+ contains JSON");
    check(any.clone(), "a [b] {c}", "- contains no JSON");
    check(any, &"[".repeat(5_000), "? has too many places where JSON may begin");
    let shaped = json!({"type": "contains-json", "value": {"required": ["b"]}});
    check(shaped.clone(), r#"{"a": {"b": 1}}"#, "+ contains JSON");
    check(shaped, r#"{"a": 1}"#, "- contains JSON, but none of the declared shape");
}

#[test]
fn xml_is_well_formed_or_it_is_not_xml() {
    let xml = json!({"type": "xml"});
    check(xml.clone(), "<a b='1'>x &amp; &#65;<c/></a>", "+ is XML");
    check(xml.clone(), "```xml\n<?xml version=\"1.0\"?>\n<a/>\n```", "+ is XML");
    for (text, why) in [
        ("<a><b></a></b>", "is not XML"),
        ("<a>", "is not XML: `a` is not closed"),
        ("<a/><b/>", "is not XML: there is more than one root element"),
        ("<a/> bye", "is not XML: there is text outside the root element"),
        ("plain", "is not XML: there is text outside the root element"),
        ("", "is not XML: there is no element in it"),
        ("<a>&b;</a>", "is not XML: unknown entity `&b;`"),
        ("<a b='1' b='2'/>", "is not XML"),
    ] {
        let case = case();
        let said = told(&xml, &Subject::new(text, &case));
        assert!(said.starts_with(&format!("- {why}")), "{text}: {said}");
    }
}

#[test]
fn xml_in_prose_is_found_with_the_elements_that_are_asked_for() {
    let part = json!({"type": "contains-xml", "options": {"elements": ["order.id"]}});
    check(part.clone(), "See <b>this</b>: <order><id>7</id></order>.", "+ contains XML");
    check(part, "<order><no/></order>", "- contains XML, but has no element `order.id`");
}

#[test]
fn html_begins_and_ends_with_tags() {
    let html = json!({"type": "html"});
    check(html.clone(), "<!DOCTYPE html><p>x</p>", "+ is HTML");
    check(html.clone(), "<custom>x</custom>", "- is not HTML: it begins with no tag of HTML");
    check(html, "<p>x</p> bye", "- is not HTML: it does not end with a tag");
    let part = json!({"type": "contains-html"});
    check(part.clone(), "so <br/> it", "+ contains a tag `br`");
    check(part, "a < b and c > d", "- contains no tag of HTML");
}

#[test]
fn sql_is_what_its_parser_takes() {
    let sql = json!({"type": "sql"});
    check(sql.clone(), "```sql\nSELECT a FROM t WHERE b = 1;\n```", "+ is SQL");
    check(sql.clone(), "", "- is not SQL: there is no statement in it");
    let case = case();
    let said = told(&sql, &Subject::new("Please SELECT a", &case));
    assert!(said.starts_with("- is not SQL: "), "{said}");
    let part = json!({"type": "contains-sql", "options": {"dialect": "sqlite"}});
    check(part, "Use this:\n```sql\nSELECT 1\n```\nBye.", "+ contains SQL");
    let unknown = json!({"type": "sql", "options": {"dialect": "dbase"}});
    let (_, problems) = Scorers::compile(&[spec(unknown)], &[]);
    assert!(problems[0].message.starts_with("option `dialect` is one of generic, ansi"));
}

#[test]
fn deeply_nested_sql_is_refused_and_no_stack_is_lost() {
    let text = format!("SELECT {}1{}", "(".repeat(50_000), ")".repeat(50_000));
    let case = case();
    let said = told(&json!({"type": "sql"}), &Subject::new(&text, &case));
    assert!(said.starts_with("- is not SQL: "), "{said}");
}

fn call(name: &str, arguments: Value) -> ToolCall {
    ToolCall { name: name.to_owned(), arguments }
}

#[test]
fn tool_calls_are_matched_by_name_and_wanted_arguments() {
    let made = [call("find", json!({"city": "Paris", "n": 3})), call("send", json!({}))];
    let case = case();
    let subject = Subject { tool_calls: Some(&made), ..Subject::new("", &case) };
    let wants = |value: Value, options: Value| json!({"type": "tool-calls", "value": value, "options": options});
    let find = json!([{"name": "find", "arguments": {"city": "Paris"}}, "send"]);
    assert_eq!(told(&wants(find.clone(), json!({})), &subject), "+ calls `find`, `send`");
    assert_eq!(
        told(&wants(find, json!({"arguments": "exact"})), &subject),
        "- does not call `find{\"city\":\"Paris\"}`; it calls `find`, `send`"
    );
    let others = told(&wants(json!(["send"]), json!({})), &subject);
    assert_eq!(others, "- calls `find`, `send`, which is more than wanted");
    assert_eq!(
        told(&wants(json!(["send"]), json!({"extra": true})), &subject),
        "+ calls `find`, `send`, which is more than wanted"
    );
    let turned = wants(json!(["send", "find"]), json!({"ordered": true}));
    assert_eq!(told(&turned, &subject), "- does not call `find`; it calls `find`, `send`");
    let f1 = json!({"type": "tool-calls-f1", "value": ["find", "stop"], "threshold": 0.5});
    assert_eq!(told(&f1, &subject), "+ F1 0.5 (1 of 2 wanted calls, 2 made), at least 0.5");
}

#[test]
fn calls_are_read_from_an_output_that_consists_of_them_and_are_otherwise_not_guessed() {
    let case = case();
    let wants = json!({"type": "tool-calls", "value": "find"});
    let calls = r#"[{"name":"find","arguments":{}}]"#;
    assert_eq!(told(&wants, &Subject::new(calls, &case)), "+ calls `find`");
    assert_eq!(
        told(&wants, &Subject::new("no", &case)),
        "- does not call `find`; it calls no tool"
    );
    let beside = Subject { finish: Some("tool_calls"), ..Subject::new("One moment.", &case) };
    let reason = "? the model said something beside its tool calls, which are not kept";
    assert_eq!(told(&wants, &beside), reason);
    let negated = json!({"type": "tool-calls", "value": "find", "negate": true});
    assert_eq!(told(&negated, &beside), reason);
}

#[test]
fn why_a_model_stopped_is_compared_where_it_is_known() {
    let case = case();
    let stopped = |finish| Subject { finish, ..Subject::new("x", &case) };
    let kind = json!({"type": "finish-reason"});
    assert_eq!(told(&kind, &stopped(Some("stop"))), "+ stopped for `stop`");
    assert_eq!(told(&kind, &stopped(Some("length"))), "- stopped for `length`, not `stop`");
    assert_eq!(told(&kind, &stopped(None)), "? why the model stopped is not known");
}

#[test]
fn a_refusal_is_told_by_the_provider_or_by_its_first_words() {
    let case = case();
    let kind = json!({"type": "refusal"});
    let says = |text: &str| told(&kind, &Subject::new(text, &case));
    assert_eq!(says("I’m sorry, but I can’t help with that."), "+ refuses: `i can't help`");
    assert_eq!(says("Unfortunately, I must decline."), "+ refuses: `i must decline`");
    assert_eq!(says("He said: I can't help."), "- is no refusal");
    assert_eq!(says("Sorry about the delay! Your parcel is here."), "- is no refusal");
    let ended = Subject { finish: Some("content_filter"), ..Subject::new("", &case) };
    assert_eq!(told(&kind, &ended), "+ ended as `content_filter`");
}

#[test]
fn what_is_not_known_of_a_call_is_not_judged() {
    let case = case();
    let quick = json!({"type": "latency", "max": 1000, "negate": true});
    assert_eq!(told(&quick, &Subject::new("x", &case)), "? how long the call took is not known");
}

#[test]
fn an_option_that_is_not_read_is_a_problem() {
    check_problem(
        json!({"type": "bleu", "options": {"lower": true}}),
        "has no option `lower`; known are smooth, smooth_value, max_order, tokenize, lowercase, effective_order",
    );
    check_problem(
        json!({"type": "refusal", "options": {"x": 1}}),
        "has no option `x`, nor any other",
    );
    check_problem(
        json!({"type": "chrf", "options": {"beta": "two"}}),
        "option `beta` is a number, not \"two\"",
    );
}
