//! Real workers: what they may not do, and that whoever asks outlives whatever they do.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use assay_sandbox::native::{Language, NativeScript};
use assay_sandbox::{Facts, Request, Sandbox, SandboxError, Verdict, WorkerProgram};
use serde_json::json;

fn worker() -> WorkerProgram {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_assay-worker"));
    WorkerProgram { program, arguments: Vec::new() }
}

fn request(script: &str) -> Request {
    let facts = Facts {
        output: "The refund was sent on 3 May.".to_owned(),
        inputs: json!({"name": "Ada"}).as_object().unwrap().clone(),
        expected: json!({"sent": true}),
        latency_ms: Some(120),
        cost: Some(0.002),
    };
    Request { script: script.to_owned(), facts }
}

/// A program that is no worker, by what it does.
#[cfg(unix)]
fn shell(does: &str) -> WorkerProgram {
    WorkerProgram { program: "/bin/sh".into(), arguments: vec!["-c".into(), does.into()] }
}

#[test]
fn one_worker_judges_many_answers() {
    let sandbox = Sandbox::new(worker());
    let started = format!("{sandbox:?}");
    assert!(started.contains("not started"), "{started}");
    for _ in 0..200 {
        let verdict = sandbox.judge(&request("output.contains(\"refund\")")).unwrap();
        assert_eq!(verdict.pass, Some(true));
    }
    let failed = sandbox.judge(&request("nonsense(")).unwrap_err();
    assert!(matches!(failed, SandboxError::Script(_)), "{failed}");
    assert_eq!(sandbox.judge(&request("0.5")).unwrap().value, 0.5);
}

#[test]
fn several_threads_may_ask() {
    let sandbox = Sandbox::new(worker());
    std::thread::scope(|scope| {
        for n in 0..4 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                for _ in 0..50 {
                    let script = format!("{n} / 10.0");
                    let verdict = sandbox.judge(&request(&script)).unwrap();
                    assert_eq!(verdict.value, f64::from(n) / 10.0);
                }
            });
        }
    });
}

#[test]
fn attacks_end_in_an_error_and_the_next_answer_is_judged() {
    let sandbox = Sandbox::new(worker());
    let attacks = [
        "loop {}",
        "fn f(x) { f(x) + f(x) } f(1)",
        "let s = \"x\"; loop { s += s; }",
        "let a = [\"x\"]; loop { a += a; }",
        "let a = []; a.pad(100000000, \"xxxxxxxxxxxxxxxx\"); true",
        "let s = \"\"; s.pad(1000000000, \"x\"); true",
        "let m = #{}; loop { m = #{ m: m }; }",
        "let b = blob(4000000000); true",
        "for i in 0..9223372036854775807 { } true",
        "import \"/etc/passwd\" as p; true",
        "eval(\"loop {}\")",
    ];
    for attack in attacks {
        let begun = Instant::now();
        let failed = sandbox.judge(&request(attack));
        assert!(failed.is_err(), "{attack}: {failed:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{attack}: {:?}", begun.elapsed());
        assert!(sandbox.judge(&request("true")).is_ok(), "after {attack}");
    }
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(sandbox.judge(&request(&nested)).is_err());
    assert!(sandbox.judge(&request("true")).is_ok());
}

#[test]
fn an_answer_too_long_for_a_script_is_refused_before_it_is_sent() {
    let mut long = request("true");
    long.facts.output = "x".repeat(9 << 20);
    let refused = Sandbox::new(worker()).judge(&long).unwrap_err();
    assert!(matches!(refused, SandboxError::TooLong { .. }), "{refused}");
}

#[test]
fn a_long_answer_is_judged() {
    let mut long = request("output.len() == 1000000");
    long.facts.output = "é".repeat(1_000_000);
    assert_eq!(Sandbox::new(worker()).judge(&long).unwrap().pass, Some(true));
}

#[test]
fn a_missing_worker_is_named() {
    let nowhere = WorkerProgram { program: "/nowhere/assay".into(), arguments: Vec::new() };
    let failed = Sandbox::new(nowhere).judge(&request("true")).unwrap_err().to_string();
    assert!(failed.contains("/nowhere/assay"), "{failed}");
}

#[cfg(unix)]
#[test]
fn a_worker_that_hangs_is_stopped() {
    let sandbox = Sandbox::new(shell("sleep 60")).with_patience(Duration::from_millis(200));
    let begun = Instant::now();
    let failed = sandbox.judge(&request("true")).unwrap_err();
    assert!(matches!(failed, SandboxError::TooSlow { .. }), "{failed}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[cfg(unix)]
#[test]
fn a_worker_that_dies_or_babbles_is_an_error() {
    let ask = |does| Sandbox::new(shell(does)).judge(&request("true")).unwrap_err();
    assert!(matches!(ask("exit 3"), SandboxError::Ended));
    assert!(matches!(ask("echo hello"), SandboxError::Unreadable(_)));
    assert!(matches!(ask("yes | tr -d '\\n'"), SandboxError::Ended));
}

#[cfg(target_os = "linux")]
#[test]
fn a_native_script_sees_no_key_and_fills_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("filled");
    let source = format!("open({file:?}, 'w').write('x' * 100000)\nreturn True");
    assert!(python(&source).is_err());
    assert_eq!(std::fs::metadata(&file).map_or(0, |file| file.len()), 0);
    let names = python("import os\nreturn {'pass': True, 'reason': ' '.join(os.environ)}").unwrap();
    let reason = names.reason.unwrap();
    // Cargo set the one for this test, a person's shell the other.
    let inherited = |name: &str| name.starts_with("CARGO") || name == "HOME";
    assert!(!reason.split_whitespace().any(inherited), "{reason}");
}

fn python(source: &str) -> Result<Verdict, SandboxError> {
    native(Language::Python, source)
}

fn native(language: Language, source: &str) -> Result<Verdict, SandboxError> {
    let script = NativeScript { language, source: source.to_owned() };
    script.consented(|_| true).unwrap().judge(&request("").facts, &worker())
}

#[test]
fn python_assertions_are_expressions_or_bodies() {
    assert_eq!(python("'refund' in output").unwrap().pass, Some(true));
    assert_eq!(python("len(context['vars']['name']) / 4").unwrap().value, 0.75);
    let said = python("print('aside')\nreturn {'score': 0.5, 'reason': 'half'}").unwrap();
    assert_eq!((said.value, said.reason.as_deref()), (0.5, Some("half")));
    assert!(python("unknown").unwrap_err().to_string().contains("NameError"));
    assert!(python("'text'").unwrap_err().to_string().contains("the script gave a text"));
}

#[test]
fn a_python_assertion_that_ends_its_process_is_an_error() {
    let failed = python("import os\nos._exit(0)").unwrap_err();
    assert!(matches!(failed, SandboxError::Ended), "{failed}");
}

/// Asks a script that would never end, and says how that ended; none where its language is not installed.
fn endless(language: Language, source: &str) -> Option<SandboxError> {
    let script = NativeScript { language, source: source.to_owned() };
    let script = script.consented(|_| true).unwrap().with_patience(Duration::from_secs(1));
    let begun = Instant::now();
    let failed = script.judge(&request("").facts, &worker()).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10), "{source}: {:?}", begun.elapsed());
    (!matches!(failed, SandboxError::NoInterpreter(_))).then_some(failed)
}

#[test]
fn a_native_script_that_never_ends_is_stopped_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let sign = folder.path().join("sign");
    let child = format!(
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import os, time; time.sleep(1.5); os.mkdir({sign:?})'])\nwhile True: pass"
    );
    // The first goes on long enough to show whether what it started lives on.
    let endless = [
        endless(Language::Python, &child),
        endless(Language::Python, "while True: pass\nreturn True"),
        endless(Language::Python, "import time\ntime.sleep(3600)\nreturn True"),
        endless(Language::JavaScript, "for (;;) {}"),
    ];
    for failed in endless.into_iter().flatten() {
        assert!(!matches!(failed, SandboxError::NotStarted { .. }), "{failed}");
    }
    assert!(!sign.exists(), "what it started went with it");
}

/// Where Node is installed, as it is where the window is built.
#[test]
fn javascript_assertions_are_expressions_or_bodies() {
    let run = |source| native(Language::JavaScript, source);
    match run("output.includes('refund')") {
        Err(SandboxError::NoInterpreter(name)) => return assert_eq!(name, "Node"),
        verdict => assert_eq!(verdict.unwrap().pass, Some(true)),
    }
    assert_eq!(run("context.vars.name.length / 4").unwrap().value, 0.75);
    let said = run("console.log('aside');\nreturn {pass: true, score: 0.9, reason: 'fine'};");
    assert_eq!(said.unwrap().value, 0.9);
    assert!(run("nowhere").unwrap_err().to_string().contains("ReferenceError"));
}
