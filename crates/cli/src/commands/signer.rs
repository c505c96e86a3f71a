//! `assay signer`: the key that signs here, and those that could.

use assay_app::App;
use assay_wire::{
    ApiError, Code, ReadSigner, SetSigner, SignerChoiceView, SignerKeyView, SignerView,
};
use serde_json::json;

use crate::arguments::ChooseSigner;
use crate::exit::Exit;
use crate::output::{Output, table};

pub(crate) fn execute(
    app: &App,
    arguments: &ChooseSigner,
    output: &Output,
) -> Result<Exit, ApiError> {
    let view = match &arguments.key {
        None => app.call(ReadSigner {})?,
        Some(key) => app.call(SetSigner { key: key.clone(), name: arguments.name.clone() })?,
    };
    if arguments.log {
        return log(&view, output);
    }
    let key = |key: &SignerKeyView| json!({"key": key.key, "fingerprint": key.fingerprint, "person": key.person});
    let document = json!({
        "schema": "assay.signer/1",
        "signer": view.signer.as_ref().map(|signer| json!({
            "name": signer.name,
            "fingerprint": signer.fingerprint,
            "publicKey": signer.public_key,
            "place": signer.place,
            "log": signer.log,
            "person": signer.person,
            "problem": signer.problem,
        })),
        "keys": view.keys.iter().map(key).collect::<Vec<_>>(),
    });
    output.show(&document, || text(&view))?;
    Ok(Exit::Done)
}

fn log(view: &SignerChoiceView, output: &Output) -> Result<Exit, ApiError> {
    let log = view.signer.as_ref().map(|signer| signer.log.as_str()).filter(|log| !log.is_empty());
    let log = log.ok_or_else(|| {
        ApiError::new(Code::BadInput, "no key signs here").hint("Choose one: assay signer KEY")
    })?;
    output.tell(log)?;
    Ok(Exit::Done)
}

fn text(view: &SignerChoiceView) -> String {
    let mut text = match &view.signer {
        None => "nobody signs here yet\n".to_owned(),
        Some(signer) => signer_text(signer),
    };
    if !view.keys.is_empty() {
        let row = |key: &SignerKeyView| {
            let person = key.person.clone().unwrap_or_else(|| "nobody here".to_owned());
            vec![key.key.clone(), key.fingerprint.clone(), person]
        };
        text.push_str("\nkeys that could sign:\n");
        text.push_str(&table(&view.keys.iter().map(row).collect::<Vec<_>>()));
    }
    text
}

/// Who signs, why it would not count, and the line that would change that.
fn signer_text(signer: &SignerView) -> String {
    let person = signer.person.as_ref().map_or_else(String::new, |person| format!(" as {person}"));
    let (name, key) = (&signer.name, &signer.public_key);
    let mut text = format!("{name} signs{person} with {} ({})\n", signer.fingerprint, signer.place);
    if let Some(problem) = &signer.problem {
        text.push_str(&format!("but {problem}\n"));
    }
    if signer.person.is_none() && !key.is_empty() {
        text.push_str(&format!("a line for .assay/allowed_signers:\n{name} {key}\n"));
    }
    text
}
