//! From pieces of a body to the events of a wire, whatever the wire.

use serde::de::IgnoredAny;

use crate::sse::{Decoder, Event};
use crate::wire::Assembly;
use crate::{Content, Failure, FailureKind};

/// The mark that closes a stream on wires that have one which is not JSON.
pub(crate) const DONE: &str = "[DONE]";

/// A body that arrives event by event.
pub(crate) struct Stream {
    decoder: Decoder,
    assembly: Box<dyn Assembly>,
    events: usize,
}

impl Stream {
    pub fn new(assembly: Box<dyn Assembly>, longest_line: usize) -> Stream {
        Stream { decoder: Decoder::new(longest_line), assembly, events: 0 }
    }

    /// Whether the closing mark has come. What follows it means nothing.
    pub fn is_done(&self) -> bool {
        self.assembly.is_done()
    }

    /// Whether nothing so far was an event: what arrives is not a stream.
    pub fn saw_no_event(&self) -> bool {
        self.events == 0
    }

    /// Takes one piece of the body and hands over the text in it.
    pub fn feed(&mut self, piece: &[u8], on_text: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let Stream { decoder, assembly, events } = self;
        let mut outcome = Ok(());
        let fed = decoder.feed(piece, |event| {
            *events += 1;
            if outcome.is_ok() && !assembly.is_done() {
                outcome = assembly.take(&event, on_text);
            }
        });
        outcome?;
        match fed {
            Err(error) if !assembly.is_done() => {
                Err(Failure::of_reply(FailureKind::TooLarge, error.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The reply, if it is complete.
    pub fn end(self, on_text: &mut dyn FnMut(&str)) -> Result<Content, Failure> {
        let Stream { decoder, mut assembly, .. } = self;
        // The standard drops an event without its empty line. One that is whole all the same is heard, because servers
        // forget that line; one that was cut is no JSON, and is dropped.
        if let Some(event) = decoder.end().filter(|event| !assembly.is_done() && is_whole(event)) {
            assembly.take(&event, on_text)?;
        }
        assembly.end()
    }
}

fn is_whole(event: &Event) -> bool {
    event.data == DONE || serde_json::from_str::<IgnoredAny>(&event.data).is_ok()
}
