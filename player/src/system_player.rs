//! Sound output through an audio player that the system has.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Result, bail, ensure};

use crate::terminal::write;

/// Programs that play a WAV file, with their options.
const PLAYERS: [(&str, &[&str]); 5] = [
    ("pw-play", &[]),
    ("paplay", &[]),
    ("aplay", &["-q"]),
    ("afplay", &[]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "quiet"]),
];

/// A running player.
pub(crate) struct Player {
    child: Child,
    program: &'static str,
    file: PathBuf,
}

impl Player {
    /// Starts the first player that exists.
    pub(crate) fn start(wav: &[u8]) -> Result<Self> {
        let name = format!("third-stream-{}.wav", std::process::id());
        let file = std::env::temp_dir().join(name);
        write(&file, wav)?;
        for (program, options) in PLAYERS {
            let mut command = Command::new(program);
            let command = command.args(options).arg(&file);
            if let Ok(child) = command.stdin(Stdio::null()).spawn() {
                return Ok(Self {
                    child,
                    program,
                    file,
                });
            }
        }
        std::fs::remove_file(&file).ok();
        let names = PLAYERS.map(|(program, _)| program).join(", ");
        bail!("found no player (looked for {names}); use --out FILE.wav and open the file")
    }

    /// Waits for the end.
    pub(crate) fn finish(mut self) -> Result<()> {
        let status = self.child.wait();
        std::fs::remove_file(&self.file).ok();
        let status = status?;
        ensure!(
            status.success(),
            "{} could not play the sound ({status}); use --out FILE.wav and open the file",
            self.program
        );
        Ok(())
    }
}
