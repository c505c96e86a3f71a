//! How WebKitGTK draws on this machine, settled before GTK starts.
//!
//! WebKitGTK reads its graphics settings from the environment, once. A process cannot safely
//! change its own environment after threads exist, so where one is needed the program starts
//! itself again with it, in the same process.
//!
//! `WEBKIT_DISABLE_DMABUF_RENDERER` is not among them: it is the usual advice, but it turns off
//! all acceleration on good machines and crashes current WebKitGTK on NVIDIA.

/// Settles the graphics; returns when they are settled.
#[cfg(target_os = "linux")]
pub fn settle(safe: bool) {
    use std::path::Path;
    let machine = Machine {
        nvidia: Path::new("/proc/driver/nvidia").exists(),
        appimage: std::env::var_os("APPIMAGE").is_some(),
    };
    let choice = choose(safe, machine, |name| std::env::var_os(name).is_some());
    if let Some((name, why)) = choice {
        eprintln!("assay-desktop: {name}=1, because {why}");
        start_again(name);
    }
}

/// Other platforms bring a webview that needs no help.
#[cfg(not(target_os = "linux"))]
pub fn settle(_safe: bool) {}

/// What decides.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, Default)]
struct Machine {
    nvidia: bool,
    appimage: bool,
}

#[cfg(target_os = "linux")]
const NO_COMPOSITING: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";
#[cfg(target_os = "linux")]
const SHARED_MEMORY: &str = "WEBKIT_DMABUF_RENDERER_FORCE_SHM";
#[cfg(target_os = "linux")]
const NO_DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// The variable to set and why, if any. Whoever has set one of them knows better.
#[cfg(target_os = "linux")]
fn choose(
    safe: bool,
    machine: Machine,
    is_set: impl Fn(&str) -> bool,
) -> Option<(&'static str, &'static str)> {
    if [NO_COMPOSITING, SHARED_MEMORY, NO_DMABUF].into_iter().any(is_set) {
        return None;
    }
    match (safe, machine) {
        (true, _) => Some((NO_COMPOSITING, "--safe-graphics was given")),
        (false, Machine { nvidia: true, .. }) => {
            Some((SHARED_MEMORY, "NVIDIA's driver cannot share buffers with WebKitGTK reliably"))
        }
        (false, Machine { appimage: true, .. }) => {
            Some((SHARED_MEMORY, "an AppImage's libraries may not fit this machine's driver"))
        }
        (false, Machine { nvidia: false, appimage: false }) => None,
    }
}

#[cfg(target_os = "linux")]
fn start_again(name: &str) {
    use std::os::unix::process::CommandExt;
    use std::process::Command;
    let error = match std::env::current_exe() {
        Ok(program) => {
            Command::new(program).args(std::env::args_os().skip(1)).env(name, "1").exec()
        }
        Err(error) => error,
    };
    // The window may still draw well without it, so this is no reason to stop.
    eprintln!("assay-desktop: could not start again with {name}=1: {error}");
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    const NVIDIA: Machine = Machine { nvidia: true, appimage: false };

    fn chosen(safe: bool, machine: Machine, set: &[&str]) -> Option<&'static str> {
        choose(safe, machine, |name| set.contains(&name)).map(|(name, _)| name)
    }

    #[test]
    fn an_ordinary_machine_is_left_alone() {
        assert_eq!(chosen(false, Machine::default(), &[]), None);
    }

    #[test]
    fn nvidia_and_appimages_share_memory() {
        assert_eq!(chosen(false, NVIDIA, &[]), Some(SHARED_MEMORY));
        let appimage = Machine { appimage: true, ..Machine::default() };
        assert_eq!(chosen(false, appimage, &[]), Some(SHARED_MEMORY));
    }

    #[test]
    fn safe_graphics_wins_over_the_machine() {
        assert_eq!(chosen(true, NVIDIA, &[]), Some(NO_COMPOSITING));
    }

    #[test]
    fn what_the_person_has_set_is_kept() {
        for set in [NO_COMPOSITING, SHARED_MEMORY, NO_DMABUF] {
            assert_eq!(chosen(true, NVIDIA, &[set]), None, "{set} was set already");
        }
    }
}
