//! The exact matrix of a run, before anything is sent.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use assay_model::{Part, Request};
use assay_prompt::{
    Diagnostic, Options, Prompt, Rendered, Row, Span, Variant, codes, content_id_with_files,
    render_with,
};
use assay_score::{Resources, Scorers};
use assay_store::Shard;

use crate::asked::Asked;
use crate::cost::{ASSUMED_OUTPUT, Estimate};
use crate::digest;
use crate::error::{EngineError, list};
use crate::judging::Judging;
use crate::models::{Backend, Models, Resolve, Target};
use crate::neighbours::{Neighbours, Shots};
use crate::selection::{refuse_broken, refuse_nonsense, refuse_unknown};
use crate::shards;
use crate::spec::{Endpoints, RunSpec};

/// What helps where the embedded model cannot.
const ELSEWHERE: &str = "run this variant on a provider's model";

/// Cells of one run at most. Larger questions are several runs.
pub(crate) const MAX_CELLS: u64 = 1_000_000;

/// Which way of making cache keys this is. A reply that was stored under another way's key is not found any more.
const CACHE_KEYS: &[u8] = b"assay cache key 2";

/// A run's matrix: what would be sent, cell by cell. A shard's matrix is the whole one, of which it answers some cells:
/// so a cell has the same place in every shard.
pub struct Plan {
    /// What was asked for.
    pub spec: RunSpec,
    /// Its columns, prompt by prompt.
    pub columns: Vec<Column>,
    /// Its rows, prompt by prompt.
    pub rows: Vec<PlannedRow>,
    /// Column and row of each cell, by ordinal.
    pub cells: Vec<(u32, u32)>,
    /// Every scorer id of the run, without repeats.
    pub scorers: Vec<String>,
    /// Its scorers that ask a model.
    pub(crate) judging: Judging,
    prompts: Vec<Prompt>,
    neighbours: Arc<Neighbours>,
    /// What scorers may ask for.
    pub(crate) resources: Resources,
    /// Of a shard, whether it holds each cell.
    held: Option<Vec<bool>>,
}

/// The nearest examples of a variant's cases, by the place of the case; chosen when first needed.
type Chosen = OnceLock<Vec<Shots>>;

/// A variant on a model.
pub struct Column {
    /// Place in the plan's prompts.
    pub prompt: usize,
    /// The variant's id.
    pub variant: String,
    /// The variant's content id, with the pictures and files of its examples.
    pub content_id: String,
    /// The model.
    pub target: Target,
    /// Options after merging: command line > evals > front matter > `assay.yaml`.
    pub options: Options,
    pub(crate) asked: Asked,
    pub(crate) scorers: Arc<Scorers>,
    /// For a variant that shows each case its nearest examples; shared by its columns.
    chosen: Option<Arc<Chosen>>,
}

/// A case, or a sample of it.
pub struct PlannedRow {
    /// Place in the plan's prompts.
    pub prompt: usize,
    /// The case; its samples share it.
    pub case: Arc<Row>,
    /// Its place among the prompt's cases that run.
    place: usize,
    /// 0 for the first sample.
    pub sample: u32,
    /// Ordinal of its first cell.
    pub first_cell: u32,
}

/// One cell's call, ready to be sent.
pub(crate) struct Call {
    pub request: Request,
    pub estimate: Estimate,
    /// Canonical bytes: what is stored as the request, and what the cache is keyed on.
    pub body: Vec<u8>,
    pub cache_key: [u8; 32],
}

/// Why a cell has no call.
#[derive(Debug)]
pub(crate) enum Unsendable {
    /// Its case does not fit the template.
    Unrenderable(Box<Diagnostic>),
    /// The model cannot be asked this way, and why, for people.
    Unsupported(String),
}

impl Plan {
    /// Works out the matrix.
    ///
    /// # Errors
    /// When a prompt has errors, the selection names something that is not there or leaves
    /// nothing, or a model cannot be used.
    pub fn new(spec: RunSpec, models: &Models) -> Result<Plan, EngineError> {
        Plan::with(spec, models)
    }

    /// The same, with the models of whoever else has some.
    pub(crate) fn with(mut spec: RunSpec, models: &dyn Resolve) -> Result<Plan, EngineError> {
        let prompts: Vec<_> = spec.prompts.iter().map(|p| p.parse()).collect();
        refuse_broken(&spec, &prompts)?;
        refuse_unknown(&spec, &prompts)?;
        refuse_nonsense(&spec)?;
        let judging = Judging::new(&mut spec, &prompts, models)?;
        let mut plan = Plan {
            judging,
            spec,
            columns: Vec::new(),
            rows: Vec::new(),
            cells: Vec::new(),
            scorers: Vec::new(),
            prompts,
            neighbours: Arc::clone(models.embedded()),
            resources: models.for_scorers(),
            held: None,
        };
        for prompt in 0..plan.prompts.len() {
            plan.add_prompt(prompt, models)?;
        }
        if plan.cells.is_empty() {
            return Err(EngineError::NothingToRun { reason: plan.empty_reason() });
        }
        plan.refuse_unpriced()?;
        plan.held = plan.spec.request.shard.map(|shard| plan.cells_of(shard));
        Ok(plan)
    }

    /// Whether this run answers a cell: all of them, or those of its shard.
    pub fn holds(&self, cell: u32) -> bool {
        self.held.as_ref().is_none_or(|held| held[cell as usize])
    }

    fn cells_of(&self, shard: Shard) -> Vec<bool> {
        let holds = |cell| {
            let (column, row) = self.at(cell);
            shards::holds(shard, &self.spec.prompts[column.prompt].key, column, row)
        };
        (0..self.cells.len() as u32).map(holds).collect()
    }

    /// A budget is kept by holding the most a call may cost, so each price must be known.
    fn refuse_unpriced(&self) -> Result<(), EngineError> {
        let columns = self.columns.iter().map(|column| &column.target);
        let mut targets = columns.chain(self.judging.targets());
        match targets.find(|target| target.price.is_none()) {
            Some(target) if self.spec.request.budget.is_some() => {
                Err(EngineError::UnknownPrice { model: target.id.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The models that its judges ask.
    pub fn judge_models(&self) -> impl Iterator<Item = &Target> {
        self.judging.targets()
    }

    /// The parsed prompt of a column or a row.
    pub fn prompt(&self, place: usize) -> &Prompt {
        &self.prompts[place]
    }

    /// The messages of a cell. Where they hold the nearest examples, those must be chosen.
    ///
    /// # Errors
    /// When the case does not fit the template; the diagnostic says where.
    fn render(&self, cell: u32) -> Result<Rendered, Box<Diagnostic>> {
        let (column, row) = self.at(cell);
        let prompt = &self.prompts[column.prompt];
        let variant = variant(prompt, &column.variant);
        let chosen = column.chosen.as_ref().and_then(|chosen| chosen.get()?.get(row.place));
        match chosen {
            Some(Ok(shots)) => render_with(prompt, variant, &row.case, shots).map_err(Box::new),
            Some(Err(diagnostic)) => Err(diagnostic.clone()),
            None => assay_prompt::render(prompt, variant, &row.case).map_err(Box::new),
        }
    }

    /// Whether [`Plan::choose_shots`] has anything to do.
    pub(crate) fn has_shots_to_choose(&self) -> bool {
        self.columns.iter().flat_map(|column| &column.chosen).any(|chosen| chosen.get().is_none())
    }

    /// Chooses the nearest examples where a variant shows them. Blocks, perhaps for minutes.
    ///
    /// # Errors
    /// When the embedding model cannot be used, an example does not fit the few-shot turn, or
    /// `go_on` says no.
    pub(crate) fn choose_shots(&self, go_on: &dyn Fn() -> bool) -> Result<(), EngineError> {
        for column in &self.columns {
            let Some(chosen) = column.chosen.as_ref().filter(|chosen| chosen.get().is_none())
            else {
                continue;
            };
            let prompt = &self.prompts[column.prompt];
            let rows = self.rows.iter().filter(|r| r.prompt == column.prompt && r.sample == 0);
            let cases: Vec<_> = rows.map(|row| &*row.case).collect();
            let variant = variant(prompt, &column.variant);
            // Whoever was first has chosen the same.
            let _ = chosen.set(self.neighbours.shots_of_all(prompt, variant, &cases, go_on)?);
        }
        Ok(())
    }

    pub(crate) fn at(&self, cell: u32) -> (&Column, &PlannedRow) {
        let (column, row) = self.cells[cell as usize];
        (&self.columns[column as usize], &self.rows[row as usize])
    }

    pub(crate) fn call(&self, cell: u32) -> Result<Call, Unsendable> {
        let (column, row) = self.at(cell);
        let rendered = self.render(cell).map_err(Unsendable::Unrenderable)?;
        let files = &self.spec.prompts[column.prompt].media;
        let mut request = column.asked.of(&rendered, files).map_err(|problem| {
            let file = &variant(&self.prompts[column.prompt], &column.variant).file;
            let message = format!("{problem} (case `{}`)", row.case.id);
            let found = Diagnostic::error(codes::UNSUPPORTED_INPUT, file, Span::at(0), message);
            Unsendable::Unrenderable(Box::new(found))
        })?;
        if self.limits_output(&column.target) {
            request.max_output_tokens.get_or_insert(ASSUMED_OUTPUT);
        }
        let body = match &column.target.backend {
            Backend::Local(_) => local_body(&request)
                .map_err(|what| Unsendable::Unsupported(format!("{what}; {ELSEWHERE}")))?,
            Backend::Remote(caller) => {
                let body = caller.body(&request, true);
                body.map_err(|lack| Unsendable::Unsupported(lack.to_string()))?
            }
        };
        let cache_key = cache_key(&column.target, &body, row.sample);
        let estimate = Estimate::of(&request);
        Ok(Call { request, estimate, body, cache_key })
    }

    /// Whether every reply of a model needs a limit: a budget holds no more than a reply may cost, so none may be longer
    /// than what was held for it.
    pub(crate) fn limits_output(&self, target: &Target) -> bool {
        self.spec.request.budget.is_some() && target.charges_output()
    }

    /// Where its models are.
    pub(crate) fn endpoints(&self) -> Endpoints {
        let targets = self.columns.iter().map(|column| &column.target);
        targets.map(|target| (target.id.clone(), target.served())).collect()
    }

    fn add_prompt(&mut self, place: usize, models: &dyn Resolve) -> Result<(), EngineError> {
        let first_column = self.columns.len() as u32;
        let columns = self.prompt_columns(place, models)?;
        let (cases, repeat) = self.prompt_cases(place);
        self.refuse_too_many(columns.len(), cases.len(), repeat)?;
        self.columns.extend(columns);
        let columns = first_column..self.columns.len() as u32;
        let samples = |(at, case): (usize, Arc<Row>)| {
            (0..repeat).map(move |sample| ((at, Arc::clone(&case)), sample))
        };
        let cases = cases.into_iter().map(Arc::new).enumerate();
        for ((at, case), sample) in cases.flat_map(samples) {
            let row = self.rows.len() as u32;
            let first_cell = self.cells.len() as u32;
            self.rows.push(PlannedRow { prompt: place, case, place: at, sample, first_cell });
            self.cells.extend(columns.clone().map(|column| (column, row)));
        }
        for scorer in &self.prompts[place].evals.scorers {
            if !self.scorers.contains(&scorer.id) {
                self.scorers.push(scorer.id.clone());
            }
        }
        Ok(())
    }

    /// A repository says how often each case is sampled, so the product is checked before a
    /// single row of it is made.
    fn refuse_too_many(
        &self,
        columns: usize,
        cases: usize,
        repeat: u32,
    ) -> Result<(), EngineError> {
        let more = (columns as u64).saturating_mul(cases as u64).saturating_mul(repeat.into());
        let cells = more.saturating_add(self.cells.len() as u64);
        if cells > MAX_CELLS {
            Err(EngineError::TooManyCells { cells, limit: MAX_CELLS })
        } else {
            Ok(())
        }
    }

    fn prompt_columns(
        &self,
        place: usize,
        models: &dyn Resolve,
    ) -> Result<Vec<Column>, EngineError> {
        let prompt = &self.prompts[place];
        let wanted = &self.spec.request.variants;
        let mut columns = Vec::new();
        for variant in
            prompt.variants.iter().filter(|v| wanted.is_empty() || wanted.contains(&v.id))
        {
            // Problems of a scorer come out cell by cell, as "not judged" with the reason.
            let (scorers, _) = Scorers::compile(&prompt.evals.scorers, &variant.outputs);
            let scorers = Arc::new(scorers);
            let chosen = match assay_prompt::shots_wanted(prompt, variant) {
                Some(_) => {
                    models.embedded().check_installed()?;
                    Some(Arc::new(Chosen::default()))
                }
                None => None,
            };
            let content_id = content_id_with_files(prompt, variant, |path| {
                self.spec.prompts[place].media.get(path).map(|file| &*file.0)
            });
            for (model, over) in once_each(self.models_of(place, variant)?) {
                let target = models.target(&model)?;
                let options = self.spec.options.merged(&variant.model.options).merged(&over);
                columns.push(Column {
                    prompt: place,
                    variant: variant.id.clone(),
                    content_id: content_id.clone(),
                    asked: Asked::new(&target, variant, &options),
                    target,
                    options,
                    scorers: Arc::clone(&scorers),
                    chosen: chosen.clone(),
                });
            }
        }
        Ok(columns)
    }

    /// Model ids with the options the evals set for them. The caller's models come first, then
    /// the evals', then the one of the variant's front matter.
    fn models_of(
        &self,
        place: usize,
        variant: &Variant,
    ) -> Result<Vec<(String, Options)>, EngineError> {
        let evals = &self.prompts[place].evals.models;
        let resolve = |id: &str| self.resolve_alias(id);
        let requested = &self.spec.request.models;
        if !requested.is_empty() {
            let options_of =
                |id: &str| evals.iter().find(|m| resolve(&m.id) == id).map(|m| m.options.clone());
            return Ok(requested
                .iter()
                .map(|id| resolve(id))
                .map(|id| (id.clone(), options_of(&id).unwrap_or_default()))
                .collect());
        }
        if !evals.is_empty() {
            return Ok(evals.iter().map(|m| (resolve(&m.id), m.options.clone())).collect());
        }
        match (&variant.model.provider, &variant.model.id) {
            (Some(provider), Some(id)) => {
                Ok(vec![(format!("{provider}/{id}"), Options::default())])
            }
            (None, Some(id)) => Ok(vec![(resolve(id), Options::default())]),
            _ => Err(EngineError::NoModel { prompt: self.spec.prompts[place].key.clone() }),
        }
    }

    fn resolve_alias(&self, id: &str) -> String {
        self.spec.resolve_alias(id)
    }

    /// The cases that run, and how often each is sampled.
    fn prompt_cases(&self, place: usize) -> (Vec<Row>, u32) {
        let prompt = &self.prompts[place];
        let request = &self.spec.request;
        let mut cases = prompt.run_cases();
        cases.retain(|case| request.cases.is_empty() || request.cases.contains(&case.id));
        cases.retain(|case| {
            request.tags.is_empty() || case.tags.iter().any(|t| request.tags.contains(t))
        });
        (cases, request.repeat.unwrap_or(prompt.evals.repeat).max(1))
    }

    fn empty_reason(&self) -> String {
        let request = &self.spec.request;
        if !request.tags.is_empty() {
            let known: BTreeSet<_> = self
                .prompts
                .iter()
                .flat_map(|p| p.run_cases())
                .flat_map(|case| case.tags)
                .collect();
            let known: Vec<_> = known.into_iter().collect();
            return format!(
                "no case is tagged {}; there are {}",
                list(&request.tags),
                list(&known)
            );
        }
        "the selection has no cases or no variants".to_owned()
    }
}

/// An alias and the id that it stands for, both asked for, are one column: as two, each of its cells would be paid twice.
fn once_each(models: Vec<(String, Options)>) -> Vec<(String, Options)> {
    let mut once: Vec<(String, Options)> = Vec::with_capacity(models.len());
    for model in models {
        if !once.contains(&model) {
            once.push(model);
        }
    }
    once
}

fn variant<'a>(prompt: &'a Prompt, id: &str) -> &'a Variant {
    prompt.variant(id).expect("columns are made from the prompt's own variants")
}

/// What the embedded model is asked, as bytes: the request that is stored and cached.
fn local_body(request: &Request) -> Result<Vec<u8>, &'static str> {
    if !request.tools.is_empty() {
        return Err("the embedded model cannot use tools");
    }
    let is_text = |part: &Part| matches!(part, Part::Text(_));
    if !request.messages.iter().flat_map(|message| &message.parts).all(is_text) {
        return Err("the embedded model cannot see pictures or files");
    }
    let messages: Vec<_> = request
        .messages
        .iter()
        .map(|m| serde_json::json!({"role": m.role, "content": m.joined_text()}))
        .collect();
    let body = serde_json::json!({
        "model": request.model,
        "messages": messages,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_output_tokens": request.max_output_tokens,
        "seed": request.seed,
        "stop": request.stop,
    });
    Ok(body.to_string().into_bytes())
}

/// Who answers, model, canonical body and sample: two endpoints of one host never answer each other, and repeats of a
/// case stay independent.
fn cache_key(target: &Target, body: &[u8], sample: u32) -> [u8; 32] {
    let sample = sample.to_le_bytes();
    digest::of(&[CACHE_KEYS, &target.served_by, target.model.as_bytes(), body, &sample])
}
