//! Each server with each wire that it speaks, and what is missing there.

use crate::process::{Left, Terminal};

/// A key that no server knows.
pub const WRONG_KEY: &str = "sk-of-nobody-at-all-0123456789";

/// A server, spoken to over one wire.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// The server, as the report names it.
    pub server: &'static str,
    /// The preset, and the name of the provider in these tests.
    pub preset: &'static str,
    /// The wire's name.
    pub wire: &'static str,
    /// Where the server's address is told, and what comes below it.
    address: (&'static str, &'static str),
    /// Where its key is told.
    pub key_env: &'static str,
    /// What the server does not do on this wire, seen by these tests.
    lacks: &'static [Lack],
}

/// Something that a server may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// To list its models in the wire's form.
    ModelList,
    /// To say what a streamed reply took.
    StreamedUsage,
    /// To count it: where the server behind it tells nothing, the proxy estimates.
    ExactUsage,
    /// To hold a reply to a JSON Schema.
    JsonSchema,
    /// To pass a seed on.
    Seeds,
    /// To refuse a model that it does not have.
    ModelCheck,
    /// To stream a call of a tool: the proxy fails at pieces that each say the call's id.
    StreamedCalls,
    /// To make the model call one certain tool: the proxy passes on that one must be called, not which.
    NamedTool,
    /// To say in a stream that the server behind the proxy failed.
    ErrorsInStreams,
}

/// llama.cpp's own server.
pub const LLAMA: Way = Way {
    server: "llama-cpp-python",
    preset: "llama-cpp",
    wire: "openai-chat",
    address: ("ASSAY_INTEROP_LLAMA", "/v1"),
    key_env: "ASSAY_INTEROP_LLAMA_KEY",
    lacks: &[Lack::StreamedUsage, Lack::JsonSchema, Lack::ModelCheck],
};

/// The same, as its authors ship it: another request cuts a reply short.
pub const HASTY_LLAMA: Way = Way { address: ("ASSAY_INTEROP_HASTY_LLAMA", "/v1"), ..LLAMA };

/// The same, spoken to in words that a person declares.
pub const DECLARED_LLAMA: Way = Way { wire: "custom-http", ..LLAMA };

/// The proxy, over the wire that it speaks to llama.cpp itself.
pub const LITELLM: Way = Way {
    server: "LiteLLM",
    preset: "openai-compatible",
    wire: "openai-chat",
    address: ("ASSAY_INTEROP_LITELLM", "/v1"),
    key_env: "ASSAY_INTEROP_LITELLM_KEY",
    lacks: &[Lack::ExactUsage, Lack::JsonSchema, Lack::ErrorsInStreams],
};

/// All of them.
pub const WAYS: [Way; 5] = [
    LLAMA,
    LITELLM,
    Way {
        preset: "openai-responses",
        wire: "openai-responses",
        lacks: &[Lack::ExactUsage, Lack::JsonSchema, Lack::StreamedCalls],
        ..LITELLM
    },
    Way {
        preset: "anthropic",
        wire: "anthropic",
        lacks: &[Lack::ExactUsage, Lack::JsonSchema],
        ..LITELLM
    },
    Way {
        preset: "gemini",
        wire: "gemini",
        address: ("ASSAY_INTEROP_LITELLM", "/v1beta"),
        lacks: &[
            Lack::ModelList,
            Lack::StreamedUsage,
            Lack::JsonSchema,
            Lack::Seeds,
            Lack::NamedTool,
        ],
        ..LITELLM
    },
];

impl Way {
    /// The base URL that a person would set.
    pub fn base_url(&self) -> String {
        format!("{}{}", told(self.address.0), self.address.1)
    }

    /// Whether the server does not do something.
    pub fn lacks(&self, what: Lack) -> bool {
        self.lacks.contains(&what)
    }

    /// Prints a line of the report.
    pub fn report(&self, question: &str, answer: &str) {
        println!("| {} | {} | {question} | {answer} |", self.server, self.wire);
    }

    /// A terminal in the workspace `greet`, whose two variants greet three people, each in at most
    /// `limit` tokens, the likeliest ones.
    pub fn terminal(&self, limit: u32) -> Terminal {
        let terminal = Terminal::in_data("greet");
        let evals = format!(
            "cases: cases.jsonl\nmodels:\n  - {{id: {}/{}, options: {{maxOutputTokens: {limit}, temperature: 0}}}}\n\
             scorers:\n  - {{id: polite, type: icontains, value: hello}}\n",
            self.preset,
            model()
        );
        terminal.workspace.write("prompts/greet/evals.yaml", &evals);
        let url = self.base_url();
        terminal.ok(&[
            "models",
            "add",
            self.preset,
            self.preset,
            "--base-url",
            &url,
            "--key-env",
            self.key_env,
            "--model",
            &model(),
        ]);
        terminal
    }

    /// Runs `assay` with a key that the server does not know.
    pub fn with_wrong_key(&self, terminal: &Terminal, arguments: &[&str]) -> Left {
        let key = [(self.key_env, WRONG_KEY)];
        terminal.assay_typed(&terminal.path(), arguments, "", &key)
    }
}

/// The name under which the servers offer the model.
pub fn model() -> String {
    told("ASSAY_INTEROP_MODEL")
}

/// The name under which the proxy offers the server that cuts replies short.
pub fn hasty_model() -> String {
    format!("{}-hasty", model())
}

/// What `cargo xtask test --interop` says in the environment.
pub fn told(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("${variable} is not set: start with `cargo xtask test --interop`")
    })
}
