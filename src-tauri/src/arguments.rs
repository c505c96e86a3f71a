//! The command line of the window. The commands of the application are `assay`'s, not this one's.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What `--help` prints.
pub const USAGE: &str = "\
Usage: assay-desktop [FOLDER] [--safe-graphics]

  FOLDER            open this prompts repository
  --safe-graphics   draw without the graphics card, for a window that stays empty or flickers

ASSAY_DATA_DIR moves settings and database, ASSAY_MODELS_DIR the model files.";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The repository to open.
    pub folder: Option<PathBuf>,
    /// Draw without the graphics card.
    pub safe_graphics: bool,
    /// Print the usage and stop.
    pub help: bool,
}

impl Arguments {
    /// Reads the arguments, without the program's name.
    ///
    /// # Errors
    /// A sentence that names what cannot be understood.
    pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut parsed = Self::default();
        for argument in arguments {
            if argument == "--safe-graphics" {
                parsed.safe_graphics = true;
            } else if argument == "--help" || argument == "-h" {
                parsed.help = true;
            } else if is_option(&argument) {
                return Err(format!("there is no option `{}`", argument.to_string_lossy()));
            } else if parsed.folder.is_some() {
                return Err("one folder at a time".to_owned());
            } else {
                parsed.folder = Some(PathBuf::from(argument));
            }
        }
        Ok(parsed)
    }

    /// Makes a relative folder mean what it meant where the command was typed.
    #[must_use]
    pub fn typed_in(mut self, directory: &Path) -> Self {
        self.folder = self.folder.map(|folder| directory.join(folder));
        self
    }
}

fn is_option(argument: &OsStr) -> bool {
    argument.to_string_lossy().starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn a_folder_and_an_option_come_in_any_order() {
        let expected =
            Arguments { folder: Some("prompts".into()), safe_graphics: true, help: false };
        assert_eq!(parse(&["prompts", "--safe-graphics"]).as_ref(), Ok(&expected));
        assert_eq!(parse(&["--safe-graphics", "prompts"]).as_ref(), Ok(&expected));
    }

    #[test]
    fn an_unknown_option_is_named() {
        let wrong = parse(&["--fast"]).expect_err("no such option");
        assert!(wrong.contains("--fast"), "{wrong}");
    }

    #[test]
    fn a_second_folder_is_refused_rather_than_ignored() {
        assert!(parse(&["one", "two"]).is_err());
    }

    #[test]
    fn a_relative_folder_is_the_one_beside_the_person_who_typed_it() {
        let there = Path::new("there");
        let typed = |folder: PathBuf| {
            let arguments = Arguments { folder: Some(folder), ..Arguments::default() };
            arguments.typed_in(there).folder
        };
        assert_eq!(typed("prompts".into()), Some(there.join("prompts")));
        let absolute = std::env::temp_dir();
        assert_eq!(typed(absolute.clone()), Some(absolute));
    }
}
