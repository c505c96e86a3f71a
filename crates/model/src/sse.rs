//! Server-sent events, decoded from pieces of any size.
//!
//! Follows the WHATWG HTML standard, section 9.2.6: lines end in LF, CR or CRLF, a byte order mark may come first, lines
//! that start with a colon are comments, several `data` lines make one payload. Our own because a line must be capped:
//! the published decoders grow without limit. `id` and `retry` are for reconnecting, which is never done here.

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The `event` field; empty when there was none.
    pub name: String,
    /// The `data` lines, joined by line feeds.
    pub data: String,
}

/// A line passed the cap. The stream cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the stream is longer than {cap} bytes")]
pub struct LineTooLong {
    /// The cap.
    pub cap: usize,
}

/// Turns bytes into events, whatever the sizes of the pieces they arrive in.
#[derive(Debug)]
pub struct Decoder {
    cap: usize,
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    /// The last byte ended a line by CR: an LF that follows belongs to it.
    after_cr: bool,
    at_start: bool,
}

impl Decoder {
    /// A decoder for lines of at most `cap` bytes, without their line ends.
    pub fn new(cap: usize) -> Decoder {
        Decoder {
            cap,
            line: Vec::new(),
            name: String::new(),
            data: None,
            after_cr: false,
            at_start: true,
        }
    }

    /// Decodes one piece and hands over each event that it completes.
    pub fn feed(
        &mut self,
        mut piece: &[u8],
        mut each: impl FnMut(Event),
    ) -> Result<(), LineTooLong> {
        if self.after_cr && !piece.is_empty() {
            self.after_cr = false;
            piece = piece.strip_prefix(b"\n").unwrap_or(piece);
        }
        while let Some(end) = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.keep(&piece[..end])?;
            if let Some(event) = self.end_line() {
                each(event);
            }
            let ended_by_cr = piece[end] == b'\r';
            piece = &piece[end + 1..];
            if ended_by_cr {
                self.after_cr = piece.is_empty();
                piece = piece.strip_prefix(b"\n").unwrap_or(piece);
            }
        }
        self.keep(piece)
    }

    /// The event that the end of the stream left without its empty line, if any. The standard drops it; a caller that
    /// looks for a closing mark may want it.
    pub fn end(mut self) -> Option<Event> {
        self.end_line().or_else(|| self.dispatch())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), LineTooLong> {
        if self.line.len() + bytes.len() > self.cap {
            return Err(LineTooLong { cap: self.cap });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let mut content = line.as_slice();
        if std::mem::take(&mut self.at_start) {
            content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        }
        let event = if content.is_empty() { self.dispatch() } else { None };
        self.field(content);
        // Hand the buffer back: one allocation serves the whole stream.
        self.line = line;
        self.line.clear();
        event
    }

    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => self.data_line(&String::from_utf8_lossy(value)),
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
    }

    fn data_line(&mut self, value: &str) {
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        self.data.take().map(|data| Event { name, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAP: usize = 64;

    type Decoded = (Vec<Event>, Result<Option<Event>, LineTooLong>);

    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
        let mut decoder = Decoder::new(CAP);
        let mut events = Vec::new();
        for piece in pieces {
            if let Err(error) = decoder.feed(piece, |event| events.push(event)) {
                return (events, Err(error));
            }
        }
        (events, Ok(decoder.end()))
    }

    #[track_caller]
    fn check(stream: &str, expected: &[(&str, &str)]) {
        let (events, end) = decode([stream.as_bytes()]);
        let events: Vec<_> =
            events.iter().map(|event| (event.name.as_str(), event.data.as_str())).collect();
        assert_eq!(events, expected, "{stream:?}");
        assert_eq!(end, Ok(None), "{stream:?}");
    }

    #[test]
    fn any_of_the_three_line_ends_ends_a_line() {
        for end in ["\n", "\r", "\r\n"] {
            check(&"data: one\n\ndata: two\n\n".replace('\n', end), &[("", "one"), ("", "two")]);
        }
    }

    #[test]
    fn fields_follow_the_standard() {
        check("data:no space\n\n", &[("", "no space")]);
        check("data:  two spaces\n\n", &[("", " two spaces")]);
        check("data: one\ndata\ndata: three\n\n", &[("", "one\n\nthree")]);
        check("event: error\ndata: {}\n\ndata: 2\n\n", &[("error", "{}"), ("", "2")]);
        check("event: alone\n\ndata: 2\n\n", &[("", "2")]);
        check(": comment\nid: 1\nretry: 9\nodd\ndata: x\n: more\n\n", &[("", "x")]);
        check("\n\n\n", &[]);
    }

    #[test]
    fn a_byte_order_mark_counts_at_the_start_only() {
        check("\u{feff}data: x\n\n", &[("", "x")]);
        check("data: x\n\n\u{feff}data: y\n\n", &[("", "x")]);
    }

    #[test]
    fn the_end_hands_over_what_is_pending() {
        let pending = |data: &str| Ok(Some(Event { name: String::new(), data: data.to_owned() }));
        assert_eq!(decode([b"data: [DONE]".as_slice()]), (vec![], pending("[DONE]")));
        assert_eq!(decode([b"data: [DONE]\n".as_slice()]), (vec![], pending("[DONE]")));
        assert_eq!(decode([b"".as_slice()]), (vec![], Ok(None)));
    }

    #[test]
    fn an_endless_line_is_refused_and_what_came_before_it_is_kept() {
        let stream = [b"data: x\n\ndata: ".as_slice(), &[b'y'; CAP]].concat();
        let (events, end) = decode([stream.as_slice()]);
        assert_eq!(events.len(), 1);
        assert_eq!(end, Err(LineTooLong { cap: CAP }));
    }

    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"data: ".to_vec()),
            Just(b"data".to_vec()),
            Just(b"event: ".to_vec()),
            Just(b":".to_vec()),
            Just(b"\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\n\n".to_vec()),
            Just(b"\xef\xbb\xbf".to_vec()),
            Just("źdźbło 🌾".as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..40),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_sizes_of_the_pieces_change_nothing(stream in streams(), cuts in proptest::collection::vec(1_usize..9, 1..40)) {
            let mut rest = stream.as_slice();
            let mut pieces = Vec::new();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(decode(pieces), decode([stream.as_slice()]));
        }

        #[test]
        fn what_is_encoded_is_decoded(payloads in proptest::collection::vec("[^\r\n]{0,10}", 0..8)) {
            let stream: String = payloads.iter().map(|payload| format!("data: {payload}\n\n")).collect();
            let (events, end) = decode([stream.as_bytes()]);
            let decoded: Vec<_> = events.into_iter().map(|event| event.data).collect();
            prop_assert_eq!(decoded, payloads);
            prop_assert_eq!(end, Ok(None));
        }
    }
}
