//! System libraries that the build needs: those that the editor's window is made with, and
//! what the player's sound is built with.
//!
//! They are loaded when the window opens, so nothing here stops a build or a test; a Linux
//! machine without a desktop may lack them. macOS and Windows have what they need.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{line, run};

/// A shared library, and its package for each package manager.
struct Library {
    file: &'static str,
    apt: &'static str,
    dnf: &'static str,
    pacman: &'static str,
}

const fn library(
    file: &'static str,
    apt: &'static str,
    dnf: &'static str,
    pacman: &'static str,
) -> Library {
    Library {
        file,
        apt,
        dnf,
        pacman,
    }
}

const LIBRARIES: [Library; 7] = [
    library("libX11.so.6", "libx11-6", "libX11", "libx11"),
    library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
    library("libxcb.so.1", "libxcb1", "libxcb", "libxcb"),
    library("libXcursor.so.1", "libxcursor1", "libXcursor", "libxcursor"),
    library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    library(
        "libxkbcommon.so.0",
        "libxkbcommon0",
        "libxkbcommon",
        "libxkbcommon",
    ),
    library(
        "libxkbcommon-x11.so.0",
        "libxkbcommon-x11-0",
        "libxkbcommon-x11",
        "libxkbcommon-x11",
    ),
];

/// Packages that the player's sound is built with.
const SOUND: [Library; 2] = [
    library("pkg-config", "pkg-config", "pkgconf", "pkgconf"),
    library("alsa.pc", "libasound2-dev", "alsa-lib-devel", "alsa-lib"),
];

/// The package managers whose line is known, by their program.
const MANAGERS: [&str; 3] = ["apt-get", "dnf", "pacman"];

/// Names what is missing with the line that installs it, or installs it where that was asked for.
pub(crate) fn libraries(install: bool) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let known = known_libraries();
    let missing: Vec<&Library> = LIBRARIES
        .iter()
        .filter(|library| !has(library, &known))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let files: Vec<&str> = missing.iter().map(|library| library.file).collect();
    let files = files.join(", ");
    let manager = MANAGERS.into_iter().find(|program| on_path(program));
    let Some(manager) = manager else {
        eprintln!("The plugin's editor needs {files}: install them with your package manager.");
        return Ok(());
    };
    let why = format!(
        "The plugin's editor needs {files} (the build and the tests do not). To install them:"
    );
    install_or_say(&why, manager, &missing, install)
}

/// Installs the packages of `missing`, or says `why` and how to install them.
fn install_or_say(why: &str, manager: &str, missing: &[&Library], install: bool) -> Result<()> {
    let mut command = install_command(manager, missing, is_root());
    if install {
        println!("{}", line(&command));
        return run(&mut command);
    }
    let line = line(&command);
    eprintln!("{why}\n    {line}\nor add --install-deps.");
    Ok(())
}

/// True if programs can be built that sound. Where not, and `wanted`, installs what is missing if
/// `install`, and otherwise names it with the line that does.
///
/// # Errors
/// The package manager's.
pub(crate) fn sound(wanted: bool, install: bool) -> Result<bool> {
    if !cfg!(target_os = "linux") || has_alsa() {
        return Ok(true);
    }
    if !wanted {
        return Ok(false);
    }
    let Some(manager) = MANAGERS.into_iter().find(|program| on_path(program)) else {
        eprintln!(
            "The player is built without sound. To hear it, install pkg-config and ALSA's \
             headers with your package manager."
        );
        return Ok(false);
    };
    let missing: Vec<&Library> = SOUND.iter().collect();
    let why = "The player is built without sound. To hear it, install what that needs:";
    install_or_say(why, manager, &missing, install)?;
    Ok(install && has_alsa())
}

fn has_alsa() -> bool {
    Command::new("pkg-config")
        .args(["--exists", "alsa"])
        .status()
        .is_ok_and(|status| status.success())
}

/// The command that installs the packages of `missing`.
fn install_command(manager: &str, missing: &[&Library], root: bool) -> Command {
    let mut command = if root {
        Command::new(manager)
    } else {
        let mut command = Command::new("sudo");
        command.arg(manager);
        command
    };
    command.args(match manager {
        "pacman" => ["-S", "--needed"],
        _ => ["install", "-y"],
    });
    let mut packages: Vec<&str> = missing
        .iter()
        .map(|library| match manager {
            "dnf" => library.dnf,
            "pacman" => library.pacman,
            _ => library.apt,
        })
        .collect();
    packages.dedup();
    command.args(packages);
    command
}

/// The dynamic linker's list of libraries, as it prints it; empty where it cannot be asked.
fn known_libraries() -> String {
    for program in ["ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig"] {
        if let Ok(output) = Command::new(program).arg("-p").output() {
            return String::from_utf8_lossy(&output.stdout).into_owned();
        }
    }
    String::new()
}

fn has(library: &Library, known: &str) -> bool {
    let folders = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib"];
    known.split_whitespace().any(|word| word == library.file)
        || folders
            .into_iter()
            .any(|folder| Path::new(folder).join(library.file).exists())
}

pub(crate) fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Ends with an error when `program` is not there, and says how to get it.
pub(crate) fn need(program: &str, how: &str) -> Result<()> {
    if on_path(program) || on_path(&format!("{program}.exe")) {
        return Ok(());
    }
    bail!("{program} is needed but was not found on the PATH: {how}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_exact_for_each_package_manager() {
        let missing = [&LIBRARIES[0], &LIBRARIES[1], &LIBRARIES[4]];
        let line = |manager, root| line(&install_command(manager, &missing, root));
        assert_eq!(
            line("apt-get", true),
            "apt-get install -y libx11-6 libx11-xcb1 libgl1"
        );
        assert_eq!(
            line("dnf", false),
            "sudo dnf install -y libX11 libX11-xcb libglvnd-glx"
        );
        assert_eq!(
            line("pacman", false),
            "sudo pacman -S --needed libx11 libglvnd"
        );
        let sound: Vec<&Library> = SOUND.iter().collect();
        assert_eq!(
            super::line(&install_command("apt-get", &sound, false)),
            "sudo apt-get install -y pkg-config libasound2-dev"
        );
    }

    #[test]
    fn a_library_is_found_in_the_linker_s_list() {
        let known = "\tlibGL.so.1 (libc6,x86-64) => /lib/libGL.so.1\n";
        assert!(has(&LIBRARIES[4], known));
        let absent = library("libabsent.so.0", "", "", "");
        assert!(!has(&absent, known));
    }
}
