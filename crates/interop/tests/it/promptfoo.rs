//! promptfoo: the numbers of its own examples, small configurations of our own, and the way back.

use assay_interop::{
    FolderSource, Format, Import, MemorySource, NoteKind, Refusal, Source, import,
};
use assay_prompt::render;

use crate::support::{self, import_text, shared};

fn read(source: &dyn Source, file: &str) -> Result<Import, Refusal> {
    let mut number = 0;
    import(Format::Promptfoo, file, source, &mut || {
        number += 1;
        format!("{number:026}")
    })
}

/// Example, prompts, providers, cases, assertions and rows, as their page says.
const EXAMPLES: [(&str, [usize; 5]); 20] = [
    ("simple-test/promptfooconfig.yaml", [2, 1, 5, 8, 10]),
    ("simple-csv/promptfooconfig.yaml", [2, 1, 4, 4, 8]),
    ("config-csv-metadata/promptfooconfig.yaml", [1, 1, 3, 6, 3]),
    ("eval-json-output/promptfooconfig.yaml", [1, 1, 2, 5, 2]),
    ("config-multi-turn/promptfooconfig.yaml", [1, 1, 7, 0, 7]),
    ("eval-rag/promptfooconfig.yaml", [1, 1, 2, 11, 2]),
    ("eval-tool-use/promptfooconfig.yaml", [1, 5, 4, 3, 20]),
    ("compare-claude-vs-gpt/promptfooconfig.yaml", [1, 2, 15, 60, 30]),
    ("config-multiple-translations/promptfooconfig.yaml", [2, 3, 25, 25, 150]),
    ("config-multiple-translations/promptfooconfig-scenarios.yaml", [2, 3, 9, 9, 54]),
    ("config-prompts-per-model/promptfooconfig.yaml", [2, 2, 16, 0, 48]),
    ("named-metrics/promptfooconfig.yaml", [2, 1, 5, 7, 10]),
    ("eval-g-eval/promptfooconfig.yaml", [1, 1, 5, 5, 5]),
    ("getting-started/promptfooconfig.yaml", [2, 2, 2, 2, 8]),
    ("smoke-configs/assertions.yaml", [1, 1, 6, 6, 6]),
    ("smoke-configs/assert-set-metric-assertion.yaml", [1, 1, 1, 3, 1]),
    ("smoke-configs/scenarios.yaml", [1, 1, 3, 3, 3]),
    ("smoke-configs/nunjucks-conditionals.yaml", [1, 1, 2, 2, 2]),
    ("smoke-configs/json-tests.yaml", [1, 1, 2, 2, 2]),
    ("smoke-configs/basic.json", [1, 1, 1, 2, 1]),
];

/// How many cells promptfoo would run: all, or what the note about its filters says.
fn rows(import: &Import) -> usize {
    let counts = import.counts();
    let note = import.notes.iter().find(|note| note.what.ends_with("filters"));
    let said = note.and_then(|note| note.why.split(' ').find_map(|word| word.parse().ok()));
    said.unwrap_or(counts.variants * counts.models * counts.cases)
}

#[test]
fn the_examples_of_promptfoo_give_the_numbers_of_their_page() {
    let Some(folder) = shared("realworld/promptfoo") else {
        println!("no ../shared/realworld/promptfoo: nothing compared");
        return;
    };
    let source = FolderSource::new(folder);
    let mut wrong = Vec::new();
    for (file, expected) in EXAMPLES {
        let import = read(&source, file).unwrap();
        let counts = import.counts();
        let found = [counts.variants, counts.models, counts.cases, counts.scorers, rows(&import)];
        println!("{file}: {found:?}, complete: {}", import.complete());
        if std::env::var_os("NOTES").is_some() {
            for note in &import.notes {
                println!("    {} {} {}: {}", note.kind.as_str(), note.place, note.what, note.why);
            }
            for (name, text) in import.files() {
                println!("  --- {name}\n{text}");
            }
        }
        if found != expected {
            wrong.push(format!("{file}: {found:?}, not {expected:?}"));
        }
    }
    println!("{} examples compared", EXAMPLES.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The messages of every variant for every case.
fn rendered(import: &Import) -> Vec<String> {
    let prompt = support::prompt(import, &import.prompts[0].name);
    let mut all = Vec::new();
    for variant in &prompt.variants {
        for case in prompt.run_cases() {
            let messages = render(&prompt, variant, &case).unwrap().messages;
            let lines = messages.iter().map(|m| format!("{}: {}", m.role.as_str(), m.text()));
            all.push(lines.collect::<Vec<_>>().join(" | "));
        }
    }
    all
}

/// A configuration with something of everything; promptfoo 0.123.1 gives the same numbers and texts.
const MIXED: [(&str, &str); 5] = [
    (
        "mixed/promptfooconfig.yaml",
        "\
prompts:
  - file://p/*.txt
  - {id: file://q.md, label: Doc}
providers:
  - {id: openai:gpt-4.1, label: one}
  - {id: openai:chat:gpt-4.1, label: two, prompts: [Doc]}
defaultTest:
  vars: {y: Y}
  assert: [{type: contains, value: '{{x}}'}]
tests:
  - vars: {x: [a, b]}
  - vars: {x: 'c {{y}}'}
    assert:
      - {type: not-contains, value: zzz}
      - {type: assert-set, threshold: 0.5, assert: [{type: contains, value: c}, {type: contains, value: q}]}
  - vars: {x: file://v.txt}
    options: {disableDefaultAsserts: true}
  - vars: {x: p}
    providers: [one]
",
    ),
    ("mixed/p/1.txt", "A {{x}}\n---\nB {{x}}\n"),
    ("mixed/p/2.txt", "C {{ y }}\n\n---\n\n"),
    ("mixed/q.md", "# Doc\n---\n{{x}}\n"),
    ("mixed/v.txt", "  from file\n"),
];

#[test]
fn a_prompt_is_called_as_the_folder_of_its_configuration() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("reply");
    std::fs::create_dir(&folder).unwrap();
    let text = "prompts: [Hi]\nproviders: [echo]\n";
    std::fs::write(folder.join("promptfooconfig.yaml"), text).unwrap();
    std::fs::write(folder.join("other.yaml"), text).unwrap();
    let name =
        |source: &dyn Source, file: &str| read(source, file).unwrap().prompts[0].name.clone();
    let source = FolderSource::new(&folder);
    assert_eq!(name(&source, "promptfooconfig.yaml"), "reply");
    assert_eq!(name(&source, "other.yaml"), "other");
    assert_eq!(name(&FolderSource::new(root.path()), "reply/promptfooconfig.yaml"), "reply");
    let nowhere = MemorySource::from([("promptfooconfig.yaml", text)]);
    assert_eq!(name(&nowhere, "promptfooconfig.yaml"), "promptfooconfig");
}

#[test]
fn a_configuration_with_something_of_everything_comes_over() {
    let source = MemorySource::from(MIXED);
    let import = read(&source, "mixed/promptfooconfig.yaml").unwrap();
    let counts = import.counts();
    assert_eq!(
        [counts.variants, counts.models, counts.cases, counts.scorers, rows(&import)],
        [4, 2, 5, 6, 24]
    );
    let texts = rendered(&import);
    assert_eq!(
        texts[..5],
        ["user: A a", "user: A b", "user: A c Y", "user: A from file", "user: A p"]
    );
    assert_eq!(texts[15], "user: # Doc\n---\na");
    insta::assert_snapshot!("promptfoo_mixed", support::told(&Ok(import)));
}

#[test]
fn a_conversation_in_json_that_only_rendering_makes_comes_over_as_turns() {
    let chat = r#"[
  {"role": "system", "content": {{ sys | dump }} },
  {% for m in past %}{% for role, content in m %}
    {"role": "{{ role }}", "content": {{ content | dump }}},
  {% endfor %}{% endfor %}
  {"role": "user", "content": "{{ q }}"}
]"#;
    let source = MemorySource::from([
        (
            "c.yaml",
            "prompts: [file://chat.json]\nproviders: [openai:x]\ndefaultTest: file://d.yaml\ntests: [{vars: {q: one}}]\n",
        ),
        ("chat.json", chat),
        ("d.yaml", "vars: {sys: Be brief, past: [{user: hi}, {assistant: yo}]}\n"),
    ]);
    let import = read(&source, "c.yaml").unwrap();
    assert_eq!(rendered(&import), ["system: Be brief | user: hi | assistant: yo | user: one"]);
    assert!(import.complete());
}

#[test]
fn nothing_that_is_code_is_lost_and_nothing_of_it_is_run() {
    let source = MemorySource::from([(
        "c.yaml",
        "\
prompts: [file://p.py:make, 'Hi {{x}}']
providers: [file://model.mjs, 'exec:./run.sh']
extensions: ['file://hook.js:all']
nunjucksFilters: {shout: ./shout.js}
tests:
  - vars: {x: file://value.js}
    options: {transform: output.trim()}
    assert: [{type: javascript, value: output == 1}, {type: contains, value: y}]
  - file://more.py
",
    )]);
    let import = read(&source, "c.yaml").unwrap();
    let counts = import.counts();
    assert_eq!([counts.variants, counts.models, counts.cases, counts.scorers], [2, 2, 1, 2]);
    let notes = import.notes.iter().filter(|note| note.kind == NoteKind::NotRun);
    let named: Vec<_> = notes.map(|note| note.what.as_str()).collect();
    for what in [
        "prompt file://p.py:make",
        "provider file://model.mjs",
        "provider exec:./run.sh",
        "extensions",
        "nunjucksFilters",
        "vars.x file://value.js",
        "tests file://more.py",
        "javascript",
        "contains",
    ] {
        assert!(named.contains(&what), "{what} is not among {named:?}");
    }
    let prompt = support::prompt(&import, &import.prompts[0].name);
    let case = &prompt.cases.rows[0];
    assert!(render(&prompt, &prompt.variants[0], case).is_err(), "what code gives is not there");
    assert_eq!(prompt.evals.scorers[1].kind, "promptfoo/contains", "its output is changed by code");
}

#[test]
fn keys_and_variables_of_the_environment_stay_where_they_are() {
    let source = MemorySource::from([(
        "c.yaml",
        "\
env: {OPENAI_API_KEY: sk-secret}
prompts: ['Use {{ env.TOKEN }} for {{x}}']
providers: [{id: openai:x, config: {apiKey: sk-secret, apiHost: evil.example, temperature: 0}}]
tests: [{vars: {x: '{{ env.HOME }}'}}]
",
    )]);
    let import = read(&source, "c.yaml").unwrap();
    let all: String = import.files().into_values().collect();
    assert!(!all.contains("sk-secret") && !all.contains("evil.example"), "{all}");
    assert_eq!(rendered(&import), ["user: Use {{ env.TOKEN }} for {{ env.HOME }}"]);
}

#[test]
fn files_that_are_not_there_are_noted_and_the_rest_comes_over() {
    let source = MemorySource::from([(
        "c.yaml",
        "prompts: [file://gone.txt, 'Hi {{x}}']\nproviders: [openai:x]\ntests: [gone.csv, {vars: {x: file://../../etc/passwd}}]\n",
    )]);
    let import = read(&source, "c.yaml").unwrap();
    assert_eq!(rendered(&import), ["user: Hi file://../../etc/passwd"]);
    assert_eq!(import.notes.iter().filter(|note| note.kind == NoteKind::LeftOut).count(), 4);
}

#[test]
fn hostile_configurations_are_refused_or_bounded() {
    let list = |count: usize| (0..count).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ");
    let wide =
        format!("prompts: [x]\ntests: [{{vars: {{a: [{0}], b: [{0}], c: [{0}]}}}}]\n", list(1000));
    let big = format!(
        "prompts: [x]\ntests: [{{vars: {{a: [{}], b: '{}'}}}}]\n",
        list(9_999),
        "x".repeat(20_000)
    );
    let deep = format!("prompts: {}{}\n", "[".repeat(5_000), "]".repeat(5_000));
    let laughs = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nprompts: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let circle = "prompts: [x]\na: {$ref: '#/a'}\n";
    let twice = "prompts: [x]\nprompts: [y]\n";
    for text in [wide.as_str(), &big, &deep, laughs, circle, twice] {
        let source = MemorySource::from([("c.yaml", text)]);
        let refusal = read(&source, "c.yaml").err();
        assert!(refusal.is_some(), "{}", &text[..text.len().min(60)]);
    }
}

#[test]
fn thousands_of_combinations_of_short_texts_are_no_attack() {
    let list = |count: usize| (0..count).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "prompts: ['{{{{a}}}} {{{{b}}}}']\nproviders: [openai:x]\ntests: [{{vars: {{a: [{}], b: [{}]}}, assert: [{{type: contains, value: '{{{{a}}}}'}}]}}]\n",
        list(100),
        list(30)
    );
    let source = MemorySource::from([("c.yaml", text.as_str())]);
    let counts = read(&source, "c.yaml").unwrap().counts();
    assert_eq!((counts.cases, counts.scorers), (3_000, 3_000));
}

proptest::proptest! {
    #[test]
    fn no_configuration_breaks_it(
        text in "((prompts|providers|tests|scenarios|defaultTest|vars|assert|type|value|config|\\$ref|file://a\\.(txt|csv|json|yaml|js)|contains|\\{\\{x\\}\\}|x)?(: |\n|\n  |\n    - |\n  - |, |\\[|\\]|\\{|\\}|'|\"|&a |\\*a)?){0,60}",
        other in "(role|content|x|,|\n|\"|\\{|\\}|\\[|\\]|:|-| |\\{\\{|\\}\\}|---|__expected|similar\\(|é)*",
    ) {
        for name in ["c.yaml", "c.json", "a.txt", "a.csv", "a.json", "a.yaml"] {
            let files = [("a.txt", other.as_str()), ("a.csv", &other), ("a.json", &other), ("a.yaml", &other), ("c.yaml", &text), ("c.json", &text)];
            let source = MemorySource::from(files);
            let _ = read(&source, name).map(|import| import.counts());
        }
    }
}

#[test]
fn what_nobody_reads_is_named() {
    let text = "prompts: ['{{a}}']\nproviders:\n  - {id: openai:gpt-4.1, label: Big}\ntests:\n  - vars: {a: x, p: '^a+$'}\n    assert:\n      - {type: regex, value: '{{p}}', description: starts}\n      - {type: llm-rubric, value: kind, provider: file://judge.py}\n  - vars: {a: y}\n    options: {transform: output.trim(), provider: openai:gpt-4.1}\n";
    let import = import_text(Format::Promptfoo, "promptfooconfig.yaml", text).unwrap();
    let named: Vec<_> =
        import.notes.iter().map(|note| format!("{} {}", note.kind.as_str(), note.what)).collect();
    assert_eq!(
        named,
        [
            "translated provider.label Big",
            "not-run options.transform",
            "left-out options.provider",
            "left-out assertion.description",
            "not-run grader file://judge.py",
        ]
    );
}

#[test]
fn assertions_that_mean_the_same_come_over_and_metrics_of_another_scale_are_kept() {
    let config = "\
prompts: ['{{x}}']
providers: [openai:gpt-4.1]
tests:
  - vars: {x: a}
    assert:
      - {type: word-count, value: {min: 3}}
      - {type: is-xml, value: [order.id]}
      - {type: is-sql, value: {databaseType: MySQL}}
      - {type: contains-json, value: {required: [a]}}
      - {type: finish-reason, value: stop}
      - {type: bleu, value: a b, threshold: 0.4}
";
    let import = import_text(Format::Promptfoo, "promptfooconfig.yaml", config).unwrap();
    let prompt = support::prompt(&import, &import.prompts[0].name);
    let kinds: Vec<&str> = prompt.evals.scorers.iter().map(|scorer| scorer.kind.as_str()).collect();
    let expected = ["word-count", "xml", "sql", "contains-json", "finish-reason", "promptfoo/bleu"];
    assert_eq!(kinds, expected);
    let scorer = |at: usize| &prompt.evals.scorers[at];
    assert_eq!((scorer(0).min, scorer(0).max), (Some(3.0), None));
    assert_eq!(scorer(1).options["elements"], serde_json::json!(["order.id"]));
    assert_eq!(scorer(2).options["dialect"], "mysql");
    assert_eq!(scorer(3).value, Some(serde_json::json!({"required": ["a"]})));
    let not_run: Vec<&str> = import
        .notes
        .iter()
        .filter(|note| note.kind == NoteKind::NotRun)
        .map(|note| note.what.as_str())
        .collect();
    assert_eq!(not_run, ["bleu"]);
}
