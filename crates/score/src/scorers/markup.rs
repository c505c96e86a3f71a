//! Scorers of marked-up text: `xml`, `html`, and whether an output contains some.

use std::collections::BTreeSet;

use assay_prompt::ScorerSpec;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::answer::{Answer, Place, fenced};
use super::settings::Settings;
use super::{Check, Compiled, Fact, Stop};
use crate::Subject;

/// Elements of HTML; one of them makes text HTML.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "area",
    "article",
    "aside",
    "audio",
    "b",
    "base",
    "bdi",
    "bdo",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "datalist",
    "dd",
    "del",
    "details",
    "dfn",
    "dialog",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "map",
    "mark",
    "menu",
    "meta",
    "meter",
    "nav",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "output",
    "p",
    "picture",
    "pre",
    "progress",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "script",
    "search",
    "section",
    "select",
    "slot",
    "small",
    "source",
    "span",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "track",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// So many places where markup may begin are tried.
const MOST_TRIES: usize = 200;

/// `xml` and `contains-xml`: is the output, or a part of it, well-formed XML?
///
/// *Definition.* One root element, every element closed in order, attributes quoted and each once, no
/// entities but XML's own five and characters by number. A code fence around all of it is let
/// through. `options: {elements: [order.id, …]}` names elements that must be there, by their path
/// from the root. Nothing outside the text is ever loaded.
///
/// *Range* 1 or 0, higher is better. *Defaults*: no elements are asked for. *Source*: XML 1.0, but
/// for document types, which are read over.
///
/// *Misleads* where a schema matters: any element will do. `contains-xml` is content with `<br/>`.
pub(super) fn xml(spec: &ScorerSpec, part: bool) -> Compiled {
    let settings = Settings::of(spec);
    let elements = settings.texts("elements")?;
    settings.refuse_others()?;
    let path = Place::of(spec.path.as_deref())?;
    Ok(Box::new(Xml { path, elements, part }))
}

#[derive(Debug)]
struct Xml {
    path: Option<Place>,
    elements: Vec<String>,
    /// Whether a part of the output is enough.
    part: bool,
}

impl Check for Xml {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let text = answer.text_at(self.path.as_ref())?;
        if !self.part {
            return Ok(self.fact(well_formed(fenced(text.trim(), "xml").trim())));
        }
        let mut best = Err("there is no element in it".to_owned());
        for (tries, (at, _)) in text.match_indices('<').enumerate() {
            if tries == MOST_TRIES {
                let reason = format!("has more than {MOST_TRIES} places where XML may begin");
                return Err(Stop::CannotJudge(reason));
            }
            let read = element(&text[at..]);
            let found = read.as_ref().is_ok_and(|paths| self.lacking(paths).is_none());
            if found || best.is_err() {
                best = read;
            }
            if found {
                break;
            }
        }
        Ok(self.fact(best))
    }
}

impl Xml {
    fn fact(&self, read: Result<BTreeSet<String>, String>) -> Fact {
        let (is, is_not) =
            if self.part { ("contains XML", "contains no XML") } else { ("is XML", "is not XML") };
        match read {
            Err(problem) => Fact::plain(false, format!("{is_not}: {problem}")),
            Ok(paths) => match self.lacking(&paths) {
                Some(path) => Fact::plain(false, format!("{is}, but has no element `{path}`")),
                None => Fact::plain(true, is.to_owned()),
            },
        }
    }

    fn lacking(&self, paths: &BTreeSet<String>) -> Option<&String> {
        self.elements.iter().find(|path| !paths.contains(*path))
    }
}

/// The paths of the elements of a whole document.
fn well_formed(text: &str) -> Result<BTreeSet<String>, String> {
    let mut document = Document::default();
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Eof => return document.end(),
            event => document.take(&event)?,
        }
    }
}

/// The paths of the first element, whatever follows it.
fn element(text: &str) -> Result<BTreeSet<String>, String> {
    let mut document = Document::default();
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Eof => return document.end(),
            event => document.take(&event)?,
        }
        if document.open.is_empty() && document.has_root {
            return Ok(document.paths);
        }
    }
}

/// A document as far as it is read.
#[derive(Default)]
struct Document {
    open: Vec<String>,
    paths: BTreeSet<String>,
    has_root: bool,
}

impl Document {
    /// Deeper elements have no path, which keeps the paths small.
    const DEEPEST: usize = 64;
    /// Nor have more than so many.
    const MOST_PATHS: usize = 10_000;

    fn take(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Start(start) => {
                self.enter(start)?;
                Ok(())
            }
            Event::Empty(start) => {
                self.enter(start)?;
                self.open.pop();
                Ok(())
            }
            Event::End(_) => {
                self.open.pop();
                Ok(())
            }
            Event::Text(text) => {
                let blank = text.chars().all(|c| c.is_ascii_whitespace());
                if self.open.is_empty() && !blank { Err(outside()) } else { Ok(()) }
            }
            Event::CData(_) if self.open.is_empty() => Err(outside()),
            Event::GeneralRef(entity) => {
                let name = entity.to_string();
                let known = matches!(name.as_str(), "amp" | "lt" | "gt" | "quot" | "apos");
                let is_character = entity.is_char_ref() && entity.resolve_char_ref().is_ok();
                match (known || is_character, self.open.is_empty()) {
                    (false, _) => Err(format!("unknown entity `&{name};`")),
                    (true, true) => Err(outside()),
                    (true, false) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, start: &quick_xml::events::BytesStart) -> Result<(), String> {
        if self.open.is_empty() && self.has_root {
            return Err("there is more than one root element".to_owned());
        }
        for attribute in start.attributes() {
            attribute.map_err(|error| error.to_string())?;
        }
        let name = start.name().as_ref().to_owned();
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':') {
            return Err(format!("`{name}` is no name of an element"));
        }
        self.has_root = true;
        self.open.push(name);
        if self.open.len() <= Self::DEEPEST && self.paths.len() < Self::MOST_PATHS {
            self.paths.insert(self.open.join("."));
        }
        Ok(())
    }

    fn end(self) -> Result<BTreeSet<String>, String> {
        match self.open.last() {
            Some(name) => Err(format!("`{name}` is not closed")),
            None if !self.has_root => Err("there is no element in it".to_owned()),
            None => Ok(self.paths),
        }
    }
}

fn outside() -> String {
    "there is text outside the root element".to_owned()
}

/// `html` and `contains-html`: is the output HTML, or is some in it?
///
/// *Definition.* `html`: the output, without the blanks or the code fence around it, begins with a
/// document type or an element of HTML and ends with a tag. `contains-html`: somewhere is a tag of an
/// element of HTML.
///
/// *Range* 1 or 0, higher is better. *Defaults*: none needed.
///
/// *Misleads* about correctness: browsers repair anything, so nothing is checked but that tags are
/// there. Prose about `<p>` contains HTML.
pub(super) fn html(spec: &ScorerSpec, part: bool) -> Compiled {
    Settings::of(spec).refuse_others()?;
    Ok(Box::new(Html { path: Place::of(spec.path.as_deref())?, part }))
}

#[derive(Debug)]
struct Html {
    path: Option<Place>,
    part: bool,
}

impl Check for Html {
    fn find(&self, _: &Subject, answer: &Answer) -> Result<Fact, Stop> {
        let text = answer.text_at(self.path.as_ref())?;
        if self.part {
            let found = text.match_indices('<').find_map(|(at, _)| tag(&text[at..]));
            return Ok(match found {
                Some(element) => Fact::plain(true, format!("contains a tag `{element}`")),
                None => Fact::plain(false, "contains no tag of HTML".to_owned()),
            });
        }
        let text = fenced(text.trim(), "html").trim();
        let start = text.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
            || text.starts_with("<!--") && contains_tag(text)
            || tag(text).is_some();
        Ok(match (start, text.ends_with('>')) {
            (true, true) => Fact::plain(true, "is HTML".to_owned()),
            (false, _) => {
                Fact::plain(false, "is not HTML: it begins with no tag of HTML".to_owned())
            }
            (true, false) => {
                Fact::plain(false, "is not HTML: it does not end with a tag".to_owned())
            }
        })
    }
}

fn contains_tag(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| tag(&text[at..]).is_some())
}

/// The element whose tag the text begins with.
fn tag(text: &str) -> Option<&'static str> {
    let inside = text.strip_prefix('<')?;
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (name, rest) = inside.split_at(end);
    let element = ELEMENTS.iter().find(|element| element.eq_ignore_ascii_case(name))?;
    let closes = rest.starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace());
    (closes && rest.bytes().take(LONGEST_TAG).any(|byte| byte == b'>')).then_some(*element)
}

/// A tag that goes on for longer is none.
const LONGEST_TAG: usize = 4_096;
