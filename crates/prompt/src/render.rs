//! The exact messages a model gets for one case, each word with where it came from.
//!
//! A role opens only at a line made wholly of template text. A value, whatever lines it holds, can
//! therefore never open a message, and neither can a line that a value begins or ends.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::media::{MediaInputs, Shown};
use crate::template::{self, Fault, Piece, Scope, evaluate, print_value};
use crate::{Diagnostic, FewShot, Kind, Prompt, Row, Select, Span, Template, Variant, codes};

/// The embedding model that chooses the nearest examples. Another one may choose others, so its
/// name is part of the content id of every variant that selects this way.
pub const EMBEDDER: &str = "all-MiniLM-L6-v2";

/// What a model gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// In order; never empty.
    pub messages: Vec<Message>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What its role line says in brackets, as in `user[name="Ann"]:`. It is for people and other
    /// tools; models do not get it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// Its text, in pieces.
    pub segments: Vec<Segment>,
}

/// A piece of a message from one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// The text.
    pub text: String,
    /// Its source.
    pub from: Origin,
    /// The picture or file that stands here; `text` is only its placeholder then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Shown>,
}

/// Where a piece of text came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// The body of the variant.
    Template,
    /// The value of the input of this name.
    Input(String),
    /// The few-shot example of this id.
    Example(String),
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions.
    System,
    /// Instructions, as newer models call them.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

impl Role {
    /// The name it has in files and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::Developer => "developer",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Role> {
        [Role::System, Role::Developer, Role::User, Role::Assistant, Role::Tool]
            .into_iter()
            .find(|role| role.as_str() == name)
    }

    /// The role a line of a template can open. There are no tool results in templates.
    pub(crate) fn of_line(name: &str) -> Option<Role> {
        [Role::System, Role::User, Role::Assistant, Role::Developer]
            .into_iter()
            .find(|role| role.as_str() == name)
    }

    /// The role a turn of a thread can have: never one that instructs.
    fn of_turn(name: &str) -> Option<Role> {
        [Role::User, Role::Assistant, Role::Tool].into_iter().find(|role| role.as_str() == name)
    }
}

impl Message {
    /// Whether it shows pictures or files, which its text only names.
    pub fn shows_media(&self) -> bool {
        self.segments.iter().any(|segment| segment.media.is_some())
    }

    /// The whole text, with placeholders for pictures and files.
    pub fn text(&self) -> String {
        self.segments.iter().map(|s| s.text.as_str()).collect()
    }
}

/// The role line `line` is, and what stands in its brackets: `user:` or `user[name="Ann"]:`.
pub(crate) fn role_line(line: &str) -> Option<(Role, Option<&str>)> {
    let head = line.strip_suffix(':')?;
    match head.strip_suffix(']') {
        None => Some((Role::of_line(head)?, None)),
        Some(head) => {
            let (name, attributes) = head.split_once('[')?;
            let role = Role::of_line(name)?;
            (!attributes.contains(']')).then_some((role, Some(attributes)))
        }
    }
}

/// `name="Ann", id=7` as a map. Numbers without quotes are numbers; what is no `key=value` is not
/// there.
fn attributes(text: &str) -> Map<String, Value> {
    let mut quoted = false;
    let parts = text.split(|c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts.filter_map(attribute).collect()
}

fn attribute(text: &str) -> Option<(String, Value)> {
    let (key, value) = text.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if key.is_empty() || !key.chars().all(word) {
        return None;
    }
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let number = value.parse::<serde_json::Number>().ok();
    let value = match (bare, number) {
        (Some(text), _) => json!(text),
        (None, Some(number)) => Value::Number(number),
        (None, None) => json!(value),
    };
    Some((key.to_owned(), value))
}

/// The exact messages for one case. What stops it is a finding with a place in the variant's file,
/// or in the file that could not be read.
///
/// A variant that selects the nearest examples needs [`render_with`], because choosing them takes
/// an embedding model.
pub fn render(prompt: &Prompt, variant: &Variant, case: &Row) -> Result<Rendered, Diagnostic> {
    render_shots(prompt, variant, case, None)
}

/// As [`render`], with the examples that were chosen for this case: places in the rows of
/// [`Prompt::examples`], in the order they are shown. A variant that does not select the nearest
/// ones shows its own, whatever is given here.
pub fn render_with(
    prompt: &Prompt,
    variant: &Variant,
    case: &Row,
    shots: &[usize],
) -> Result<Rendered, Diagnostic> {
    render_shots(prompt, variant, case, Some(shots))
}

/// How many examples have to be chosen for each case; nothing for a variant that needs none.
pub fn shots_wanted(prompt: &Prompt, variant: &Variant) -> Option<usize> {
    let few_shot = prompt.few_shot.as_ref()?;
    let shown = variant.input(&few_shot.input).is_some_and(|input| input.kind == Kind::Thread);
    match variant.select {
        Select::Nearest(count) if shown => Some(count),
        _ => None,
    }
}

/// The text that stands for a row, an example or a case, when the nearest ones are looked for: the
/// few-shot user turn over the row's input.
pub fn shot_query(prompt: &Prompt, variant: &Variant, row: &Row) -> Result<String, Diagnostic> {
    if let Some(unreadable) = prompt.unreadable(variant) {
        return Err(unreadable.clone());
    }
    let Some(few_shot) = &prompt.few_shot else {
        let message = format!("{} has no few-shot examples to choose from", prompt.name);
        let span = Span::at(variant.body_span.start);
        return Err(Diagnostic::error(codes::NEEDS_EMBEDDER, &variant.file, span, message));
    };
    let user = Template::parse(&few_shot.user, 0);
    user_turn(&user, variant, row)
        .map_err(|fault| shot_fault(variant, few_shot, fault.code, fault.message, row))
}

fn render_shots(
    prompt: &Prompt,
    variant: &Variant,
    case: &Row,
    shots: Option<&[usize]>,
) -> Result<Rendered, Diagnostic> {
    if let Some(unreadable) = prompt.unreadable(variant) {
        return Err(unreadable.clone());
    }
    let inputs = Inputs::bind(prompt, variant, case, shots)?;
    let scope = inputs.scope(variant, case);
    let pieces = evaluate(&variant.template, &scope)
        .map_err(|fault| fault_in(&variant.file, fault, case))?;
    let mut assembly = Assembly::default();
    for piece in pieces {
        assembly.piece(piece, &inputs);
    }
    let messages = assembly.finish();
    if messages.is_empty() {
        return Err(Diagnostic::error(
            codes::NO_MESSAGES,
            &variant.file,
            variant.body_span,
            format!("{} renders no message for case `{}`", variant.file, case.id),
        ));
    }
    Ok(Rendered { messages })
}

fn fault_in(file: &str, fault: Fault, case: &Row) -> Diagnostic {
    let message = format!("{} (case `{}`)", fault.message, case.id);
    Diagnostic {
        hint: fault.hint.map(Into::into),
        ..Diagnostic::error(fault.code, file, fault.span, message)
    }
}

/// What of one case is no text: its threads, in messages and as the data a loop would see, and its pictures and files.
struct Inputs {
    threads: Vec<Thread>,
    media: MediaInputs,
}

struct Thread {
    name: String,
    turns: Vec<Message>,
    data: Value,
}

impl Inputs {
    /// Checks what the case must have, and builds its threads.
    fn bind(
        prompt: &Prompt,
        variant: &Variant,
        case: &Row,
        chosen: Option<&[usize]>,
    ) -> Result<Self, Diagnostic> {
        let mut threads = Vec::new();
        for property in &variant.inputs {
            let given = case.input.get(&property.name).or(property.default.as_ref());
            let shots = prompt.few_shot.as_ref().filter(|few_shot| few_shot.input == property.name);
            let fails = |code, problem: String| {
                let span = first_use(variant, &property.name);
                Diagnostic::error(code, &variant.file, span, problem)
            };
            if property.required && given.is_none() && shots.is_none() {
                let message = format!("case `{}` has no value for `{}`", case.id, property.name);
                return Err(fails(codes::MISSING_INPUT, message));
            }
            if property.kind == Kind::Thread {
                let turns = match (given, shots) {
                    (Some(value), _) => given_turns(&property.name, value).map_err(|problem| {
                        let message = format!("{problem} (case `{}`)", case.id);
                        fails(codes::BAD_THREAD, message)
                    })?,
                    (None, Some(few_shot)) => {
                        let rows = shown(prompt, variant, chosen)?;
                        shot_turns(&rows, variant, few_shot)?
                    }
                    (None, None) => Vec::new(),
                };
                threads.push(Thread::new(&property.name, turns));
            }
        }
        let media = MediaInputs::of(variant, &variant.template, case).map_err(|bad| {
            let message = format!("{} (case `{}`)", bad.message, case.id);
            let span = first_use(variant, &bad.input);
            Diagnostic::error(codes::UNSUPPORTED_INPUT, &variant.file, span, message)
        })?;
        Ok(Self { threads, media })
    }

    fn scope<'a>(&'a self, variant: &'a Variant, case: &'a Row) -> Scope<'a> {
        let mut scope = row_scope(variant, case);
        for thread in &self.threads {
            scope.values.insert(&thread.name, Cow::Borrowed(&thread.data));
            scope.threads.insert(&thread.name);
        }
        self.media.cover(&mut scope);
        scope
    }

    fn turns(&self, name: &str) -> &[Message] {
        let thread = self.threads.iter().find(|thread| thread.name == name);
        thread.map_or(&[], |thread| &thread.turns)
    }
}

impl Thread {
    fn new(name: &str, turns: Vec<Message>) -> Self {
        let data = turns
            .iter()
            .map(|turn| json!({"role": turn.role.as_str(), "content": turn.text()}))
            .collect();
        let name = name.to_owned();
        Self { name, turns, data }
    }
}

/// The row's values over the defaults of the inputs.
fn row_scope<'a>(variant: &'a Variant, row: &'a Row) -> Scope<'a> {
    let mut scope = Scope::default();
    for property in &variant.inputs {
        scope.declared.insert(&property.name);
        if let Some(default) = &property.default {
            scope.values.insert(&property.name, Cow::Borrowed(default));
        }
    }
    for (name, value) in &row.input {
        scope.declared.insert(name);
        scope.values.insert(name, Cow::Borrowed(value));
    }
    scope
}

fn first_use(variant: &Variant, name: &str) -> Span {
    let used = template::uses(&variant.template);
    used.iter()
        .find(|used| used.name == name)
        .map_or(Span::at(variant.body_span.start), |used| used.span)
}

/// Turns that a case brings along: a list of `{role, content}`.
fn given_turns(name: &str, value: &Value) -> Result<Vec<Message>, String> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        Value::Object(entries) if entries.is_empty() => &[],
        _ => return Err(format!("the thread `{name}` must be a list of messages")),
    };
    items
        .iter()
        .map(|item| {
            let text = |key: &str| item.get(key).and_then(Value::as_str);
            let (Some(role), Some(content)) = (text("role"), text("content")) else {
                return Err(format!("a message of the thread `{name}` needs a role and a content"));
            };
            let Some(role) = Role::of_turn(role) else {
                return Err(format!(
                    "a message of the thread `{name}` cannot have the role `{role}`"
                ));
            };
            Ok(Message::of(role, content, Origin::Input(name.to_owned())))
        })
        .collect()
}

/// The turns of examples: for each the user's words and the answer.
fn shot_turns(
    rows: &[&Row],
    variant: &Variant,
    few_shot: &FewShot,
) -> Result<Vec<Message>, Diagnostic> {
    let user = Template::parse(&few_shot.user, 0);
    let mut turns = Vec::new();
    for row in rows {
        let asked = shot_question(&user, variant, few_shot, row)?;
        let Some(answer) = answer(row, &few_shot.assistant) else {
            let message = format!("there is no `{}`", few_shot.assistant);
            let code = codes::EXAMPLE_WITHOUT_ANSWER;
            return Err(shot_fault(variant, few_shot, code, message, row));
        };
        let origin = || Origin::Example(row.id.clone());
        turns.push(asked);
        turns.push(Message::of(Role::Assistant, &print_value(answer), origin()));
    }
    Ok(turns)
}

/// The user's turn of an example, with the pictures and files it shows.
fn shot_question(
    user: &Template,
    variant: &Variant,
    few_shot: &FewShot,
    row: &Row,
) -> Result<Message, Diagnostic> {
    let fails = |code, message| shot_fault(variant, few_shot, code, message, row);
    let media = MediaInputs::of(variant, user, row)
        .map_err(|bad| fails(codes::UNSUPPORTED_INPUT, bad.message))?;
    let mut scope = row_scope(variant, row);
    media.cover(&mut scope);
    let pieces = evaluate(user, &scope).map_err(|fault| fails(fault.code, fault.message))?;
    let mut asked = Message::empty(Role::User);
    for piece in &pieces {
        let from = Origin::Example(row.id.clone());
        match piece {
            Piece::Value { text, from: input } => match media.shown(text, *input) {
                Some(shown) => asked.show(shown, &from),
                None => asked.push(text, from),
            },
            other => asked.push(other.as_str(), from),
        }
    }
    Ok(asked.trimmed())
}

fn user_turn(user: &Template, variant: &Variant, row: &Row) -> Result<String, Fault> {
    let scope = row_scope(variant, row);
    let pieces = evaluate(user, &scope)?;
    Ok(pieces.iter().map(Piece::as_str).collect())
}

fn shot_fault(
    variant: &Variant,
    few_shot: &FewShot,
    code: &'static str,
    message: String,
    row: &Row,
) -> Diagnostic {
    let span = first_use(variant, &few_shot.input);
    let message = format!("{message} (row `{}`)", row.id);
    Diagnostic::error(code, &variant.file, span, message)
}

/// The examples shown for one case: those the variant selects, or those `chosen` as the nearest.
fn shown<'p>(
    prompt: &'p Prompt,
    variant: &Variant,
    chosen: Option<&[usize]>,
) -> Result<Vec<&'p Row>, Diagnostic> {
    if !matches!(variant.select, Select::Nearest(_)) {
        return Ok(selected(prompt, variant));
    }
    let span = Span::at(variant.body_span.start);
    let Some(chosen) = chosen else {
        let message = format!(
            "{} shows the nearest examples: choosing them needs the embedding model {EMBEDDER}",
            variant.file
        );
        let hint = "download the embedding model, or select with {first: n} or {ids: [...]}";
        return Err(
            Diagnostic::error(codes::NEEDS_EMBEDDER, &variant.file, span, message).with_hint(hint)
        );
    };
    let rows = &prompt.examples.rows;
    let row = |at: &usize| {
        rows.get(*at).ok_or_else(|| {
            let message = format!("there is no example {at}: there are {}", rows.len());
            Diagnostic::error(codes::UNKNOWN_EXAMPLE, &variant.file, span, message)
        })
    };
    chosen.iter().map(row).collect()
}

/// The examples a variant can show: in the order it shows them, or all it chooses from where each
/// case gets its nearest.
pub(crate) fn selected<'p>(prompt: &'p Prompt, variant: &Variant) -> Vec<&'p Row> {
    let rows = &prompt.examples.rows;
    match &variant.select {
        Select::All | Select::Nearest(_) => rows.iter().collect(),
        Select::First(count) => rows.iter().take(*count).collect(),
        Select::Ids(ids) => {
            ids.iter().filter_map(|id| rows.iter().find(|row| row.id == *id)).collect()
        }
        Select::None => Vec::new(),
    }
}

/// The field of an example that holds its answer.
pub(crate) fn answer<'r>(row: &'r Row, field: &str) -> Option<&'r Value> {
    match field {
        "output" => row.output.as_ref(),
        "expected" => row.expected.as_ref(),
        other => row.extra.get(other),
    }
}

impl Piece<'_> {
    fn as_str(&self) -> &str {
        match self {
            Piece::Text(text) => text,
            Piece::Value { text, .. } => text,
            Piece::Thread(_) => "",
        }
    }
}

impl Segment {
    fn of(text: &str, from: Origin) -> Self {
        Self { text: text.to_owned(), from, media: None }
    }

    fn showing(shown: &Shown, from: Origin) -> Self {
        Self { media: Some(shown.clone()), ..Self::of(&shown.placeholder(), from) }
    }
}

impl Message {
    fn of(role: Role, text: &str, from: Origin) -> Self {
        let segments = vec![Segment::of(text.trim_matches(is_newline), from)];
        Self { role, attributes: Map::new(), segments }
    }

    fn push(&mut self, text: &str, from: Origin) {
        if text.is_empty() {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if last.from == from && last.media.is_none() => last.text.push_str(text),
            _ => self.segments.push(Segment::of(text, from)),
        }
    }

    fn show(&mut self, shown: &[Shown], from: &Origin) {
        self.segments.extend(shown.iter().map(|one| Segment::showing(one, from.clone())));
    }

    /// Without newlines at both ends, whatever they came from.
    fn trimmed(mut self) -> Self {
        while let Some(first) = self.segments.first_mut() {
            first.text = first.text.trim_start_matches(is_newline).to_owned();
            if !first.text.is_empty() {
                break;
            }
            self.segments.remove(0);
        }
        while let Some(last) = self.segments.last_mut() {
            last.text.truncate(last.text.trim_end_matches(is_newline).len());
            if !last.text.is_empty() {
                break;
            }
            self.segments.pop();
        }
        self
    }

    fn is_blank(&self) -> bool {
        self.segments.iter().all(|s| s.text.trim().is_empty())
    }
}

fn is_newline(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// Puts pieces together to messages, line by line.
struct Assembly {
    done: Vec<Message>,
    current: Message,
    /// The line being read, kept apart until it is known whether it is a role.
    line: Vec<Segment>,
    /// Whether the line so far, and the line end before it, are template text.
    pure: bool,
}

impl Default for Assembly {
    fn default() -> Self {
        Self {
            done: Vec::new(),
            // What stands before the first role line is the system's, as in Prompty.
            current: Message::empty(Role::System),
            line: Vec::new(),
            pure: true,
        }
    }
}

impl Message {
    fn empty(role: Role) -> Self {
        Self { role, attributes: Map::new(), segments: Vec::new() }
    }
}

impl Assembly {
    fn piece(&mut self, piece: Piece, inputs: &Inputs) {
        match piece {
            Piece::Text(text) => self.text(&text),
            Piece::Value { text, from } => {
                let origin = from.map_or(Origin::Template, |name| Origin::Input(name.to_owned()));
                match inputs.media.shown(&text, from) {
                    Some(shown) => self.show(shown, &origin),
                    None => self.value(&text, origin),
                }
            }
            Piece::Thread(name) => self.thread(inputs.turns(name)),
        }
    }

    fn text(&mut self, text: &str) {
        for part in text.split_inclusive('\n') {
            self.line.push(Segment::of(part, Origin::Template));
            if part.ends_with('\n') {
                self.end_line();
                self.pure = true;
            }
        }
    }

    /// Every line a value touches, even an empty one, is a line of a value.
    fn value(&mut self, text: &str, from: Origin) {
        self.pure = false;
        for part in text.split_inclusive('\n') {
            self.line.push(Segment::of(part, from.clone()));
            if part.ends_with('\n') {
                self.end_line();
            }
        }
    }

    fn show(&mut self, shown: &[Shown], from: &Origin) {
        self.pure = false;
        self.line.extend(shown.iter().map(|one| Segment::showing(one, from.clone())));
    }

    /// Turns close the message they stand in; what follows them goes on in the same role.
    fn thread(&mut self, turns: &[Message]) {
        self.pure = false;
        self.flush_line();
        let role = self.current.role;
        if turns.is_empty() {
            return;
        }
        self.open(role);
        self.done.extend(turns.iter().cloned());
    }

    fn end_line(&mut self) {
        match self.opened_role() {
            Some((role, attributes)) => {
                self.line.clear();
                self.open(role);
                self.current.attributes = attributes;
            }
            None => self.flush_line(),
        }
    }

    fn opened_role(&self) -> Option<(Role, Map<String, Value>)> {
        if !self.pure {
            return None;
        }
        let line: String = self.line.iter().map(|piece| piece.text.as_str()).collect();
        let (role, said) = role_line(line.strip_suffix('\n').unwrap_or(&line))?;
        Some((role, said.map(attributes).unwrap_or_default()))
    }

    fn flush_line(&mut self) {
        for piece in self.line.drain(..) {
            match piece.media {
                Some(_) => self.current.segments.push(piece),
                None => self.current.push(&piece.text, piece.from),
            }
        }
    }

    fn open(&mut self, role: Role) {
        let closed = std::mem::replace(&mut self.current, Message::empty(role)).trimmed();
        if !closed.is_blank() {
            self.done.push(closed);
        }
    }

    fn finish(mut self) -> Vec<Message> {
        self.end_line();
        let role = self.current.role;
        self.open(role);
        self.done
    }
}
