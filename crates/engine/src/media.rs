//! Pictures and files of a run: their bytes, kept with the run, and the parts of messages they become.
//!
//! The bytes are read when a run is planned and stored with it, so that resuming it, or merging its shards, never
//! depends on the working tree. What a file is follows from its content, not from its name.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_model::{Media, Message, Part};
use assay_prompt::{Kind, Message as Said, Segment, Shown};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest picture or file that is sent.
pub const MAX_MEDIA: u64 = 20 << 20;

/// All pictures and files of one run together, because they are stored with it.
pub const MAX_MEDIA_OF_RUN: u64 = 64 << 20;

/// What a large picture is read as: the most that Anthropic's formula gives one that it does not shrink.
const IMAGE_TOKENS: u64 = 1_600;

/// Files below a prompt's folder, by their paths.
pub type MediaFiles = BTreeMap<String, MediaFile>;

/// The bytes of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile(pub Arc<[u8]>);

impl std::fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for MediaFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for MediaFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        Ok(MediaFile(bytes.into()))
    }
}

/// A message as it is sent. Neighbouring texts are one part.
///
/// # Errors
/// When a picture or file cannot be shown, in words.
pub(crate) fn message(said: &Said, files: &MediaFiles) -> Result<Message, String> {
    if said.segments.iter().all(|segment| segment.media.is_none()) {
        return Ok(Message::text(said.role.as_str(), said.text()));
    }
    let mut parts: Vec<Part> = Vec::new();
    for Segment { text, media, .. } in &said.segments {
        match (media, parts.last_mut()) {
            (Some(shown), _) => parts.push(part(shown, files)?),
            (None, Some(Part::Text(before))) => before.push_str(text),
            (None, _) => parts.push(Part::Text(text.clone())),
        }
    }
    Ok(Message { role: said.role.as_str().to_owned(), parts, ..Message::default() })
}

fn part(shown: &Shown, files: &MediaFiles) -> Result<Part, String> {
    let name = shown.placeholder();
    let media = match shown.path() {
        Some(path) => {
            let MediaFile(bytes) = files
                .get(path)
                .ok_or_else(|| format!("{name} is not among the files of the run"))?;
            let media_type = media_type(bytes)
                .ok_or_else(|| format!("{name} is neither a picture, a PDF, a sound nor text"))?;
            let file = path.rsplit('/').next().map(str::to_owned);
            Media { media_type: media_type.to_owned(), bytes: Arc::clone(bytes), name: file }
        }
        None => inline(&shown.source).map_err(|problem| format!("{name} {problem}"))?,
    };
    match (shown.kind, media.media_type.starts_with("image/")) {
        (_, true) => Ok(Part::Image(media)),
        (Kind::Image, false) => Err(format!("{name} is no picture but {}", media.media_type)),
        _ => Ok(Part::File(media)),
    }
}

/// The file that a `data:` URI holds. Its content must be what the URI says it is.
fn inline(uri: &str) -> Result<Media, String> {
    let (head, data) =
        uri.get(5..).unwrap_or_default().split_once(',').ok_or("has no data after its type")?;
    let declared = head.strip_suffix(";base64").ok_or("is not in base64")?;
    if data.len() as u64 / 4 * 3 > MAX_MEDIA {
        return Err(format!("is larger than {MAX_MEDIA} bytes"));
    }
    let bytes = STANDARD.decode(data).map_err(|error| format!("is not in base64: {error}"))?;
    let found = media_type(&bytes).ok_or("is neither a picture, a PDF, a sound nor text")?;
    let declared = declared.split(';').next().unwrap_or_default().to_ascii_lowercase();
    if !declared.is_empty() && !agree(&declared, found) {
        return Err(format!("is not {declared} but {found}"));
    }
    Ok(Media { media_type: found.to_owned(), bytes: bytes.into(), name: None })
}

/// Whether a declared type is the one that the content shows, or another name of it.
fn agree(declared: &str, found: &str) -> bool {
    declared == found
        || matches!((declared, found), ("image/jpg", "image/jpeg") | ("audio/mp3", "audio/mpeg"))
        || found == "audio/wav" && declared.starts_with("audio/")
        || found == "text/plain" && !declared.starts_with("image/")
}

/// What a file is, by its first bytes.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 9] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xfb", "audio/mpeg"),
        (b"\xff\xf3", "audio/mpeg"),
        (b"\xff\xf2", "audio/mpeg"),
    ];
    let riff = || match (bytes.get(..4), bytes.get(8..12)) {
        (Some(b"RIFF"), Some(b"WEBP")) => Some("image/webp"),
        (Some(b"RIFF"), Some(b"WAVE")) => Some("audio/wav"),
        _ => None,
    };
    let text = || {
        let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
        is_text.then_some("text/plain")
    };
    let known = STARTS.iter().find(|(start, _)| bytes.starts_with(start));
    known.map(|(_, name)| *name).or_else(riff).or_else(text)
}

/// About how many tokens a picture or file is read as; none for text. Providers count them in ways of their own.
pub(crate) fn estimate_tokens(part: &Part) -> u64 {
    match part {
        Part::Text(_) => 0,
        Part::Image(_) => IMAGE_TOKENS,
        Part::File(media) => match (media.media_type.as_str(), media.bytes.len() as u64) {
            ("text/plain", bytes) => bytes / 4,
            ("application/pdf", bytes) => IMAGE_TOKENS.max(bytes / 30),
            (_, bytes) => bytes / 500,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use assay_prompt::{Origin, Role};

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn shown(kind: Kind, source: &str) -> Shown {
        Shown { kind, source: source.to_owned() }
    }

    fn files() -> MediaFiles {
        let file = |path: &str, bytes: &[u8]| (path.to_owned(), MediaFile(bytes.into()));
        [file("a/cat.png", PNG), file("lie.png", b"%PDF-1.7"), file("odd", b"\0\x01")].into()
    }

    #[test]
    fn a_picture_stands_between_the_texts_around_it() {
        let text =
            |text: &str| Segment { text: text.to_owned(), from: Origin::Template, media: None };
        let cat = shown(Kind::Image, "a/cat.png");
        let picture = Segment { media: Some(cat), ..text("[image: a/cat.png]") };
        let said = Said {
            role: Role::User,
            attributes: Default::default(),
            segments: vec![text("What "), text("is "), picture, text("?")],
        };
        let parts = message(&said, &files()).unwrap().parts;
        let media = Media {
            media_type: "image/png".to_owned(),
            bytes: PNG.into(),
            name: Some("cat.png".to_owned()),
        };
        let expected =
            [Part::Text("What is ".to_owned()), Part::Image(media), Part::Text("?".to_owned())];
        assert_eq!(parts, expected);
    }

    #[test]
    fn what_a_file_is_follows_from_its_content() {
        let problem = |kind, source: &str| part(&shown(kind, source), &files()).unwrap_err();
        assert_eq!(
            problem(Kind::Image, "lie.png"),
            "[image: lie.png] is no picture but application/pdf"
        );
        assert!(problem(Kind::File, "odd").contains("neither a picture"));
        assert!(problem(Kind::File, "gone").contains("not among the files"));
        assert!(matches!(part(&shown(Kind::File, "lie.png"), &files()), Ok(Part::File(_))));
    }

    #[test]
    fn a_data_uri_holds_what_it_says() {
        let uri = |declared: &str, bytes: &[u8]| {
            format!("data:{declared};base64,{}", STANDARD.encode(bytes))
        };
        let read = |uri: &str| part(&shown(Kind::Image, uri), &MediaFiles::new());
        assert!(matches!(read(&uri("image/png", PNG)), Ok(Part::Image(_))));
        assert!(
            read(&uri("image/jpeg", PNG)).unwrap_err().ends_with("is not image/jpeg but image/png")
        );
        for bad in ["data:", "data:image/png,abc", "data:image/png;base64,!"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn files_are_stored_with_their_run_byte_for_byte() {
        let text = serde_json::to_string(&files()).unwrap();
        assert_eq!(serde_json::from_str::<MediaFiles>(&text).unwrap(), files());
    }
}
