//! From a command's name and arguments to its body and back.
//!
//! The table is generated from [`assay_wire::COMMANDS`]: a command that is declared there and has
//! no [`Answer`] here does not compile.

use assay_wire::*;

use crate::app::App;

/// The body of a command.
pub trait Answer<C: Command> {
    /// Does what was asked.
    ///
    /// # Errors
    /// In the words a person meets.
    fn answer(&self, command: C) -> Result<C::Reply, ApiError>;
}

impl App {
    /// Answers a command.
    ///
    /// # Errors
    /// Those of its body.
    pub fn call<C: Command>(&self, command: C) -> Result<C::Reply, ApiError>
    where
        Self: Answer<C>,
    {
        self.answer(command).map_err(|error| self.redacted(error))
    }

    /// Answers a command by name; arguments are JSON text, the reply is in the command's encoding.
    ///
    /// # Errors
    /// Those of its body, and those of a name or arguments that fit no command.
    pub fn dispatch(&self, name: &str, arguments: &str) -> Result<Vec<u8>, ApiError> {
        macro_rules! route {
            ($($command:ty),+) => {
                match name {
                    $(<$command as Command>::NAME => self.answer_json::<$command>(arguments),)+
                    _ => Err(ApiError::new(
                        Code::UnknownCommand,
                        format!("there is no command `{name}`"),
                    )),
                }
            };
        }
        let answer: Result<Vec<u8>, ApiError> = assay_wire::for_each_command!(route);
        answer.map_err(|error| self.redacted(error))
    }

    /// The error without any key that was loaded, however it came into its text.
    fn redacted(&self, error: ApiError) -> ApiError {
        let secrets = self.inner.keys.secrets();
        let clean = |text: String| secrets.redact_text(&text).into_owned();
        ApiError {
            code: error.code,
            message: clean(error.message),
            hints: error.hints.into_iter().map(clean).collect(),
        }
    }

    fn answer_json<C: Command>(&self, arguments: &str) -> Result<Vec<u8>, ApiError>
    where
        Self: Answer<C>,
    {
        let command: C = serde_json::from_str(arguments).map_err(|e| {
            ApiError::new(
                Code::BadInput,
                format!("`{}` does not take these arguments: {e}", C::NAME),
            )
        })?;
        C::ENCODING.write(&self.answer(command)?)
    }
}
