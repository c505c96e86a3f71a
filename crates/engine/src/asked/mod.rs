//! What a column asks of its model beside the messages, and what of that cannot be sent.
//!
//! Options, tools and the declared output become the request that all cells of the column share. What does not reach
//! the model, because its wire has no word for it or the option cannot be read, is kept in words: the plan shows them
//! before anything is sent. Tools are what a prompt is made of, so a wire that cannot carry them refuses the cell.

mod settings;
mod tools;

use assay_model::{Request, Setting};
use assay_prompt::{Options, Property, Rendered, Variant, json_schema};
use serde_json::{Map, Value, json};

use crate::media::{self, MediaFiles};
use crate::models::Target;
use settings::{Format, Layer};

/// Fields that decide which reply is read and how; they are never the prompt's to set, whatever the wire.
const OURS: [&str; 6] = ["stream", "stream_options", "model", "messages", "n", "candidateCount"];

/// What all cells of a column ask for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    request: Request,
    /// What is asked for and not sent, with the reason.
    pub left_out: Vec<String>,
}

impl Asked {
    pub fn new(target: &Target, variant: &Variant, options: &Options) -> Asked {
        let mut asked = Asked::default();
        asked.request.model.clone_from(&target.model);
        let mut layers = Layer::all(options);
        for layer in &mut layers {
            asked.read_settings(layer);
        }
        let format = asked.read_format(&mut layers);
        asked.request.json_schema = schema(format, &variant.outputs);
        asked.read_tools(&variant.tools, &mut layers);
        asked.read_rest(target, layers);
        asked.leave_out(target);
        asked
    }

    /// The request of a cell with these messages.
    ///
    /// # Errors
    /// When a picture or file that they show cannot be sent, in words.
    pub fn of(&self, rendered: &Rendered, files: &MediaFiles) -> Result<Request, String> {
        let messages = rendered.messages.iter().map(|said| media::message(said, files));
        Ok(Request { messages: messages.collect::<Result<_, _>>()?, ..self.request.clone() })
    }

    fn note(&mut self, words: String) {
        if !self.left_out.contains(&words) {
            self.left_out.push(words);
        }
    }

    /// Where several layers name one setting, the first counts.
    fn read_settings(&mut self, layer: &mut Layer) {
        for (setting, name, value) in layer.settings() {
            let said = self.request.asks_for(setting) && setting != Setting::Logprobs;
            if said {
                self.note(said_twice(layer, name));
            } else if !settings::set(&mut self.request, setting, &value) {
                self.note(unreadable(layer, name, &value));
            }
        }
    }

    fn read_format(&mut self, layers: &mut [Layer]) -> Option<Format> {
        let mut found = None;
        for layer in layers {
            for (name, value) in layer.formats() {
                match Format::read(name, &value) {
                    Some(format) if found.is_none() => found = Some(format),
                    // A schema is of JSON anyway.
                    Some(Format::Json) if found != Some(Format::Text) => {}
                    Some(_) => self.note(said_twice(layer, name)),
                    None => self.note(unreadable(layer, name, &value)),
                }
            }
        }
        found
    }

    fn read_tools(&mut self, declared: &[Value], layers: &mut [Layer]) {
        let mut values = declared.to_vec();
        for layer in layers {
            match layer.take("tools") {
                Some(Value::Array(more)) => values.extend(more),
                Some(other) => self.note(unreadable(layer, "tools", &other)),
                None => {}
            }
            if let Some(choice) = layer.take("tool_choice") {
                self.request.tool_choice = tools::choice(&choice);
                if self.request.tool_choice.is_none() {
                    self.note(unreadable(layer, "tool_choice", &choice));
                }
            }
        }
        self.describe(&values);
        self.refuse_choice_of_nothing();
    }

    fn describe(&mut self, values: &[Value]) {
        for value in values {
            match tools::tool(value) {
                Ok(tool) => self.request.tools.push(tool),
                Err(why) => self.note(why),
            }
            if tools::is_strict(value) {
                self.note("tools are described without `strict`, which wires differ on".to_owned());
            }
        }
    }

    /// Servers refuse a word on tools where there are none.
    fn refuse_choice_of_nothing(&mut self) {
        let request = &mut self.request;
        if !request.tools.is_empty() {
            return;
        }
        let parallel = request.parallel_tool_calls.take().is_some();
        if request.tool_choice.take().is_some() || parallel {
            self.note("how tools are chosen is not sent, because there are none".to_owned());
        }
    }

    /// What no setting is made of goes to the endpoint as it is, where it may.
    fn read_rest(&mut self, target: &Target, layers: [Layer; 3]) {
        let [options, mut further, mut config] = layers;
        for name in options.fields.keys() {
            self.note(format!(
                "`{name}` is not an option that is known, so it is not sent; as one of `additionalProperties` it would be"
            ));
        }
        self.refuse_ours(target, &mut config);
        if !config.fields.is_empty() {
            further.fields.insert(settings::CONFIG.to_owned(), Value::Object(config.fields));
        }
        self.refuse_ours(target, &mut further);
        self.request.extra = further.fields;
    }

    fn refuse_ours(&mut self, target: &Target, layer: &mut Layer) {
        let is_ours = |name: &String| OURS.contains(&name.as_str()) || !target.sends(name);
        let (place, id) = (layer.above, &target.id);
        let mut refused = Vec::new();
        layer.fields.retain(|name, _| {
            let ours = is_ours(name);
            if ours {
                refused.push(format!("`{place}{name}` is not the prompt's to set on `{id}`"));
            }
            !ours
        });
        refused.into_iter().for_each(|words| self.note(words));
    }

    fn leave_out(&mut self, target: &Target) {
        for setting in Setting::ALL {
            if self.request.asks_for(setting) && !target.takes(setting) {
                self.request.leave_out(setting);
                let (id, words) = (&target.id, setting.words());
                self.note(format!("`{id}` cannot be given {words}, so it is asked without"));
            }
        }
    }
}

/// The declared output, unless the options say otherwise.
fn schema(format: Option<Format>, outputs: &[Property]) -> Option<Value> {
    let declared = (!outputs.is_empty()).then(|| closed(json_schema(outputs)));
    match format {
        Some(Format::Text) => None,
        Some(Format::Schema(schema)) => Some(schema),
        Some(Format::Json) => declared.or_else(|| Some(json!({"type": "object"}))),
        None => declared,
    }
}

fn said_twice(layer: &Layer, name: &str) -> String {
    format!("{} is said twice, so this one is not sent", layer.place(name))
}

fn unreadable(layer: &Layer, name: &str, value: &Value) -> String {
    format!("{} cannot be {value}, so it is not sent", layer.place(name))
}

/// The schema with nothing beside what it names, which is what a model is to answer. Some servers take no other.
fn closed(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let has_properties = fields.contains_key("properties");
            let inner = |(name, value): (String, Value)| match name.as_str() {
                "properties" => (name, closed_each(value)),
                "items" => (name, closed(value)),
                "additionalProperties" => (name, json!(!has_properties)),
                _ => (name, value),
            };
            Value::Object(fields.into_iter().map(inner).collect())
        }
        other => other,
    }
}

fn closed_each(properties: Value) -> Value {
    match properties {
        Value::Object(fields) => {
            let each = fields.into_iter().map(|(name, schema)| (name, closed(schema)));
            Value::Object(each.collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
