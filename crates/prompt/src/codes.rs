//! The one table of diagnostic codes. Messages may be reworded; a code never changes its meaning
//! and is never used again for another.
//!
//! The hundreds group them by what is being read: 01 the file, 02 schemas, 03 template syntax,
//! 04 template and data against each other, 05 rows, 06 manifest and evals, 07 the repository,
//! 08 rendering.

macro_rules! codes {
    ($($name:ident = $code:literal, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*

        /// Every code with its meaning, in order.
        pub const TABLE: &[(&str, &str)] = &[$(($code, $meaning)),*];

        /// The page of a code in Markdown: what it means, what to do, a bad and a good example.
        pub fn page(code: &str) -> Option<&'static str> {
            match code {
                $($code => Some(include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/problems/", $code, ".md"
                ))),)*
                _ => None,
            }
        }
    };
}

codes! {
    NO_FRONT_MATTER = "P0101", "The first line of a `.prompty` file is not `---`.";
    UNCLOSED_FRONT_MATTER = "P0102", "No line that is exactly `---` closes the front matter.";
    BAD_YAML = "P0103", "The YAML cannot be read: a syntax error, a duplicate key, or more than the limits allow.";
    NOT_A_MAP = "P0104", "A map of keys was expected here.";
    WRONG_TYPE = "P0105", "A value has another type than its key asks for.";
    UNKNOWN_KEY = "P0106", "The key is not part of the format; it is kept but has no effect.";
    PROMPTY_V1 = "P0107", "The file is Prompty v1, which is imported, not run.";
    NOT_CHAT = "P0108", "`apiType` asks for something other than chat; only chat prompts can run.";
    RESPONSES_AS_CHAT = "P0109", "`apiType: responses` is run as chat.";
    OTHER_TEMPLATE = "P0110", "`template` names another template language or parser than jinja2 and prompty.";
    BYTE_ORDER_MARK = "P0111", "The file begins with a byte order mark.";
    CARRIAGE_RETURN = "P0112", "Lines end with carriage return and line feed; they are read as if they ended with line feed alone.";
    INVISIBLE_CHARACTER = "P0113", "An invisible or text-direction character can hide text from reviewers.";
    MISSING_FILE = "P0114", "A file that is named here does not exist.";
    FILE_OUTSIDE = "P0115", "A file reference leaves the prompt's folder.";
    EMBEDDED_REFERENCE = "P0116", "A file reference is not the whole value, or stands where none is read.";
    SECRET = "P0117", "The text holds what looks like a key or password.";

    SCHEMA_NOT_A_LIST = "P0201", "`inputs` and `outputs` are lists of `{name, kind}`.";
    PROPERTY_WITHOUT_NAME = "P0202", "An input or output has no name.";
    UNKNOWN_KIND = "P0203", "The `kind` of an input or output is not known.";
    DUPLICATE_PROPERTY = "P0204", "Two inputs or two outputs have the same name.";
    DEFAULT_OF_OTHER_KIND = "P0205", "A default does not fit its `kind` or `enumValues`.";
    PROPERTY_NAME = "P0206", "A template cannot use an input of this name.";
    SCHEMA_TOO_DEEP = "P0207", "The schema is nested too deeply.";

    UNCLOSED_TAG = "P0301", "A `{{`, `{%` or `{#` is never closed.";
    EXPECTED = "P0302", "Something else was expected at this place in a template.";
    REFUSED_TAG = "P0303", "This tag is not part of the template language.";
    REFUSED_OPERATOR = "P0304", "This operator is not part of the template language.";
    REFUSED_CALL = "P0305", "Calls are not part of the template language.";
    UNKNOWN_FILTER = "P0306", "There is no filter of this name.";
    UNKNOWN_TEST = "P0307", "There is no test of this name.";
    UNCLOSED_BLOCK = "P0308", "An `if`, `for` or `raw` has no end tag.";
    STRAY_END = "P0309", "An end tag, `else` or `elif` has no block to belong to.";
    TOO_COMPLEX = "P0310", "The template is nested too deeply or an expression is too long.";
    FILTER_ARGUMENTS = "P0311", "A filter has too few, too many or unknown arguments.";
    NOT_PORTABLE = "P0312", "Other Prompty tools do not know this construct.";

    UNKNOWN_VARIABLE = "P0401", "The template uses a variable that is not an input.";
    UNUSED_INPUT = "P0402", "An input is declared but no template uses it.";
    SHADOWED_INPUT = "P0403", "A loop variable has the name of an input and hides it.";
    ROLE_LOOK_ALIKE = "P0404", "A line looks like a role to Prompty but not to this profile.";
    CASE_LACKS_INPUT = "P0405", "A case has no value for a required input.";
    EXTRA_INPUT = "P0406", "A row has a value for an input that no variant declares.";
    LEAK = "P0407", "An example and a case have the same input, so the answer is given away.";
    ROLE_ATTRIBUTES = "P0408", "The attributes of a role line are not sent to models.";
    EXAMPLE_WITHOUT_ANSWER = "P0409", "A few-shot example has no answer.";
    THREAD_WITHOUT_PLACE = "P0410", "Few-shot examples are bound to an input that this variant does not declare as a thread.";
    WRONG_KIND = "P0411", "A row's value does not fit the kind of its input.";
    EXAMPLE_BREAKS_SCHEMA = "P0412", "The answer of an example does not fit the outputs.";
    NEAR_DUPLICATE = "P0413", "Two rows have nearly the same input.";
    VOLATILE_TEXT = "P0414", "What changes from call to call stands above text that does not, which spoils prompt caches.";

    BAD_ROW = "P0501", "A row cannot be read.";
    ROW_WITHOUT_ID = "P0502", "A row has no `id`.";
    DUPLICATE_ROW = "P0503", "Two rows have the same `id`.";
    ROW_FIELD = "P0504", "A field of a row has another type than its key asks for.";
    UNREADABLE_ROWS = "P0505", "Rows are read from `.jsonl`, `.csv` and `.yaml` files only.";
    INEXACT_NUMBER = "P0506", "A number in a row has more digits than can be kept.";
    NO_CASES = "P0507", "The file of cases has no case.";

    UNKNOWN_FORMAT = "P0601", "`format` is missing or not one this version reads.";
    NO_ID = "P0602", "The prompt or repository has no permanent `id`.";
    NO_VARIANTS = "P0603", "A prompt needs at least one variant.";
    DUPLICATE_ID = "P0604", "Two variants, scorers or models have the same id.";
    MISSING_KEY = "P0605", "A key that is needed is missing.";
    UNKNOWN_SELECT = "P0606", "`select` is not all, none, {first: n}, {ids: [...]} or {nearest: n}.";
    UNKNOWN_EXAMPLE = "P0607", "A selected example does not exist.";
    UNLISTED_FILE = "P0608", "A file of the folder is named nowhere and has no effect.";
    UNKNOWN_SCORER = "P0609", "A gate names a scorer that does not exist.";
    GATE_WITHOUT_LIMIT = "P0610", "A gate needs a scorer or a metric, and a limit.";
    NEEDS_EMBEDDER = "P0611", "Only the embedding model can choose the nearest examples.";
    SAME_VARIANT = "P0612", "Two variants are the same file with the same examples.";
    UNKNOWN_SCORER_TYPE = "P0613", "No scorer of this `type` is known.";
    SCORER_NOT_RUN = "P0614", "A scorer of this `type` is a program of another project and is not run unasked.";
    UNKNOWN_TAG = "P0615", "A scorer or gate asks for a tag that no case has.";
    UNKNOWN_METRIC = "P0616", "A gate names a metric that does not exist.";
    UNKNOWN_OPTION = "P0617", "A scorer has an option that its `type` does not read.";
    JUDGE_MODEL = "P0618", "A scorer that asks a model names none, or `model` and `models` at once.";
    UNKNOWN_BASELINE = "P0619", "A `pairwise` scorer compares with a variant that does not exist, or with none.";
    MISSING_JUDGE_PROMPT = "P0620", "A scorer asks with a `prompt` that the repository does not have.";
    UNKNOWN_NUMBER = "P0621", "A gate names a number that its scorer does not have.";
    NO_MARGIN = "P0622", "`nonInferior` says no margin, or one below zero.";
    BROKEN_SCRIPT = "P0623", "The script of a `rhai` scorer cannot be read.";
    ALIAS_TARGET = "P0701", "A model alias holds an address or a key instead of a model's name.";
    SHARED_ID = "P0702", "Two prompts of the repository have the same permanent id.";

    UNDEFINED = "P0801", "A variable without a value was used while rendering.";
    WRONG_OPERAND = "P0802", "A filter, loop or comparison got a value it cannot work on.";
    STEP_LIMIT = "P0803", "Rendering took more steps than allowed.";
    OUTPUT_LIMIT = "P0804", "Rendering made more text than allowed.";
    MISSING_INPUT = "P0805", "A required input has no value in this case.";
    BAD_THREAD = "P0806", "A thread is not a list of user, assistant and tool messages.";
    NO_MESSAGES = "P0807", "Rendering made no message.";
    UNSUPPORTED_INPUT = "P0808", "An image or file input does not name a file that can be shown.";
}

/// The one-line meaning of a code.
pub fn meaning(code: &str) -> Option<&'static str> {
    TABLE.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn every_code_has_a_meaning() {
        assert_eq!(
            meaning(NO_FRONT_MATTER),
            Some("The first line of a `.prompty` file is not `---`.")
        );
        assert_eq!(meaning("P9999"), None);
    }
}
