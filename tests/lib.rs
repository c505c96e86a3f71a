//! Holds no code: the tests are the binaries beside this file.
