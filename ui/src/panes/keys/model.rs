//! Keys and their places in words.

use assay_wire::{KeptIn, KeyFileView, KeyView, KeysStatusView};

use crate::{
    components::{Mark, Tone},
    state::place_words,
};

/// The places a person can choose, the best one first.
pub const PLACES: [KeptIn; 3] = [KeptIn::Os, KeptIn::File, KeptIn::Memory];

/// A place's name.
pub fn place_title(place: KeptIn) -> &'static str {
    match place {
        KeptIn::Os => "System store",
        KeptIn::File => "Encrypted file",
        KeptIn::Env => "Environment",
        KeptIn::Memory => "This session only",
    }
}

/// A place as tests know it.
pub fn place_id(place: KeptIn) -> &'static str {
    match place {
        KeptIn::Os => "os",
        KeptIn::File => "file",
        KeptIn::Env => "env",
        KeptIn::Memory => "memory",
    }
}

/// What a place is.
pub fn place_about(status: &KeysStatusView, place: KeptIn) -> String {
    match (place, &status.path) {
        (KeptIn::Os, _) => {
            "The operating system's own keychain; you unlock it by logging in.".to_owned()
        }
        (KeptIn::File, Some(path)) => format!("{path}, encrypted with a passphrase of yours."),
        (KeptIn::File, None) => "A file encrypted with a passphrase of yours.".to_owned(),
        (KeptIn::Env, _) => "An environment variable, which Assay only reads.".to_owned(),
        (KeptIn::Memory, _) => {
            "Nowhere on disk; it is asked for again after Assay ends.".to_owned()
        }
    }
}

/// Whether a key can be kept there now.
///
/// # Errors
/// Why not, and the way out.
pub fn usable(status: &KeysStatusView, place: KeptIn) -> Result<(), String> {
    match (place, &status.file) {
        (KeptIn::Memory, _) | (KeptIn::File, KeyFileView::Unlocked) => Ok(()),
        (KeptIn::Os, _) if status.os.available => Ok(()),
        (KeptIn::Os, _) => Err(format!(
            "It does not answer: {}. Use the file or this session meanwhile.",
            status.os.reason.as_deref().unwrap_or("no reason was given")
        )),
        (KeptIn::File, KeyFileView::Absent) => {
            Err("There is no file yet. Copy a passphrase of your own, then make it.".to_owned())
        }
        (KeptIn::File, KeyFileView::Locked) => {
            Err("It is locked. Copy its passphrase, then unlock it.".to_owned())
        }
        (KeptIn::File, KeyFileView::Unusable(why)) => Err(format!("It cannot be used: {why}.")),
        (KeptIn::Env, _) => Err("Set the variable before Assay starts.".to_owned()),
    }
}

/// A place's state in a word or two.
pub fn place_state(status: &KeysStatusView, place: KeptIn) -> (Tone, &'static str) {
    match (place, &status.file) {
        (KeptIn::Memory | KeptIn::Env, _) => (Tone::Ok, "ready"),
        (KeptIn::Os, _) if status.os.available => (Tone::Ok, "ready"),
        (KeptIn::Os, _) => (Tone::Warn, "not available"),
        (KeptIn::File, KeyFileView::Unlocked) => (Tone::Ok, "unlocked"),
        (KeptIn::File, KeyFileView::Locked) => (Tone::Warn, "locked"),
        (KeptIn::File, KeyFileView::Absent) => (Tone::Plain, "none yet"),
        (KeptIn::File, KeyFileView::Unusable(_)) => (Tone::Danger, "unusable"),
    }
}

/// The shape that goes with a tone.
pub fn tone_mark(tone: Tone) -> Mark {
    match tone {
        Tone::Ok => Mark::Check,
        Tone::Warn => Mark::Warning,
        Tone::Danger => Mark::Error,
        Tone::Plain | Tone::Accent | Tone::Info => Mark::Info,
    }
}

/// A key by its last four characters, as far as it has four to spare.
pub fn hint_words(hint: &str) -> String {
    if hint.is_empty() { "a key".to_owned() } else { format!("••••{hint}") }
}

/// Whether a provider has its key, and where it is.
pub fn key_words(key: &KeyView) -> (Tone, String) {
    let hint = hint_words(&key.hint);
    match (key.place, &key.env) {
        (Some(KeptIn::Env), Some(variable)) => (Tone::Ok, format!("{hint} in ${variable}")),
        (Some(place), _) => (Tone::Ok, format!("{hint} {}", place_words(place))),
        (None, _) if key.trouble.is_some() => (Tone::Danger, "its key cannot be used".to_owned()),
        (None, _) if !key.needed => (Tone::Plain, "needs no key".to_owned()),
        (None, Some(variable)) => (Tone::Warn, format!("no key, and ${variable} is not set")),
        (None, None) => (Tone::Warn, "no key".to_owned()),
    }
}

/// Where keys are kept here, in a few words for the status bar.
pub fn status_words(status: &KeysStatusView) -> &'static str {
    match (status.os.available, &status.file) {
        (true, _) => "Keys: system store",
        (false, KeyFileView::Unlocked) => "Keys: encrypted file",
        (false, KeyFileView::Locked) => "Keys: file locked",
        (false, _) => "Keys: this session only",
    }
}

#[cfg(test)]
mod tests {
    use assay_wire::OsKeysView;

    use super::*;

    fn status(available: bool, file: KeyFileView) -> KeysStatusView {
        let reason = (!available).then(|| "no bus".to_owned());
        KeysStatusView {
            os: OsKeysView { available, reason },
            file,
            path: Some("/home/ada/keys.age".into()),
        }
    }

    #[test]
    fn a_place_that_cannot_be_used_says_why_and_the_way_out() {
        let without = status(false, KeyFileView::Locked);
        let why = usable(&without, KeptIn::Os).expect_err("not available");
        assert!(why.contains("no bus") && why.contains("the file"), "{why}");
        let why = usable(&without, KeptIn::File).expect_err("locked");
        assert!(why.contains("unlock"), "{why}");
        assert_eq!(usable(&without, KeptIn::Memory), Ok(()));
        assert!(usable(&status(true, KeyFileView::Absent), KeptIn::File).is_err());
    }

    #[test]
    fn each_state_of_a_place_has_a_word_of_its_own() {
        let files = [
            KeyFileView::Absent,
            KeyFileView::Locked,
            KeyFileView::Unlocked,
            KeyFileView::Unusable("damaged".into()),
        ];
        let words: std::collections::HashSet<_> =
            files.map(|file| place_state(&status(true, file), KeptIn::File).1).into();
        assert_eq!(words.len(), 4);
        assert_eq!(place_state(&status(false, KeyFileView::Absent), KeptIn::Os).0, Tone::Warn);
    }

    #[test]
    fn a_key_is_named_by_its_end_and_its_place() {
        let kept = KeyView {
            needed: true,
            place: Some(KeptIn::Os),
            hint: "a1b2".into(),
            ..KeyView::default()
        };
        assert_eq!(key_words(&kept), (Tone::Ok, "••••a1b2 in the system store".to_owned()));
        let read = KeyView {
            place: Some(KeptIn::Env),
            env: Some("K".into()),
            hint: String::new(),
            ..kept
        };
        assert_eq!(key_words(&read).1, "a key in $K");
    }

    #[test]
    fn a_missing_key_is_a_warning_only_where_one_is_needed() {
        let needed = KeyView { needed: true, env: Some("K".into()), ..KeyView::default() };
        assert_eq!(key_words(&needed), (Tone::Warn, "no key, and $K is not set".to_owned()));
        assert_eq!(key_words(&KeyView::default()).0, Tone::Plain);
        let troubled = KeyView { trouble: Some("locked".into()), ..needed };
        assert_eq!(key_words(&troubled).0, Tone::Danger);
    }

    #[test]
    fn the_status_bar_names_the_place_that_would_be_used() {
        let said = [
            status(true, KeyFileView::Locked),
            status(false, KeyFileView::Unlocked),
            status(false, KeyFileView::Locked),
            status(false, KeyFileView::Absent),
        ]
        .map(|status| status_words(&status));
        let wanted = [
            "Keys: system store",
            "Keys: encrypted file",
            "Keys: file locked",
            "Keys: this session only",
        ];
        assert_eq!(said, wanted);
    }
}
