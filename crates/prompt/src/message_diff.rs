//! What differs between the messages of two versions of a prompt: which message came, went or
//! changed, and in which words.
//!
//! Messages are matched in order, equal ones first, so that one more example in the middle does not
//! make all that follows look changed.

use assay_text::{Change, Piece, words};
use serde::{Deserialize, Serialize};

use crate::{Message, Rendered, Role};

/// One message of either version, or of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageDiff {
    /// Who speaks.
    pub role: Role,
    /// On which side it stands; nothing for one that both have with other words.
    pub change: Option<Change>,
    /// Its words.
    pub pieces: Vec<Piece>,
}

/// The messages of both, in reading order; all are [`Change::Equal`] when nothing differs.
pub fn diff_messages(old: &Rendered, new: &Rendered) -> Vec<MessageDiff> {
    let mut diff = Vec::new();
    let (mut gone, mut come): (Vec<&Message>, Vec<&Message>) = (Vec::new(), Vec::new());
    for line in assay_text::lines(&lines(old), &lines(new), None).concat() {
        let before = line.old.and_then(|number| old.messages.get(number - 1));
        let after = line.new.and_then(|number| new.messages.get(number - 1));
        match line.change {
            Change::Equal => {
                replaced(&mut gone, &mut come, &mut diff);
                diff.extend(after.map(|message| whole(message, Change::Equal)));
            }
            Change::Removed => gone.extend(before),
            Change::Added => come.extend(after),
        }
    }
    replaced(&mut gone, &mut come, &mut diff);
    diff
}

/// A message a line: JSON has no line breaks.
fn lines(rendered: &Rendered) -> String {
    let line = |message: &Message| {
        let said = serde_json::json!([message.role.as_str(), message.text()]);
        format!("{said}\n")
    };
    rendered.messages.iter().map(line).collect()
}

/// Messages in the place of others: those of the same role are the same message, changed.
fn replaced<'m>(
    gone: &mut Vec<&'m Message>,
    come: &mut Vec<&'m Message>,
    diff: &mut Vec<MessageDiff>,
) {
    let mut come = std::mem::take(come).into_iter().peekable();
    for old in std::mem::take(gone) {
        match come.next_if(|new| new.role == old.role) {
            Some(new) => diff.push(changed(old, new)),
            None => diff.push(whole(old, Change::Removed)),
        }
    }
    diff.extend(come.map(|new| whole(new, Change::Added)));
}

fn changed(old: &Message, new: &Message) -> MessageDiff {
    MessageDiff { role: new.role, change: None, pieces: words(&old.text(), &new.text()) }
}

fn whole(message: &Message, change: Change) -> MessageDiff {
    let piece = Piece { text: message.text(), change };
    let pieces = if piece.text.is_empty() { Vec::new() } else { vec![piece] };
    MessageDiff { role: message.role, change: Some(change), pieces }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, Segment};

    fn rendered(messages: &[(Role, &str)]) -> Rendered {
        let message = |(role, text): &(Role, &str)| Message {
            role: *role,
            attributes: serde_json::Map::new(),
            segments: vec![Segment {
                text: (*text).to_owned(),
                from: Origin::Template,
                media: None,
            }],
        };
        Rendered { messages: messages.iter().map(message).collect() }
    }

    fn check(old: &[(Role, &str)], new: &[(Role, &str)], expected: &[&str]) {
        let show = |diff: &MessageDiff| {
            let text: String = diff.pieces.iter().map(show_piece).collect();
            format!("{}: {text}", diff.role.as_str())
        };
        let diff = diff_messages(&rendered(old), &rendered(new));
        assert_eq!(diff.iter().map(show).collect::<Vec<_>>(), expected);
    }

    fn show_piece(piece: &Piece) -> String {
        match piece.change {
            Change::Equal => piece.text.clone(),
            Change::Removed => format!("[-{}-]", piece.text),
            Change::Added => format!("{{+{}+}}", piece.text),
        }
    }

    #[test]
    fn changed_words_show_within_their_message() {
        check(
            &[(Role::System, "Be brief.\nGo."), (Role::User, "Hi")],
            &[(Role::System, "Be kind.\nGo."), (Role::User, "Hi")],
            &["system: Be [-brief-]{+kind+}.\nGo.", "user: Hi"],
        );
    }

    #[test]
    fn an_example_more_leaves_what_follows_alone() {
        check(
            &[(Role::System, "s"), (Role::User, "q")],
            &[(Role::System, "s"), (Role::User, "e"), (Role::Assistant, "a"), (Role::User, "q")],
            &["system: s", "user: {+e+}", "assistant: {+a+}", "user: q"],
        );
    }

    #[test]
    fn a_message_of_another_role_is_another_message() {
        check(
            &[(Role::System, "s")],
            &[(Role::Developer, "s")],
            &["system: [-s-]", "developer: {+s+}"],
        );
    }
}
