//! Who rates, and whether their ratings are shared without being told to.

use std::collections::BTreeSet;

use assay_wire::*;

use crate::app::{App, Open};
use crate::error::Explain;
use crate::router::Answer;

/// The setting with the name of the rater, when it is not git's.
const NAME: &str = "rater";

/// The setting that makes ratings go along with every sync, and labels with every commit.
const BY_ITSELF: &str = "ratings.share-by-itself";

/// The longest name, in characters.
pub(super) const MAX_NAME: usize = 80;

/// Who rates where nobody is known.
const NOBODY: &str = "someone";

impl Answer<ReadRater> for App {
    fn answer(&self, _: ReadRater) -> Result<RaterView, ApiError> {
        let open = self.workspace()?;
        let name = self.rater(&open)?;
        let here = self.inner.store.ratings(&open.id, None).map_err(|e| e.explain())?;
        let raters = here.into_iter().map(|rating| rating.rater);
        Ok(RaterView {
            known: raters.chain([name.clone()]).collect::<BTreeSet<_>>().into_iter().collect(),
            name,
            from_git: self.chosen_rater()?.is_none(),
            share_by_itself: self.shares_by_itself()?,
        })
    }
}

impl Answer<SetRater> for App {
    fn answer(&self, command: SetRater) -> Result<RaterView, ApiError> {
        let set =
            |key, value: &str| self.inner.store.set_setting(key, value).map_err(|e| e.explain());
        if let Some(name) = command.name {
            let name = name.trim();
            if !name.is_empty() && !is_name(name) {
                return Err(ApiError::new(
                    Code::BadInput,
                    format!("a rater's name is one line of at most {MAX_NAME} characters"),
                ));
            }
            set(NAME, name)?;
        }
        if let Some(share) = command.share_by_itself {
            set(BY_ITSELF, if share { "on" } else { "off" })?;
        }
        self.answer(ReadRater {})
    }
}

impl App {
    /// The name that ratings get: the one that was chosen, else git's `user.name`.
    pub(crate) fn rater(&self, open: &Open) -> Result<String, ApiError> {
        let of_git = || open.workspace.user_name().map(|name| tidy(&name));
        let name = self.chosen_rater()?.or_else(of_git);
        Ok(name.filter(|name| is_name(name)).unwrap_or_else(|| NOBODY.to_owned()))
    }

    fn chosen_rater(&self) -> Result<Option<String>, ApiError> {
        let name = self.inner.store.setting(NAME).map_err(|e| e.explain())?;
        Ok(name.filter(|name| is_name(name)))
    }

    /// Whether ratings go along with every sync, and labels with every commit.
    pub(crate) fn shares_by_itself(&self) -> Result<bool, ApiError> {
        let setting = self.inner.store.setting(BY_ITSELF).map_err(|e| e.explain())?;
        Ok(setting.as_deref() == Some("on"))
    }
}

/// Whether a text can be a rater's name: one line that is not too long.
pub(crate) fn is_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.trim() == name
        && name.chars().count() <= MAX_NAME
        && !name.chars().any(char::is_control)
}

/// What git knows, as a name that can be used.
fn tidy(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    plain.trim().to_owned()
}

/// The name of a rater's file, without its ending.
pub(crate) fn slug(rater: &str) -> String {
    let words = rater.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_lowercase();
    let slug: String = slug.chars().filter(char::is_ascii).take(40).collect();
    match slug.trim_matches('-') {
        // A name of other letters than ASCII still has a file of its own.
        "" => format!("rater-{}", &assay_repo::digest(rater.as_bytes())[7..19]),
        slug => slug.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raters_file_is_named_in_plain_letters() {
        assert_eq!(slug("Ada Lovelace"), "ada-lovelace");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug(&"x".repeat(99)).len(), 40);
        assert!(slug("Юлия").starts_with("rater-"), "{}", slug("Юлия"));
        assert_ne!(slug("Юлия"), slug("李"));
    }

    #[test]
    fn a_name_is_one_line() {
        assert!(is_name("Ada Lovelace"));
        for bad in ["", " ", " Ada", "Ada\n", "a\u{7}b", &"x".repeat(MAX_NAME + 1)] {
            assert!(!is_name(bad), "{bad:?}");
        }
        assert_eq!(tidy(" Ada\nL "), "AdaL");
    }
}
