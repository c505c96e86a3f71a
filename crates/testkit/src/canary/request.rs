//! A request that a model server recorded: the one thing that holds the key by right.

use super::{Finding, find};
use crate::RecordedRequest;

/// The key may be in one header, as it is: a second header, the path and the body have no business with it.
pub(super) fn findings(request: &RecordedRequest) -> Vec<Finding> {
    let part = |part: &str| format!("{part} of a recorded {} request", request.method);
    let mut findings = Vec::new();
    findings.extend(find(&part("the path"), request.path.as_bytes()));
    findings.extend(find(&part("the body"), &request.body));
    let in_headers = request.headers.iter().filter_map(|(name, value)| {
        let text = format!("{name}: {value}");
        find(&part(&format!("the header {name}")), text.as_bytes())
    });
    findings.extend(in_headers.skip(1));
    findings
}
