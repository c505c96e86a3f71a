//! The Python environment with the servers in it, below the target folder.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::places::{Places, program};
use crate::setup::PYTHON;
use crate::shell::Shell;

/// The versions of Python that LiteLLM runs on.
const PYTHONS: std::ops::Range<(u32, u32)> = (3, 10)..(3, 15);

/// How llama.cpp is built: without pictures, which the model does not take, and without what makes large models faster,
/// as that takes longer to compile than this model to run. The kernels in C keep their full optimisation.
const CMAKE_ARGS: &str = "-DLLAVA_BUILD=OFF -DGGML_LLAMAFILE=OFF -DGGML_CPU_REPACK=OFF -DGGML_OPENMP=OFF \
                          -DLLAMA_OPENSSL=OFF -DCMAKE_CXX_FLAGS_RELEASE=-O1";

/// Where servers are installed.
pub(super) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it, or takes the one that is there if it was made of the same pins in the same way.
    pub(super) fn install(places: &Places) -> Result<Self, Failure> {
        let pins = places.root.join("tests/interop/requirements.txt");
        let wanted = std::fs::read_to_string(&pins).map_err(Failure::io("read", &pins))?;
        let wanted = format!("{wanted}# {CMAKE_ARGS}\n");
        let environment = Self { folder: places.target.join("interop").join("python") };
        // Written last, so an installation that was cut short is begun again.
        let installed = environment.folder.join("installed.txt");
        if std::fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
            return Ok(environment);
        }
        python_is_right()?;
        compiler_is_there()?;
        println!("installing the servers; the first time, llama.cpp is compiled for some minutes");
        environment.make(&pins)?;
        std::fs::write(&installed, wanted).map_err(Failure::io("write", &installed))?;
        Ok(environment)
    }

    fn make(&self, pins: &Path) -> Result<(), Failure> {
        let venv = Shell::new(PYTHON).args(["-m", "venv", "--clear"]).args([&self.folder]);
        venv.run().map_err(|failure| {
            Failure::Said(format!(
                "{failure}\nPython's own module venv makes the folder that the servers are installed into. \
                 On Debian and Ubuntu it comes in the package python3-venv."
            ))
        })?;
        Shell::new(self.program("python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .arg_path("--requirement", pins)
            .env("CMAKE_ARGS", CMAKE_ARGS)
            .run()
    }

    /// A program that the installation brought.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        let folder = if cfg!(windows) { "Scripts" } else { "bin" };
        self.folder.join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The versions that were installed, a line each, and Python's before them: for the report.
    pub(super) fn versions(&self) -> Result<String, Failure> {
        Shell::new(self.program("python")).args(["-c", VERSIONS]).run_quietly()
    }
}

const VERSIONS: &str = "import platform, importlib.metadata as m
print('Python', platform.python_version())
for name in ['llama-cpp-python', 'litellm']: print(name, m.version(name))";

/// Says so when there is no Python, or one on which the servers do not run.
fn python_is_right() -> Result<(), Failure> {
    let ask = "import sys; print(*sys.version_info[:2])";
    let told = Shell::new(PYTHON).args(["-c", ask]).answer();
    let found = told.as_deref().and_then(version);
    if found.is_some_and(|found| PYTHONS.contains(&found)) {
        return Ok(());
    }
    let found = match found {
        Some((major, minor)) => format!("`{PYTHON}` is Python {major}.{minor}"),
        None => format!("`{PYTHON}` does not start"),
    };
    let ((_, first), (_, end)) = (PYTHONS.start, PYTHONS.end);
    Err(Failure::Said(format!(
        "the servers of these tests need Python 3.{first} to 3.{}, and {found}",
        end - 1
    )))
}

/// `3 11`.
fn version(told: &str) -> Option<(u32, u32)> {
    let (major, minor) = told.split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Says so when there is nothing to compile llama.cpp with. On Windows only CMake knows where to look.
fn compiler_is_there() -> Result<(), Failure> {
    if cfg!(windows) {
        return Ok(());
    }
    for (language, variable, names) in
        [("C", "CC", ["cc", "gcc", "clang"]), ("C++", "CXX", ["c++", "g++", "clang++"])]
    {
        if std::env::var_os(variable).is_none() && names.iter().all(|name| program(name).is_none())
        {
            return Err(no_compiler(language, variable));
        }
    }
    Ok(())
}

fn no_compiler(language: &str, variable: &str) -> Failure {
    Failure::Said(format!(
        "llama.cpp is compiled for these tests, and no {language} compiler is on the search path. \
         Install one (Debian and Ubuntu: build-essential; Fedora: gcc-c++; macOS: xcode-select --install), \
         or name it in ${variable}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_two_numbers_and_nothing_else() {
        assert_eq!(version("3 11"), Some((3, 11)));
        for odd in ["", "3", "3.11", "3 eleven"] {
            assert_eq!(version(odd), None, "{odd}");
        }
        assert!(PYTHONS.contains(&(3, 10)) && !PYTHONS.contains(&(3, 9)));
    }

    #[test]
    fn a_missing_compiler_is_told_with_what_to_install() {
        let told = no_compiler("C++", "CXX").to_string();
        assert!(told.contains("no C++ compiler") && told.contains("build-essential"), "{told}");
        assert!(told.contains("$CXX"), "{told}");
    }
}
