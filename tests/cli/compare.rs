//! Which of two is better: runs, variants and revisions, on a real store.

use assay_testkit::{Fault, ModelServer};
use serde_json::json;

use crate::process::Terminal;

/// A server that sorts as the ticket says: it knows the variant by its system message.
fn sorter() -> ModelServer {
    ModelServer::start_blocking().reply_with(|request| {
        let said = |role: &str| {
            let messages = request["messages"].as_array().cloned().unwrap_or_default();
            let found = messages.into_iter().find(|message| message["role"] == role);
            found.and_then(|m| m["content"].as_str().map(str::to_owned)).unwrap_or_default()
        };
        let side = if said("system").contains("policy") { "head only" } else { "base only" };
        let ticket = said("user");
        let right = ticket.contains("both") || ticket.contains(side);
        if right { "billing" } else { "other" }.to_owned()
    })
}

fn terminal(server: &ModelServer) -> Terminal {
    let terminal = Terminal::in_data("compare");
    let url = server.url();
    terminal.ok(&["models", "add", "openai-compatible", "server", "--base-url", &url]);
    terminal
}

const EXAMPLE: &str = "\
support-triage · policy-first against baseline · 60 cases, paired · category
70.0 % [57.5, 80.1] → 81.7 % [70.1, 89.4] · change **+11.7 points** [−0.1, +23.4] · 10 fixed, 3 broken, 47 unchanged · exact McNemar p = .092
**Inconclusive, leaning better.** 60 cases detect ±16.7 points; about 61 more would settle it. The 3 broken first.";

#[test]
fn sixty_paired_cases_come_out_to_the_digit() {
    let server = sorter();
    let terminal = terminal(&server);
    let run = terminal.ok(&["run", "--json", "-"]).json();
    let run = run["run"].as_str().expect("an id").to_owned();
    let (base, head) = (format!("{run}/baseline"), format!("{run}/policy-first"));

    let text = terminal.ok(&["compare", &base, &head]).out;
    assert!(text.starts_with(&EXAMPLE.replace("**", "")), "{text}");
    assert!(text.contains("\nbroken: case-50, case-51, case-52\n"), "{text}");
    assert!(text.contains("gate category holds: at worst −0.1 points"), "{text}");

    let compared = terminal.ok(&["compare", &base, &head, "--json"]).json();
    assert_eq!(compared["schema"], "assay.compare/1");
    assert_eq!((&compared["base"], &compared["head"]), (&json!(base), &json!(head)));
    let verdict = &compared["verdicts"][0];
    assert_eq!(verdict["prompt"], "prompts/support-triage");
    assert_eq!(verdict["scorer"], "category");
    assert_eq!(verdict["text"], EXAMPLE);
    assert_eq!(verdict["verdict"], "inconclusive");
    assert_eq!(
        (&verdict["fixed"], &verdict["broken"], &verdict["unchanged"]),
        (&json!(10), &json!(3), &json!(47))
    );
    assert_eq!(verdict["brokenCases"], json!(["case-50", "case-51", "case-52"]));
    assert_eq!(verdict["rowsNeeded"], 61);
    assert_eq!(verdict["test"]["name"], "exact McNemar");
    assert_eq!(verdict["slices"][1]["tag"], "german");
    assert_eq!(compared["ok"], true);

    // The same two, named otherwise.
    let named = ["compare", "last", "--variant", "baseline", "--variant", "policy-first"];
    assert_eq!(terminal.ok(&named).out, text);
    // What that run showed is what the next can show.
    let plan = terminal.ok(&["plan"]).out;
    assert!(plan.contains("power: support-triage: 60 cases can detect ±16.7 points"), "{plan}");
}

#[test]
fn what_people_said_of_both_sides_stands_beside_the_scorers() {
    let server = sorter();
    let terminal = terminal(&server);
    let run = terminal.ok(&["run", "--json", "-"]).json();
    let run = run["run"].as_str().expect("an id").to_owned();
    // Cells of a case are neighbours, the baseline's first. The last one is rated on one side only.
    for cell in 0..9 {
        let grade = if cell % 2 == 0 { "2" } else { "4" };
        terminal.ok(&["rate", &run, "--cell", &cell.to_string(), "--score", grade]);
    }
    let (base, head) = (format!("{run}/baseline"), format!("{run}/policy-first"));
    let text = terminal.ok(&["compare", &base, &head]).out;
    let people = "4 cases, paired · people: grade\n\
                  2.00 [2.00, 2.00] → 4.00 [4.00, 4.00] · change +2.00 · 4 fixed, 0 broken, 0 unchanged · \
                  Wilcoxon–Pratt p = ";
    assert!(text.contains(people), "{text}");
    let example = EXAMPLE.replace("**", "");
    assert!(text.starts_with(&example), "no scorer's verdict depends on people: {text}");
    assert!(!text.contains("people: pass"), "nobody passed or failed anything: {text}");
}

#[test]
fn the_markdown_is_ready_for_a_pull_request() {
    let server = sorter();
    let terminal = terminal(&server);
    terminal.ok(&["run"]);
    let file = terminal.data().join("comment.md");
    let name = file.display().to_string();
    let variants = ["--variant", "baseline", "--variant", "policy-first"];
    let mut command = vec!["compare", "last", "--markdown", &name];
    command.extend(variants);
    terminal.ok(&command);
    let text = std::fs::read_to_string(file).expect("it was written");
    assert!(
        text.starts_with("### Prompts: compared\n\n- ✓ support-triage · gate category holds"),
        "{text}"
    );
    assert!(text.contains("> support-triage · policy-first against baseline · 60 cases, paired · category  \n> 70.0 % [57.5, 80.1]"), "{text}");
    assert!(text.contains("<summary>3 broken, 10 fixed</summary>"), "{text}");
    assert!(text.contains("\n| german | 15 |"), "{text}");
}

#[test]
fn a_gate_that_does_not_hold_ends_with_one_and_a_verdict_with_gaps_with_three() {
    let server = sorter();
    let terminal = terminal(&server);
    terminal.ok(&["run"]);
    // The other way round, ten break and three are fixed.
    let turned = ["compare", "last/policy-first", "last/baseline", "--json"];
    let left = terminal.assay(&turned);
    assert_eq!(left.exit, 1, "{}{}", left.out, left.err);
    let gate = &left.json()["gates"][0];
    assert_eq!((&gate["ok"], &gate["verdict"]), (&json!(false), &json!("notShown")));

    let server = sorter();
    server.fault_when(|request| request.to_string().contains("Ticket 7,"), Fault::bad_request());
    let gaps = self::terminal(&server);
    assert_eq!(gaps.assay(&["run"]).exit, 3);
    let few = gaps.assay(&["compare", "last/baseline", "last/policy-first", "--json"]);
    assert_eq!(few.json()["verdicts"][0]["errors"], json!({"base": 1, "head": 1}));
    assert_eq!(few.exit, 0, "two of 120 answers are no reason to doubt the others: {}", few.err);
    server.fault_when(|request| request.to_string().contains("Ticket 4"), Fault::bad_request());
    gaps.assay(&["run", "--no-cache"]);
    let many = gaps.assay(&["compare", "last/baseline", "last/policy-first", "--json"]);
    assert_eq!(many.exit, 3, "{}{}", many.out, many.err);
    assert_eq!(many.json()["verdicts"][0]["verdict"], "incomplete");
}

#[test]
fn revisions_are_run_with_the_cases_and_scorers_of_the_head_and_asked_once() {
    let server = sorter();
    let terminal = terminal(&server);
    let folder = "prompts/support-triage";
    let policy = terminal.workspace.read(&format!("{folder}/policy-first.prompty"));
    let asks = |text: &str| text.split("---\n").nth(2).expect("a body").to_owned();
    let baseline = terminal.workspace.read(&format!("{folder}/baseline.prompty"));
    // The head's baseline reads the policy first, and its cases are one less.
    terminal.workspace.write(
        &format!("{folder}/baseline.prompty"),
        &baseline.replace(&asks(&baseline), &asks(&policy)),
    );
    let cases = terminal.workspace.read(&format!("{folder}/cases.jsonl"));
    let fewer: String = cases.lines().take(59).map(|line| format!("{line}\n")).collect();
    terminal.workspace.write(&format!("{folder}/cases.jsonl"), &fewer);
    terminal.ok(&["commit", "-m", "Read the policy first"]);

    let left = terminal.ok(&["compare", "HEAD~1", "HEAD", "--json"]);
    let compared = left.json();
    let verdict = &compared["verdicts"][0];
    assert_eq!(compared["verdicts"].as_array().map(Vec::len), Some(1), "{}", left.out);
    assert_eq!(verdict["cases"], 59, "the base is asked the head's cases");
    assert_eq!((&verdict["fixed"], &verdict["broken"]), (&json!(10), &json!(3)));
    let text = verdict["text"].as_str().expect("text");
    assert!(text.starts_with("support-triage · HEAD against HEAD~1 · 59 cases, paired"), "{text}");
    let asked = server.count();
    assert_eq!(asked, 2 * 59, "only the variant that changed is asked");

    let again = terminal.ok(&["compare", "HEAD~1", "HEAD", "--json"]).json();
    assert_eq!(again["verdicts"], compared["verdicts"]);
    assert_eq!(again["headRun"], compared["headRun"], "an answered run is used again");
    assert_eq!(server.count(), asked);

    let same = terminal.ok(&["compare", "HEAD", "--json"]).json();
    assert_eq!((&same["verdicts"], &same["ok"]), (&json!([]), &json!(true)));
    assert_eq!(same["leftOut"], json!(["support-triage is the same at both revisions"]));
}

/// A file of the prompt that is compared.
fn file(name: &str) -> String {
    format!("prompts/support-triage/{name}")
}

/// Lets the baseline read the policy first, and commits that on a branch of its own.
fn branch_that_reads_the_policy(terminal: &Terminal) {
    terminal.ok(&["switch", "-c", "policy"]);
    let baseline = terminal.workspace.read(&file("baseline.prompty"));
    let changed = baseline.replace("Name the", "Read the policy first. Name the");
    terminal.workspace.write(&file("baseline.prompty"), &changed);
    terminal.ok(&["commit", "-m", "Read the policy first"]);
}

#[test]
fn a_branch_is_held_against_where_it_left_beside_what_it_changes() {
    let server = sorter();
    let terminal = terminal(&server);
    branch_that_reads_the_policy(&terminal);
    // Main goes on meanwhile; that is not the branch's doing.
    terminal.ok(&["switch", "main"]);
    let other = terminal.workspace.read(&file("policy-first.prompty"));
    terminal
        .workspace
        .write(&file("policy-first.prompty"), &other.replace("in one word", "briefly"));
    terminal.ok(&["commit", "-m", "briefly"]);
    terminal.ok(&["switch", "policy"]);

    let planned = terminal.ok(&["compare", "main...policy", "--plan", "--json"]).json();
    assert_eq!(planned["schema"], "assay.compare-plan/1");
    assert_eq!(planned["missing"]["cells"], 120, "the one variant that changed, on both sides");
    let words = terminal.ok(&["compare", "main...", "--plan"]).out;
    assert!(words.starts_with("missing on both sides: 120 cells"), "{words}");
    assert_eq!(server.count(), 0, "a plan sends nothing");

    let comment = terminal.data().join("comment.md");
    let name = comment.display().to_string();
    let text = terminal.ok(&["compare", "main...policy", "--markdown", &name]).out;
    assert!(text.starts_with("prompts/support-triage\n  baseline: 4 words added"), "{text}");
    assert!(!text.contains("briefly"), "{text}");
    assert!(text.contains("policy against main...policy · 60 cases"), "{text}");
    assert!(text.contains("\ncacheable beginning: about "), "{text}");
    assert!(text.contains(" cached are lost"), "{text}");
    let comment = std::fs::read_to_string(comment).expect("it was written");
    assert!(
        comment.contains("**prompts/support-triage**\n\n- baseline: 4 words added"),
        "{comment}"
    );
    assert_eq!(server.count(), 120);
    let planned = terminal.ok(&["compare", "main...policy", "--plan"]).out;
    assert!(planned.starts_with("nothing is missing"), "{planned}");
}

#[test]
fn what_one_side_does_not_have_is_named_and_a_renamed_prompt_is_known() {
    let server = sorter();
    let terminal = terminal(&server);
    let folder = terminal.path().join("prompts/support-triage");
    let copy = terminal.path().join("prompts/old-triage");
    std::fs::create_dir_all(&copy).expect("a folder");
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let text = text.replace("01JTESTCOMPARE000000000001", "01JTESTCOMPARE000000000002");
        std::fs::write(copy.join(path.file_name().expect("a name")), text).expect("a file");
    }
    terminal.ok(&["commit", "-m", "one that goes"]);

    // At the head that one is gone, the other has another name, a variant more, and a case less.
    std::fs::remove_dir_all(&copy).expect("a folder");
    std::fs::rename(&folder, terminal.path().join("prompts/triage")).expect("a folder");
    let at = |name: &str| format!("prompts/triage/{name}");
    let baseline = terminal.workspace.read(&at("baseline.prompty"));
    let changed = baseline.replace("Name the", "Read the policy first. Name the");
    terminal.workspace.write(&at("baseline.prompty"), &changed);
    terminal
        .workspace
        .write(&at("terse.prompty"), &baseline.replace("name: baseline", "name: terse"));
    let manifest = terminal.workspace.read(&at("prompt.yaml"));
    let listed = "  - {id: baseline, file: baseline.prompty}\n";
    let more = format!("{listed}  - {{id: terse, file: terse.prompty}}\n");
    terminal.workspace.write(&at("prompt.yaml"), &manifest.replace(listed, &more));
    let cases = terminal.workspace.read(&at("cases.jsonl"));
    let fewer: String = cases.lines().take(59).map(|line| format!("{line}\n")).collect();
    terminal.workspace.write(&at("cases.jsonl"), &fewer);
    terminal.workspace.commit("another name");

    let compared = terminal.ok(&["compare", "HEAD~1", "HEAD", "--json"]).json();
    assert_eq!(compared["verdicts"][0]["prompt"], "prompts/triage", "{compared}");
    assert_eq!(compared["verdicts"][0]["cases"], 59);
    assert_eq!(
        compared["leftOut"],
        json!(["triage/terse is there at HEAD only", "old-triage is not there at HEAD any more"])
    );
    assert_eq!(
        compared["notes"],
        json!([
            "triage is support-triage at HEAD~1",
            "triage: HEAD~1 has other cases; those of HEAD count on both sides"
        ])
    );
    assert_eq!(compared["prefixes"][0]["prompt"], "prompts/triage");
}

#[test]
fn only_the_prompts_that_differ_are_run_for_ci() {
    let server = sorter();
    let terminal = terminal(&server);
    let junit = terminal.data().join("run.xml");
    let name = junit.display().to_string();
    let nothing = terminal.ok(&["run", "--changed", "HEAD", "--junit", &name]);
    assert!(
        nothing.err.contains("no prompt differs from HEAD; nothing was run"),
        "{}",
        nothing.err
    );
    assert!(!junit.exists() && server.count() == 0);
    branch_that_reads_the_policy(&terminal);
    terminal.ok(&["run", "--changed", "main...HEAD", "--junit", &name]);
    assert!(junit.exists() && server.count() > 0);
}

#[test]
fn what_cannot_be_compared_is_refused_with_a_way_on() {
    let server = sorter();
    let terminal = terminal(&server);
    terminal.ok(&["run"]);
    let refused = |arguments: &[&str], says: &str| {
        let left = terminal.assay(arguments);
        assert_eq!(left.exit, 2, "{}{}", left.out, left.err);
        assert!(left.err.contains(says), "{}", left.err);
    };
    refused(&["compare", "last"], "two variants or two models");
    refused(&["compare", "last", "HEAD"], "are a run and a revision");
    refused(&["compare", "nowhere"], "there is no commit \"nowhere\"");
    refused(&["compare", "last/nobody", "last/baseline"], "has no variant `nobody`");
    refused(&["compare", "last", "last"], "nothing of");
    refused(&["compare", "last", "last", "--plan"], "only revisions have something to plan");
}

#[test]
fn sides_that_share_no_case_and_have_no_gate_are_nothing_to_compare_and_no_success() {
    let server = sorter();
    let terminal = terminal(&server);
    let folder = "prompts/support-triage";
    let evals = terminal.workspace.read(&format!("{folder}/evals.yaml"));
    let (ungated, _) = evals.split_once("gates:").expect("a gate");
    terminal.workspace.write(&format!("{folder}/evals.yaml"), ungated);
    let run = |from: usize| {
        let cases = terminal.workspace.read(&format!("{folder}/cases.jsonl"));
        let other = cases.replace("\"case-", &format!("\"from-{from}-"));
        terminal.workspace.write(&format!("{folder}/cases.jsonl"), &other);
        let run = terminal.ok(&["run", "--json", "-"]).json();
        terminal.workspace.write(&format!("{folder}/cases.jsonl"), &cases);
        run["run"].as_str().expect("an id").to_owned()
    };
    let (base, head) = (run(1), run(2));
    let left = terminal.assay(&["compare", &base, &head, "--json"]);
    assert_eq!(left.exit, 2, "{}{}", left.out, left.err);
    assert_eq!(left.json()["ok"], false, "{}", left.out);
    assert!(left.err.contains("nothing to compare"), "{}", left.err);
    let with_itself = [format!("{base}/baseline"), format!("{base}/policy-first")];
    let met = terminal.assay(&["compare", &with_itself[0], &with_itself[1]]);
    assert_eq!(met.exit, 0, "without a gate, cases in common are enough: {}", met.err);
}
