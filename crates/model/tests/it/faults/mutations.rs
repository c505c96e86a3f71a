//! Whether the matrix would notice: each rule of classification is broken in turn, and on each wire that has the rule
//! some case must complain.
//!
//! Nothing is sent again. The rule is broken in what was seen: every result that the rule has decided is replaced by the
//! one that would have come without it, and goes through the same comparison. A rule that no case pins down shows here.

use assay_model::FailureKind::{self, *};
use assay_model::{Failure, Finish};
use assay_testkit::Fault;

use super::{Outcome, Seen, outcome};
use crate::common::{Spoken, WIRES};

type Instead = Box<dyn Fn(&Seen) -> Option<Outcome>>;

/// A rule, by what comes of it when it is broken: `None` for a case that it does not decide.
struct Broken {
    rule: String,
    wires: Vec<Spoken>,
    instead: Instead,
}

/// Breaks every rule and panics, naming them, if there are any that no case misses.
pub fn are_all_noticed(seen: &[Seen]) {
    let broken = rules();
    let unnoticed: Vec<String> = broken.iter().flat_map(|rule| unnoticed(rule, seen)).collect();
    println!("{} rules broken, {} unnoticed", broken.len(), unnoticed.len());
    assert!(unnoticed.is_empty(), "nobody would notice:\n{}", unnoticed.join("\n"));
}

fn unnoticed(broken: &Broken, seen: &[Seen]) -> Vec<String> {
    let notices =
        |seen: &Seen| (broken.instead)(seen).is_some_and(|instead| instead != seen.case.expected);
    let silent =
        |wire: &&Spoken| !seen.iter().any(|seen| seen.case.wire == **wire && notices(seen));
    let names = |wire: &Spoken| format!("{} ({wire:?})", broken.rule);
    broken.wires.iter().filter(silent).map(names).collect()
}

fn rules() -> Vec<Broken> {
    [statuses(), words_of_errors(), connections(), costs(), wholeness(), endings(), tolerance()]
        .into_iter()
        .flatten()
        .collect()
}

/// A rule that made a failure of what `decides` picks, and would make another of it.
fn failure(
    rule: impl Into<String>,
    decides: impl Fn(&Seen, &Failure) -> bool + 'static,
    instead: impl Fn(&mut Failure) + 'static,
) -> Broken {
    let instead = move |seen: &Seen| {
        let failure = seen.result.as_ref()?.as_ref().err()?;
        let mut other = decides(seen, failure).then(|| failure.clone())?;
        instead(&mut other);
        Some(outcome(Some(&Err(other)), "", seen.case.mode))
    };
    Broken { rule: rule.into(), wires: WIRES.into(), instead: Box::new(instead) }
}

/// A rule without which this fault would come to this.
fn fault(
    rule: impl Into<String>,
    is: impl Fn(&Fault) -> bool + 'static,
    instead: Outcome,
) -> Broken {
    let instead = move |seen: &Seen| is(&seen.case.fault).then(|| instead.clone());
    Broken { rule: rule.into(), wires: WIRES.into(), instead: Box::new(instead) }
}

impl Broken {
    fn only_on(self, wires: &[Spoken]) -> Broken {
        Broken { wires: wires.into(), ..self }
    }
}

fn becomes(kind: FailureKind) -> impl Fn(&mut Failure) {
    move |failure| failure.kind = kind
}

fn costs_nothing(failure: &mut Failure) {
    failure.maybe_billed = false;
}

fn may_cost(failure: &mut Failure) {
    failure.maybe_billed = true;
}

/// Each status by itself: as the neighbour that it would fall to.
fn statuses() -> Vec<Broken> {
    let as_kinds = [
        (400, ServerError),
        (401, Rejected),
        (402, Rejected),
        (403, Rejected),
        (404, Rejected),
        (407, Unauthorized),
        (408, Rejected),
        (413, TooLarge),
        (422, Malformed),
        (429, Rejected),
        (500, Rejected),
        (502, Unreachable),
        (503, RateLimited),
        (504, TimedOut),
        (529, Rejected),
        (307, NotFound),
    ];
    let mut rules: Vec<Broken> = as_kinds
        .map(|(status, kind)| {
            let rule = format!("status {status} is no {kind:?}");
            failure(rule, move |_, failure| failure.status == Some(status), becomes(kind))
        })
        .into();
    rules.push(failure(
        "409 is a lock held for a moment",
        |_, failure| failure.status == Some(409),
        |failure| failure.status = Some(400),
    ));
    rules
}

/// What errors say of themselves.
fn words_of_errors() -> Vec<Broken> {
    let refused = |seen: &Seen| matches!(seen.case.fault, Fault::Refused { .. });
    let inside = |seen: &Seen| matches!(seen.case.fault, Fault::ErrorMidStream { .. });
    let at_once = |seen: &Seen| matches!(seen.case.fault, Fault::ErrorAtOnce { .. });
    let chatty = [Spoken::Chat];
    vec![
        failure(
            "an empty account is no rate limit, whatever the status",
            move |seen, failure| refused(seen) && failure.kind == QuotaExhausted,
            becomes(RateLimited),
        ),
        failure(
            "an empty account is one inside a reply too",
            move |seen, failure| inside(seen) && failure.kind == QuotaExhausted,
            becomes(RateLimited),
        ),
        failure(
            "a wrong key is one, though its status is 400",
            |_, failure| failure.status == Some(400) && failure.kind == Unauthorized,
            becomes(Rejected),
        )
        .only_on(&[Spoken::Gemini]),
        failure(
            "a rate limit inside a reply is no trouble of the server",
            move |seen, failure| inside(seen) && failure.kind == RateLimited,
            becomes(ServerError),
        ),
        failure(
            "trouble of the server inside a reply is no refusal",
            move |seen, failure| inside(seen) && failure.kind == ServerError,
            becomes(Rejected),
        ),
        failure(
            "an error event is an error, and no end",
            move |seen, _| inside(seen) || at_once(seen),
            becomes(Truncated),
        ),
        failure(
            "the delay that a server asks for is kept",
            |_, failure| failure.retry_after.is_some(),
            |failure| failure.retry_after = None,
        ),
        failure(
            "two hours are no pause",
            |_, failure| failure.retry_after.is_some_and(|wait| wait.as_secs() > 300),
            |failure| failure.retry_after = Some(std::time::Duration::from_secs(300)),
        ),
        failure(
            "a date is counted from the server's own clock",
            |seen, _| matches!(&seen.case.fault, Fault::Status { headers, .. } if !headers.is_empty()),
            |failure| failure.retry_after = Some(std::time::Duration::ZERO),
        ),
        fault(
            "a choice that broke off is no reply",
            |fault| matches!(fault, Fault::Status { status: 200, .. }),
            Outcome::Passes("", Finish::Other("error".to_owned())),
        )
        .only_on(&chatty),
    ]
}

/// How connections end.
fn connections() -> Vec<Broken> {
    let ends = |rule: &str, is: fn(&Fault) -> bool, kind| {
        failure(rule, move |seen, _| is(&seen.case.fault), becomes(kind))
    };
    vec![
        ends("a reset is no end", |f| matches!(f, Fault::ResetMidBody), Truncated),
        ends("a reset after headers is one", |f| matches!(f, Fault::ResetAfterHeaders), Truncated),
        ends("a reset before headers is one", |f| matches!(f, Fault::ResetBeforeHeaders), TimedOut),
        ends("nothing at all is a reset", |f| matches!(f, Fault::CloseBeforeHeaders), Malformed),
        ends("a short body is truncated", |f| matches!(f, Fault::CloseMidBody), Reset),
        ends("silence is no reset", |f| matches!(f, Fault::StallMidBody), Reset),
        ends("late headers are late", |f| matches!(f, Fault::StallBeforeHeaders), Unreachable),
        ends("a late body is late", |f| matches!(f, Fault::StallAfterHeaders), Truncated),
        ends("the total holds for who drips", |f| matches!(f, Fault::Drip { .. }), Truncated),
        ends("what is no HTTP is malformed", |f| matches!(f, Fault::NotHttp), Reset),
        ends("so is HTTP/2 in place of 1.1", |f| matches!(f, Fault::Http2GoAway), Reset),
        ends("a huge body is cut", |f| matches!(f, Fault::HugeBody { .. }), Malformed),
        ends("a huge line is cut", |f| matches!(f, Fault::HugeLine { .. }), Malformed),
    ]
}

/// What may have been paid for.
fn costs() -> Vec<Broken> {
    let early = |seen: &Seen| {
        matches!(seen.case.fault, Fault::ResetBeforeHeaders | Fault::CloseBeforeHeaders)
    };
    let is_status = |failure: &Failure| failure.status.is_some_and(|status| status >= 400);
    let at_once = |seen: &Seen| matches!(seen.case.fault, Fault::ErrorAtOnce { .. });
    vec![
        failure(
            "a stream that never began was free, where headers come before work",
            move |seen, _| early(seen),
            may_cost,
        )
        .only_on(&[Spoken::Chat, Spoken::Responses, Spoken::Anthropic]),
        failure(
            "a reply that never began may have been paid for",
            move |seen, _| early(seen),
            costs_nothing,
        ),
        failure(
            "a broken reply may have been paid for",
            |_, failure| failure.kind == Reset,
            costs_nothing,
        ),
        failure(
            "a late reply may have been paid for",
            |_, failure| failure.kind == TimedOut,
            costs_nothing,
        ),
        failure(
            "a cut reply may have been paid for",
            |_, failure| failure.kind == Truncated,
            costs_nothing,
        ),
        failure(
            "an odd reply may have been paid for",
            |_, failure| failure.kind == Malformed,
            costs_nothing,
        ),
        failure("a refusal by status is free", move |_, failure| is_status(failure), may_cost),
        failure("an error before any work is free", move |seen, _| at_once(seen), may_cost),
        failure(
            "an error after text may have been paid for",
            |seen, _| {
                matches!(seen.case.fault, Fault::ErrorMidStream { .. }) && !seen.heard.is_empty()
            },
            costs_nothing,
        ),
        failure(
            "an error after thinking may have been paid for",
            |seen, _| matches!(seen.case.fault, Fault::ErrorAfterThinking { .. }),
            costs_nothing,
        ),
        failure(
            "a huge reply is not asked for again",
            |_, failure| failure.kind == TooLarge,
            becomes(Truncated),
        ),
        failure(
            "nobody is followed elsewhere",
            |_, failure| failure.kind == Redirected,
            becomes(Unreachable),
        ),
    ]
}

/// What makes a reply whole.
fn wholeness() -> Vec<Broken> {
    let stop = || Outcome::Passes(super::TEXT, Finish::Stop);
    let whole = |rule: &str, is: fn(&Fault) -> bool| fault(rule, is, stop());
    let empty =
        |rule: &str, is: fn(&Fault) -> bool| fault(rule, is, Outcome::Passes("", Finish::Stop));
    vec![
        whole("half of a reply is none", |f| matches!(f, Fault::Truncated)),
        whole("a torn reply is none", |f| matches!(f, Fault::CloseMidBody)),
        whole("a length is held", |f| matches!(f, Fault::ContentLengthTooLong)),
        whole("a length is not passed", |f| matches!(f, Fault::ContentLengthTooShort)),
        whole("a reply says that it is finished", |f| matches!(f, Fault::WithoutFinish)),
        whole("an empty reason is none", |f| matches!(f, Fault::BlankFinish)),
        whole("a stream is closed", |f| matches!(f, Fault::WithoutDone)).only_on(&[
            Spoken::Chat,
            Spoken::Responses,
            Spoken::Anthropic,
            Spoken::Gemini,
        ]),
        whole("a denial is no finish reason", |f| matches!(f, Fault::Status { status: 200, .. }))
            .only_on(&[Spoken::Custom]),
        empty("an empty body is no reply", |f| matches!(f, Fault::EmptyBody)),
        empty("a web page is no reply", |f| matches!(f, Fault::Html)),
        empty("almost JSON is no reply", |f| matches!(f, Fault::MalformedJson)),
        empty("packed bytes are no reply", |f| matches!(f, Fault::Gzip)),
        empty("a reply without a choice is none", |f| matches!(f, Fault::EmptyChoices)),
    ]
}

/// Why a model stopped.
fn endings() -> Vec<Broken> {
    let stopped = |text| Outcome::Passes(text, Finish::Stop);
    vec![
        fault("who declines has not answered", |f| *f == Fault::Refusal, stopped("")),
        fault("a filter is no end", |f| *f == Fault::ContentFilter, stopped(super::TEXT)),
        fault("no text is no failure", |f| *f == Fault::NullContent, Outcome::Odd(String::new())),
    ]
}

/// What is odd, and nothing worse.
fn tolerance() -> Vec<Broken> {
    let sound = [
        Fault::SplitBytes,
        Fault::CrlfAndComments,
        Fault::LoneCr,
        Fault::ByteOrderMark,
        Fault::MultiLineData,
        Fault::NoFinalNewline,
        Fault::UnknownEvents,
        Fault::WrongContentType,
        Fault::Trailer,
        Fault::MissingUsage,
        Fault::OddUsage,
        Fault::DuplicateUsage,
    ];
    let refused = Outcome::Fails(Malformed, super::Retry::Once);
    let rule = |odd: Fault| {
        fault(format!("{odd:?} is no failure"), move |fault| *fault == odd, refused.clone())
    };
    sound.map(rule).into()
}
