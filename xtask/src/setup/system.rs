//! Packages of the operating system: what each is needed for and what each system calls it.

use std::path::Path;

use crate::failure::Failure;
use crate::places::{Places, program};
use crate::setup::{Found, Purpose, model};
use crate::shell::Shell;

/// Something the system must provide.
#[derive(Debug, Clone, Copy)]
struct Package {
    need: Need,
    when: When,
    names: Names,
}

/// How one sees that a package is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// A program on the search path.
    Program(&'static str),
    /// A library that pkg-config knows. Linux only: elsewhere the system brings its webview.
    Library(&'static str),
    /// What git's transports encrypt with. Windows brings its own.
    OpenSsl,
    /// Python's package installer.
    Pip,
    /// The accessibility bus, which WebKitGTK waits for. Linux only.
    AccessibilityBus,
}

/// When a package is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// To build.
    Always,
    /// To fetch the embedded model, once.
    ModelIsMissing,
    /// To drive the window without a screen. Linux only.
    Testing,
}

/// What each package manager calls it; empty where it is not needed or not offered.
#[derive(Debug, Clone, Copy)]
struct Names {
    apt: &'static str,
    dnf: &'static str,
    pacman: &'static str,
    zypper: &'static str,
    brew: &'static str,
    winget: &'static str,
}

const fn package(need: Need, when: When, names: [&'static str; 6]) -> Package {
    let [apt, dnf, pacman, zypper, brew, winget] = names;
    Package { need, when, names: Names { apt, dnf, pacman, zypper, brew, winget } }
}

/// Debian's column is tried on Debian 12; the others follow their indexes and are untried.
#[rustfmt::skip]
const PACKAGES: &[Package] = {
    use Need::{AccessibilityBus, Library, OpenSsl, Pip, Program};
    use When::{Always, ModelIsMissing, Testing};
    &[
        //                                                  apt                            dnf                          pacman             zypper                       brew          winget
        package(Program("git"), Always,                    ["git",                         "git",                       "git",             "git",                       "git",        "Git.Git"]),
        package(Program("cc"), Always,                     ["build-essential",             "gcc",                       "base-devel",      "gcc",                       "",           ""]),
        package(Program("pkg-config"), Always,             ["pkg-config",                  "pkgconf-pkg-config",        "pkgconf",         "pkgconf-pkg-config",        "",           ""]),
        package(Library("webkit2gtk-4.1"), Always,         ["libwebkit2gtk-4.1-dev",       "webkit2gtk4.1-devel",       "webkit2gtk-4.1",  "webkit2gtk3-devel",         "",           ""]),
        package(Library("javascriptcoregtk-4.1"), Always,  ["libjavascriptcoregtk-4.1-dev","javascriptcoregtk4.1-devel","webkit2gtk-4.1",  "webkit2gtk3-devel",         "",           ""]),
        package(Library("libsoup-3.0"), Always,            ["libsoup-3.0-dev",             "libsoup3-devel",            "libsoup3",        "libsoup-devel",             "",           ""]),
        package(Library("librsvg-2.0"), Always,            ["librsvg2-dev",                "librsvg2-devel",            "librsvg",         "librsvg-devel",             "",           ""]),
        package(OpenSsl, Always,                           ["libssl-dev",                  "openssl-devel",             "openssl",         "libopenssl-devel",          "openssl@3",  ""]),
        package(Program("node"), Always,                   ["nodejs",                      "nodejs",                    "nodejs",          "nodejs-default",            "node",       "OpenJS.NodeJS.LTS"]),
        package(Program("npm"), Always,                    ["npm",                         "nodejs-npm",                "npm",             "npm-default",               "node",       "OpenJS.NodeJS.LTS"]),
        package(Program(model::PYTHON), ModelIsMissing,    ["python3",                     "python3",                   "python",          "python3",                   "python",     "Python.Python.3.13"]),
        package(Pip, ModelIsMissing,                       ["python3-pip",                 "python3-pip",               "python-pip",      "python3-pip",               "python",     "Python.Python.3.13"]),
        package(Program("Xvfb"), Testing,                  ["xvfb",                        "xorg-x11-server-Xvfb",      "xorg-server-xvfb","xorg-x11-server-Xvfb",      "",           ""]),
        package(Program("WebKitWebDriver"), Testing,       ["webkit2gtk-driver",           "webkit2gtk-driver",         "webkit2gtk-4.1",  "webkit2gtk3-minibrowser",   "",           ""]),
        package(Program("dbus-run-session"), Testing,      ["dbus-x11",                    "dbus-daemon",               "dbus",            "dbus-1-daemon",             "",           ""]),
        package(Program("gnome-keyring-daemon"), Testing,  ["gnome-keyring",               "gnome-keyring",             "gnome-keyring",   "gnome-keyring",             "",           ""]),
        package(AccessibilityBus, Testing,                 ["at-spi2-core",                "at-spi2-core",              "at-spi2-core",    "at-spi2-core",              "",           ""]),
    ]
};

/// Where Homebrew is, on Apple's processors and on Intel's.
const HOMEBREW: [&str; 2] = ["/opt/homebrew", "/usr/local"];

/// A program that installs packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Brew,
    Winget,
}

/// How far set-up may go by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rights {
    /// Run it as it is: root, or a manager that wants no more.
    Direct,
    /// `sudo` asks for no password.
    Sudo,
    /// The person must type it.
    None,
}

impl Manager {
    /// The manager of this machine.
    fn here() -> Option<Self> {
        match std::env::consts::OS {
            "macos" => Some(Self::Brew),
            "windows" => Some(Self::Winget),
            _ => Self::of(&std::fs::read_to_string("/etc/os-release").unwrap_or_default()),
        }
    }

    /// The manager of the system that an `os-release` file describes, by its own name first and
    /// by those it says it is like next.
    fn of(os_release: &str) -> Option<Self> {
        let value = |key: &str| {
            let line = os_release.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        let names = format!("{} {}", value("ID"), value("ID_LIKE"));
        names.split_whitespace().find_map(|name| match name {
            "debian" | "ubuntu" => Some(Self::Apt),
            "fedora" | "rhel" | "centos" => Some(Self::Dnf),
            "arch" => Some(Self::Pacman),
            "suse" | "opensuse" => Some(Self::Zypper),
            _ => None,
        })
    }

    fn name_of(self, names: &Names) -> &'static str {
        match self {
            Self::Apt => names.apt,
            Self::Dnf => names.dnf,
            Self::Pacman => names.pacman,
            Self::Zypper => names.zypper,
            Self::Brew => names.brew,
            Self::Winget => names.winget,
        }
    }

    /// The command that installs packages, without `sudo`.
    fn install(self, packages: &[&str]) -> Vec<String> {
        let start: &[&str] = match self {
            Self::Apt => &["apt-get", "install", "-y", "--no-install-recommends"],
            Self::Dnf => &["dnf", "install", "-y"],
            Self::Pacman => &["pacman", "-S", "--needed", "--noconfirm"],
            Self::Zypper => &["zypper", "--non-interactive", "install"],
            Self::Brew => &["brew", "install"],
            Self::Winget => &["winget", "install"],
        };
        start.iter().chain(packages).map(ToString::to_string).collect()
    }

    fn rights(self) -> Rights {
        match self {
            Self::Brew => Rights::Direct,
            // Each of its installers may open a window of its own.
            Self::Winget => Rights::None,
            _ if is_root() => Rights::Direct,
            _ if Shell::new("sudo").args(["-n", "true"]).answer().is_some() => Rights::Sudo,
            _ => Rights::None,
        }
    }
}

fn is_root() -> bool {
    Shell::new("id").args(["-u"]).answer().as_deref() == Some("0")
}

pub(super) fn check(places: &Places, purpose: Purpose) -> Result<Found, Failure> {
    let missing = missing(places, purpose);
    if missing.is_empty() {
        return Ok(Found::There);
    }
    let names: Vec<&str> = match Manager::here() {
        Some(manager) => install_names(manager, &missing),
        None => missing.iter().map(|package| package.need.name()).collect(),
    };
    Ok(Found::Missing(format!("installing {}", names.join(" "))))
}

pub(super) fn act(places: &Places, purpose: Purpose) -> Result<(), Failure> {
    let missing = missing(places, purpose);
    let manager = Manager::here().ok_or_else(|| unknown_system(&missing))?;
    let packages = install_names(manager, &missing);
    if packages.is_empty() {
        return Err(unknown_system(&missing));
    }
    install(manager, &packages)
}

/// Installs Debian packages for a later step, where Debian is what this is.
///
/// # Errors
/// When this is another system, or the packages may not be installed.
pub(super) fn install_on_debian(packages: &[&str]) -> Result<(), Failure> {
    match Manager::here() {
        Some(Manager::Apt) => install(Manager::Apt, packages),
        _ => Err(Failure::Said("this system has no apt-get".to_owned())),
    }
}

fn install(manager: Manager, packages: &[&str]) -> Result<(), Failure> {
    let command = manager.install(packages);
    let rights = manager.rights();
    if rights == Rights::None {
        return Err(by_hand(manager, &command));
    }
    if manager == Manager::Apt {
        // An index that is old, or partly out of reach, may still do: the install will tell.
        let update = ["apt-get", "update", "-q"].map(str::to_owned);
        if let Err(failure) = with_rights(rights, &update).run_quietly() {
            eprintln!("  {failure}");
        }
    }
    with_rights(rights, &command).run_quietly().map(drop)
}

fn with_rights(rights: Rights, command: &[String]) -> Shell {
    let (program, arguments) = match rights {
        // `env` because sudo does not pass the variable on by itself.
        Rights::Sudo => ("sudo", ["-n", "env", "DEBIAN_FRONTEND=noninteractive"].as_slice()),
        _ => ("env", ["DEBIAN_FRONTEND=noninteractive"].as_slice()),
    };
    Shell::new(program).args(arguments).args(command)
}

fn by_hand(manager: Manager, command: &[String]) -> Failure {
    let command = match manager {
        Manager::Brew | Manager::Winget => command.join(" "),
        _ => format!("sudo {}", command.join(" ")),
    };
    Failure::Type { what: "System packages are missing, and installing them takes rights that this program does not have. Please type:".to_owned(), command }
}

fn unknown_system(missing: &[&Package]) -> Failure {
    let needs: Vec<&str> = missing.iter().map(|package| package.need.name()).collect();
    let names = install_names(Manager::Apt, missing).join(" ");
    Failure::Said(format!(
        "This system's packages are not known here, and these are missing: {}.\n\
         Please install them as your system does (Debian calls them {names}), then start this again.",
        needs.join(", ")
    ))
}

fn missing(places: &Places, purpose: Purpose) -> Vec<&'static Package> {
    let model_is_missing = !model::are_there(places);
    let wanted = |package: &&Package| match package.when {
        When::Always => true,
        When::ModelIsMissing => model_is_missing,
        When::Testing => purpose == Purpose::Test && cfg!(target_os = "linux"),
    };
    PACKAGES.iter().filter(wanted).filter(|package| !package.need.is_met()).collect()
}

/// The names to install, each once.
fn install_names(manager: Manager, missing: &[&Package]) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for package in missing {
        let name = manager.name_of(&package.names);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn pkg_config_knows(library: &str) -> bool {
    Shell::new("pkg-config").args(["--exists", library]).answer().is_some()
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Need::Program("cc" | "pkg-config") if cfg!(not(target_os = "linux")) => true,
            Need::Program(name) => program(name).is_some(),
            Need::Library(_) | Need::AccessibilityBus if cfg!(not(target_os = "linux")) => true,
            Need::Library(name) => pkg_config_knows(name),
            Need::OpenSsl => match std::env::consts::OS {
                "linux" => pkg_config_knows("openssl"),
                "macos" => {
                    HOMEBREW.iter().any(|brew| Path::new(brew).join("opt/openssl@3").exists())
                }
                _ => true,
            },
            Need::Pip => Shell::new(model::PYTHON).args(["-c", "import pip"]).answer().is_some(),
            Need::AccessibilityBus => ["/usr/libexec", "/usr/lib/at-spi2-core", "/usr/lib"]
                .iter()
                .any(|folder| Path::new(folder).join("at-spi-bus-launcher").exists()),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Need::Program(name) | Need::Library(name) => name,
            Need::OpenSsl => "OpenSSL",
            Need::Pip => "Python's pip",
            Need::AccessibilityBus => "the accessibility bus (at-spi2-core)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_manager_follows_from_os_release() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n";
        assert_eq!(Manager::of(debian), Some(Manager::Apt));
        assert_eq!(Manager::of("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Some(Manager::Apt));
        assert_eq!(Manager::of("ID=fedora\n"), Some(Manager::Dnf));
        assert_eq!(Manager::of("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\""), Some(Manager::Dnf));
        assert_eq!(Manager::of("ID=endeavouros\nID_LIKE=arch\n"), Some(Manager::Pacman));
        let tumbleweed = "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n";
        assert_eq!(Manager::of(tumbleweed), Some(Manager::Zypper));
    }

    #[test]
    fn an_unknown_system_is_not_guessed_at() {
        assert_eq!(Manager::of("ID=nixos\n"), None);
        assert_eq!(Manager::of(""), None);
        // A key that only begins like another is not that other.
        assert_eq!(Manager::of("ID_LIKEABLE=debian\n"), None);
    }

    #[test]
    fn a_package_that_meets_two_needs_is_installed_once() {
        let both: Vec<&Package> = PACKAGES
            .iter()
            .filter(|p| matches!(p.need, Need::Library("webkit2gtk-4.1" | "javascriptcoregtk-4.1")))
            .collect();
        assert_eq!(install_names(Manager::Pacman, &both), ["webkit2gtk-4.1"]);
        assert_eq!(install_names(Manager::Apt, &both).len(), 2);
    }

    #[test]
    fn debian_has_a_name_for_every_need() {
        for package in PACKAGES {
            assert!(!package.names.apt.is_empty(), "{:?} has no Debian package", package.need);
        }
    }

    #[test]
    fn what_may_not_be_installed_is_shown_as_it_must_be_typed() {
        let shown = by_hand(Manager::Apt, &Manager::Apt.install(&["xvfb", "npm"])).to_string();
        assert!(
            shown.contains("\n    sudo apt-get install -y --no-install-recommends xvfb npm\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_system_without_a_known_manager_is_told_what_is_missing() {
        let missing: Vec<&Package> =
            PACKAGES.iter().filter(|p| p.need == Need::Program("Xvfb")).collect();
        let shown = unknown_system(&missing).to_string();
        assert!(shown.contains("Xvfb") && shown.contains("xvfb"), "{shown}");
    }
}
