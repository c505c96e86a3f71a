//! Scripts of a repository as scorers: which texts they are, and where they run.
//!
//! A script in a file is put in the place of its scorer's `value` when a prompt is parsed for a run, so
//! that what is stored with the run is what judged. Rhai scripts run in the one worker of a [`Sandbox`];
//! JavaScript and Python run in a process for each output, and only when the user trusts the repository and consented to
//! exactly that text. Both are looked up every time: what is taken back is gone from the next output on.

use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use assay_prompt::{Files, Prompt, ScorerSpec, resolve};
use assay_sandbox::native::{Language, NativeScript};
use assay_sandbox::{Facts, Request, Sandbox, SandboxError, Verdict, WorkerProgram};
use assay_score::{Custom, CustomRequest, CustomVerdict, SCRIPT_FILE, ScriptLanguage, script_text};
use serde_json::Value;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Says of the hash of a script whether the user consented to it.
pub type Consents = dyn Fn(&str) -> Result<bool, String> + Send + Sync;

/// Says whether the person trusts the repository that scorers are of.
pub type Trust = dyn Fn() -> Result<bool, String> + Send + Sync;

/// Of a repository that nobody trusts.
pub fn untrusted() -> Arc<Trust> {
    Arc::new(|| Ok(false))
}

/// Where scripts run.
pub struct Scripts {
    sandbox: Sandbox,
    worker: WorkerProgram,
    consents: Box<Consents>,
    /// Programs are heavy: not more at once than the machine has cores.
    programs: Places,
}

impl Scripts {
    /// In processes of `worker`; programs only where `consents` says so. Nothing is started yet.
    pub fn new(
        worker: WorkerProgram,
        consents: impl Fn(&str) -> Result<bool, String> + Send + Sync + 'static,
    ) -> Scripts {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Scripts {
            sandbox: Sandbox::new(worker.clone()),
            worker,
            consents: Box::new(consents),
            programs: Places::new(cores),
        }
    }

    fn program(
        &self,
        script: NativeScript,
        facts: &Facts,
        trust: &Trust,
    ) -> Result<Verdict, String> {
        let hash = script.hash();
        let language = script.language.name();
        let allowed = (self.consents)(&hash)?;
        let Some(script) = script.consented(|_| allowed) else {
            return Err(format!(
                "not run: nobody allowed this {language} script on this computer; read it with `assay consent list` \
                 or under Evals, and allow it with `assay consent give {hash}`"
            ));
        };
        if !trust()? {
            return Err(format!(
                "not run: a {language} script runs in a trusted repository only; trust it in the window, or with `assay trust grant`"
            ));
        }
        let _place = self.programs.take();
        script.judge(facts, &self.worker).map_err(|error| match error {
            SandboxError::NoInterpreter(name) => {
                format!(
                    "not run: {error}; install {name}, or say the same in a scorer of type `rhai`"
                )
            }
            error => error.to_string(),
        })
    }

    fn verdict(&self, request: &CustomRequest<'_>, trust: &Trust) -> Result<Verdict, String> {
        let facts = facts(request);
        match native(request.language) {
            Some(language) => {
                let script = NativeScript { language, source: request.source.to_owned() };
                self.program(script, &facts, trust)
            }
            None => {
                let request = Request { script: request.source.to_owned(), facts };
                self.sandbox.judge(&request).map_err(|error| error.to_string())
            }
        }
    }
}

/// Where the scripts of one repository run.
pub(crate) struct RepositoryScripts {
    pub scripts: Arc<Scripts>,
    /// Whether the person trusts it.
    pub trust: Arc<Trust>,
}

impl Custom for RepositoryScripts {
    fn judge(&self, request: &CustomRequest<'_>) -> Result<CustomVerdict, String> {
        let verdict = || self.scripts.verdict(request, &*self.trust);
        let Verdict { value, pass, reason } = may_block(verdict)?;
        Ok(CustomVerdict { value, pass, reason })
    }
}

/// Does what may take seconds without holding up the other tasks of a runtime's thread, where the
/// runtime has other threads to give them to.
fn may_block<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn facts(request: &CustomRequest<'_>) -> Facts {
    Facts {
        output: request.output.to_owned(),
        inputs: request.case.input.clone(),
        expected: request.case.expected.clone().unwrap_or_default(),
        latency_ms: request.latency_ms,
        cost: request.cost,
    }
}

fn native(language: ScriptLanguage) -> Option<Language> {
    match language {
        ScriptLanguage::Rhai => None,
        ScriptLanguage::JavaScript => Some(Language::JavaScript),
        ScriptLanguage::Python => Some(Language::Python),
    }
}

/// So many may go on at once; the others wait.
struct Places {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A place among [`Places`], until it is dropped.
struct Place<'p>(&'p Places);

impl Places {
    fn new(count: usize) -> Places {
        Places { free: Mutex::new(count), given_back: Condvar::new() }
    }

    fn take(&self) -> Place<'_> {
        let free = self.free();
        let wait = self.given_back.wait_while(free, |free| *free == 0);
        let mut free = wait.unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Place(self)
    }

    fn free(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free() += 1;
        self.0.given_back.notify_one();
    }
}

/// A scorer whose script is a program, which runs with the user's consent only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramScorer {
    /// The scorer's id.
    pub scorer: String,
    /// `javascript` or `python`.
    pub language: &'static str,
    /// The script.
    pub source: String,
    /// What a consent is for: SHA-256 of language and text, in hexadecimal digits.
    pub hash: String,
}

impl ProgramScorer {
    /// Those of a prompt as [`PromptSource::parse`](crate::PromptSource::parse) reads it, in the order of
    /// the file. One whose script is missing has nothing to consent to.
    #[must_use]
    pub fn all(prompt: &Prompt) -> Vec<ProgramScorer> {
        prompt.evals.scorers.iter().filter_map(ProgramScorer::of).collect()
    }

    fn of(spec: &ScorerSpec) -> Option<ProgramScorer> {
        let language = native(ScriptLanguage::of(&spec.kind)?)?;
        let source = script_text(spec).ok()?.to_owned();
        let script = NativeScript { language, source };
        let hash = script.hash();
        Some(ProgramScorer {
            scorer: spec.id.clone(),
            language: language.name(),
            source: script.source,
            hash,
        })
    }
}

/// Puts scripts that stand in files in the place of their scorers' values.
pub(crate) fn fill_in(prompt: &mut Prompt, files: &Files) {
    let evals = &mut prompt.evals;
    let Some(at) = evals.file.clone() else { return };
    for spec in &mut evals.scorers {
        fill_in_one(spec, |path| files.get(&resolve(&at, path)?).cloned());
    }
}

/// Puts the script of one scorer in the place of its value, as far as it names a file that `read` finds.
/// Where it has a value too, both stay, and the scorer says so.
pub fn fill_in_one(spec: &mut ScorerSpec, read: impl FnOnce(&str) -> Option<String>) {
    if ScriptLanguage::of(&spec.kind).is_none() || spec.value.is_some() {
        return;
    }
    let Some(file) = spec.extra.get(SCRIPT_FILE).and_then(Value::as_str) else { return };
    if let Some(text) = read(file) {
        spec.value = Some(Value::String(text));
        spec.extra.shift_remove(SCRIPT_FILE);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicBool, Ordering};

    use assay_prompt::Row;
    use serde_json::json;

    use super::*;

    /// Where no program can be started.
    fn nowhere() -> WorkerProgram {
        WorkerProgram { program: "/nowhere/assay".into(), arguments: Vec::new() }
    }

    fn ask(scripts: Scripts, trusted: bool, language: ScriptLanguage, source: &str) -> String {
        let case = Row::default();
        let (latency_ms, cost) = (None, None);
        let request = CustomRequest { language, source, output: "", case: &case, latency_ms, cost };
        let trust: Arc<Trust> = Arc::new(move || Ok(trusted));
        RepositoryScripts { scripts: Arc::new(scripts), trust }.judge(&request).unwrap_err()
    }

    #[test]
    fn a_program_is_not_even_started_without_consent_to_its_very_text() {
        let source = "output == 'yes'".to_owned();
        let known = NativeScript { language: Language::Python, source: source.clone() }.hash();
        let told = |language, source: &str, trusted| {
            let known = known.clone();
            ask(Scripts::new(nowhere(), move |hash| Ok(hash == known)), trusted, language, source)
        };
        let changed = told(ScriptLanguage::Python, &format!("{source} "), true);
        assert!(changed.starts_with("not run: nobody allowed this python script"), "{changed}");
        let other = told(ScriptLanguage::JavaScript, &source, true);
        assert!(other.contains("`assay consent give "), "{other}");
        let untrusted = told(ScriptLanguage::Python, &source, false);
        assert!(untrusted.starts_with("not run: ") && untrusted.contains("trust"), "{untrusted}");
        // With consent and trust it is tried: then it is the worker, or Python, that is missing.
        let tried = told(ScriptLanguage::Python, &source, true);
        assert!(!tried.starts_with("not run: nobody") && !tried.contains("trust"), "{tried}");
    }

    #[test]
    fn trust_that_is_taken_back_stops_the_programs_of_a_run_from_the_next_output_on() {
        let trusted = Arc::new(AtomicBool::new(true));
        let now = Arc::clone(&trusted);
        let scripts = Arc::new(Scripts::new(nowhere(), |_| Ok(true)));
        let of_run =
            RepositoryScripts { scripts, trust: Arc::new(move || Ok(now.load(Ordering::SeqCst))) };
        let case = Row::default();
        let ask = || {
            let (latency_ms, cost, language) = (None, None, ScriptLanguage::Python);
            let (source, output) = ("True", "");
            let case = &case;
            let request = CustomRequest { language, source, output, case, latency_ms, cost };
            of_run.judge(&request).unwrap_err()
        };
        assert!(!ask().contains("trusted repository only"), "it is tried");
        trusted.store(false, Ordering::SeqCst);
        assert!(ask().contains("trusted repository only"));
        trusted.store(true, Ordering::SeqCst);
        assert!(!ask().contains("trusted repository only"));
    }

    #[test]
    fn trust_that_cannot_be_read_is_none() {
        let scripts = Arc::new(Scripts::new(nowhere(), |_| Ok(true)));
        let of_run =
            RepositoryScripts { scripts, trust: Arc::new(|| Err("the disk is gone".to_owned())) };
        let (source, output, case) = ("True", "", &Row::default());
        let (latency_ms, cost, language) = (None, None, ScriptLanguage::Python);
        let request = CustomRequest { language, source, output, case, latency_ms, cost };
        assert_eq!(of_run.judge(&request).unwrap_err(), "the disk is gone");
    }

    #[test]
    fn consents_that_cannot_be_read_are_none() {
        let scripts = Scripts::new(nowhere(), |_| Err("the disk is gone".to_owned()));
        assert_eq!(ask(scripts, true, ScriptLanguage::Python, "True"), "the disk is gone");
    }

    #[test]
    fn a_worker_that_is_missing_is_named_and_nobody_is_asked_about_rhai() {
        let scripts = Scripts::new(nowhere(), |_| panic!("rhai needs no consent"));
        let failed = ask(scripts, false, ScriptLanguage::Rhai, "true");
        assert!(failed.contains("/nowhere/assay"), "{failed}");
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let places = Places::new(1);
        for _ in 0..3 {
            drop(places.take());
        }
        std::thread::scope(|scope| {
            let taken = places.take();
            let waits = scope.spawn(|| *places.take().0.free());
            drop(taken);
            assert_eq!(waits.join().unwrap(), 0, "it was the only one");
        });
        assert_eq!(*places.free(), 1);
    }

    fn spec(value: Option<Value>, script: Option<&str>) -> ScorerSpec {
        let mut spec = ScorerSpec { value, ..ScorerSpec::new("s", "rhai") };
        spec.extra.extend(script.map(|file| (SCRIPT_FILE.to_owned(), json!(file))));
        spec
    }

    #[test]
    fn a_script_in_a_file_takes_the_place_of_the_value() {
        let read = |path: &str| (path == "polite.rhai").then(|| "true".to_owned());
        let mut found = spec(None, Some("polite.rhai"));
        fill_in_one(&mut found, read);
        assert_eq!(script_text(&found), Ok("true"));
        let mut missing = spec(None, Some("rude.rhai"));
        fill_in_one(&mut missing, read);
        assert!(script_text(&missing).unwrap_err().contains("`rude.rhai`"));
        let mut both = spec(Some(json!("false")), Some("polite.rhai"));
        fill_in_one(&mut both, read);
        assert!(script_text(&both).is_err());
        let mut other = ScorerSpec { kind: "equals".to_owned(), ..spec(None, Some("polite.rhai")) };
        fill_in_one(&mut other, read);
        assert_eq!(other.value, None, "only scripts have a script");
    }

    #[test]
    fn a_parsed_prompt_has_its_scripts_and_names_its_programs() {
        let evals = "scorers:\n  - {id: a, type: rhai, script: a.rhai}\n  - {id: b, type: python, value: 'True'}\n  - {id: c, type: javascript, script: c.js}\n  - {id: d, type: javascript, script: d.js}\n";
        let manifest = "format: assay/1\nid: 01JZ0000000000000000000000\nvariants:\n  - {id: v, file: v.prompty}\nevals: [evals.yaml]\n";
        let texts = [
            ("prompt.yaml", manifest),
            ("evals.yaml", evals),
            ("v.prompty", "system:\nHello\n"),
            ("a.rhai", "true"),
            ("c.js", "output.length > 3"),
        ];
        let files: Files =
            texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let mut prompt = assay_prompt::parse_folder("p", &files);
        fill_in(&mut prompt, &files);
        assert_eq!(script_text(&prompt.evals.scorers[0]), Ok("true"));
        let programs = ProgramScorer::all(&prompt);
        let named: Vec<_> = programs.iter().map(|p| (&*p.scorer, p.language, &*p.source)).collect();
        assert_eq!(
            named,
            [("b", "python", "True"), ("c", "javascript", "output.length > 3")],
            "`d` has no script to consent to"
        );
        assert_eq!(programs[0].hash.len(), 64);
    }
}
