//! A bench of one workspace: a prompt of two variants, a store, and models at a server of the test.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use assay_engine::{
    Engine, Environment, Models, Plan, Price, PromptSource, Provider, ProviderLimits, RunHandle,
    RunRequest, RunSpec, State,
};
use assay_model::{Endpoint, WireKind};
use assay_net::{Client, Limits, Url};
use assay_store::{CellDetail, CellState, RunId, RunRecord, Store};
use assay_testkit::ModelServer;
use tokio::runtime::Runtime;

/// A clock that ticks when it is read, and ids that count.
#[derive(Debug)]
pub struct Fixed {
    now: AtomicI64,
    runs: AtomicI64,
}

/// How many clocks there were: each gives ids of its own, as two processes on one database do.
static CLOCKS: AtomicI64 = AtomicI64::new(0);

impl Default for Fixed {
    fn default() -> Fixed {
        let first = 1_000 * CLOCKS.fetch_add(1, Ordering::SeqCst);
        Fixed { now: AtomicI64::default(), runs: AtomicI64::new(first) }
    }
}

impl Environment for Fixed {
    fn now_ms(&self) -> i64 {
        1_000 + self.now.fetch_add(1, Ordering::SeqCst)
    }

    fn new_run_id(&self) -> String {
        format!("RUN{:03}", self.runs.fetch_add(1, Ordering::SeqCst))
    }

    fn jitter(&self) -> f64 {
        1.0
    }
}

pub struct Bench {
    pub store: Store,
    pub engine: Engine,
    pub models: Models,
    pub runtime: Runtime,
    folder: tempfile::TempDir,
}

/// The model ids of the tests' providers.
pub const FAST: &str = "fast/model";
pub const SLOW: &str = "slow/model";

impl Bench {
    /// `fast/…` at one server and `slow/…` at another, at no known price.
    pub fn new(fast: &ModelServer, slow: &ModelServer) -> Bench {
        Bench::with_limits(fast, slow, ProviderLimits::default())
    }

    pub fn with_limits(fast: &ModelServer, slow: &ModelServer, limits: ProviderLimits) -> Bench {
        let client = Client::new(Limits::default()).unwrap();
        let providers = vec![provider("fast", fast, limits), provider("slow", slow, limits)];
        Bench::at(tempfile::tempdir().unwrap(), |models_dir| {
            Models::new(models_dir, client, providers)
        })
    }

    fn at(folder: tempfile::TempDir, models: impl FnOnce(PathBuf) -> Models) -> Bench {
        let store = Store::open(folder.path()).unwrap();
        let runtime = Runtime::new().unwrap();
        let environment = Arc::new(Fixed::default());
        let engine = Engine::new(store.clone(), environment, runtime.handle().clone());
        let models = models(folder.path().join("models"));
        Bench { store, engine, models, runtime, folder }
    }

    /// What a crash at this moment leaves behind, found by the next start.
    pub fn after_a_crash(&self, fast: &ModelServer, slow: &ModelServer) -> Bench {
        let image = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, image.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        let client = Client::new(Limits::default()).unwrap();
        let limits = ProviderLimits::default();
        let providers = vec![provider("fast", fast, limits), provider("slow", slow, limits)];
        let bench = Bench::at(image, |models_dir| Models::new(models_dir, client, providers));
        bench.store.recover(5_000).unwrap();
        bench
    }

    /// With everything that a run does on one thread, which nothing may hold up.
    pub fn on_one_thread(self) -> Bench {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let environment = Arc::new(Fixed::default());
        let engine = Engine::new(self.store.clone(), environment, runtime.handle().clone());
        Bench { engine, runtime, ..self }
    }

    /// What another process does that writes to the database until it is dropped.
    pub fn written_to_elsewhere(&self) -> rusqlite::Connection {
        let other = rusqlite::Connection::open(self.folder.path().join("assay.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }

    /// Everything costs this.
    pub fn priced(mut self, price: Price) -> Bench {
        self.models = self.models.with_prices(Arc::new(move |_| Some(price)));
        self
    }

    pub fn start(&self, spec: RunSpec) -> RunHandle {
        self.engine.start(Plan::new(spec, &self.models).unwrap()).unwrap()
    }

    /// Runs to the end.
    pub fn run(&self, spec: RunSpec) -> Ended {
        self.end(&self.start(spec))
    }

    pub fn resume(&self, id: &RunId, retry_failed: bool) -> Ended {
        self.end(&self.engine.resume(id, &self.models, retry_failed).unwrap())
    }

    pub fn end(&self, handle: &RunHandle) -> Ended {
        self.runtime.block_on(handle.finished());
        Ended { state: handle.progress.now().0, ..self.ended(&handle.id) }
    }

    /// A run as it is stored.
    pub fn ended(&self, id: &RunId) -> Ended {
        let record = self.store.run_record(id).unwrap().unwrap();
        let cells = (0..record.total).map(|cell| self.cell(id, cell)).collect();
        Ended { id: id.clone(), state: State::Done, record, cells }
    }

    pub fn cell(&self, run: &RunId, cell: u32) -> CellDetail {
        self.store.cell(run, cell).unwrap().unwrap()
    }
}

pub fn provider(name: &str, server: &ModelServer, limits: ProviderLimits) -> Provider {
    Provider {
        name: name.to_owned(),
        endpoint: Endpoint { base_url: Url::parse(&server.url()).unwrap(), credential: None },
        wire: WireKind::OpenAiChat,
        missing_key: None,
        limits,
    }
}

/// A run that has ended.
pub struct Ended {
    pub id: RunId,
    pub state: State,
    pub record: RunRecord,
    pub cells: Vec<CellDetail>,
}

impl Ended {
    pub fn reason(&self) -> &str {
        match &self.state {
            State::Failed(stop) => &stop.reason,
            _ => "",
        }
    }

    /// Cells in a state.
    pub fn count(&self, state: CellState) -> usize {
        self.cells.iter().filter(|cell| cell.record.state == state).count()
    }
}

/// A server that repeats what it is asked.
pub fn server() -> ModelServer {
    ModelServer::start_blocking().reply_with(|_| "an answer".to_owned())
}

/// `cases` cases of a prompt with two variants, on these models.
pub fn spec(cases: usize, models: &[&str]) -> RunSpec {
    let lines: String = (0..cases)
        .map(|n| format!("{{\"id\":\"c-{n}\",\"input\":{{\"text\":\"number {n}\"}}}}\n"))
        .collect();
    let variant = |tone: &str| {
        format!(
            "---\nname: many\ninputs:\n  - {{name: text, kind: string, required: true}}\nmodel:\n  options: {{maxOutputTokens: 100}}\n---\nsystem:\nAnswer {tone}.\n\nuser:\n{{{{ text }}}}\n"
        )
    };
    let files = [
        ("prompt.yaml", "format: assay/1\nid: \"01JBENCH000000000000000001\"\nvariants:\n  - {id: warm, file: warm.prompty}\n  - {id: cold, file: cold.prompty}\nevals: [evals.yaml]\n".to_owned()),
        ("warm.prompty", variant("warmly")),
        ("cold.prompty", variant("coldly")),
        ("evals.yaml", "cases: cases.jsonl\nscorers:\n  - {id: answers, type: contains, value: answer}\n".to_owned()),
        ("cases.jsonl", lines),
    ];
    RunSpec {
        workspace: "bench".to_owned(),
        prompts: vec![PromptSource {
            key: "prompts/many".to_owned(),
            name: "many".to_owned(),
            lone: None,
            files: files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect(),
            media: Default::default(),
            questions: None,
            judged_by: None,
        }],
        aliases: Default::default(),
        judge_aliases: None,
        options: Default::default(),
        request: RunRequest {
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            ..RunRequest::default()
        },
        judges: Default::default(),
        commit: None,
    }
}

/// Whether a request is of this case.
pub fn of_case(case: usize) -> impl Fn(&serde_json::Value) -> bool + Send + Sync + 'static {
    let text = format!("number {case}\"");
    move |request| request.to_string().contains(&text)
}
