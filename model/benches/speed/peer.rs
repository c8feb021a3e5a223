//! A peer: `peers.py` in a process of its own, which does a pass whenever it is told to.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Args;
use super::turns::{Error, Side, Timing};

/// Environment variables that limit a peer to AVX2.
const AVX2: [(&str, &str); 3] = [
    ("ATEN_CPU_CAPABILITY", "avx2"),
    ("ONEDNN_MAX_CPU_ISA", "AVX2"),
    ("MKL_ENABLE_INSTRUCTIONS", "AVX2"),
];

/// How far a peer's probabilities may be from ours, in f32.
const DIFFERENCE: f32 = 1e-3;

/// A peer that is ready.
pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How far its output is from ours at most.
    difference: f32,
}

impl Peer {
    /// Starts `peers.py` with these arguments; `None` where the package is not installed.
    pub(crate) fn start(
        python: &Path,
        arguments: &[&str],
        threads: usize,
        avx2: bool,
    ) -> Result<Option<Self>, Error> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers.py");
        let mut command = Command::new(python);
        command
            .arg(script)
            .args(arguments)
            .env("OMP_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        // Peers run as they come, whatever ours is given.
        for name in [
            "MALLOC_MMAP_THRESHOLD_",
            "MALLOC_TRIM_THRESHOLD_",
            "MALLOC_ARENA_MAX",
        ] {
            command.env_remove(name);
        }
        if avx2 {
            command.envs(AVX2);
        }
        let mut child = command.spawn()?;
        let input = child.stdin.take().ok_or("the peer has no input")?;
        let output = child.stdout.take().ok_or("the peer has no output")?;
        let mut peer = Self {
            child,
            input,
            output: BufReader::new(output),
            difference: 0.0,
        };
        let Some(words) = peer.line()? else {
            eprintln!("no figure of the peer `{}`", arguments.join(" "));
            return Ok(None);
        };
        peer.difference = match words[..] {
            [_, ref version, ref difference] => {
                eprintln!(
                    "peer {}: version {version}, {difference} away from ours",
                    arguments.join(" ")
                );
                difference.parse()?
            }
            _ => return Err(format!("the peer said {words:?}").into()),
        };
        Ok(Some(peer))
    }

    /// Makes sure that it computes what ours does.
    pub(crate) fn agrees(&self) -> Result<(), Error> {
        if self.difference > DIFFERENCE {
            return Err(format!("a peer's output is {} away from ours", self.difference).into());
        }
        Ok(())
    }

    /// One pass.
    pub(crate) fn pass(&mut self) -> Result<Timing, Error> {
        writeln!(self.input)?;
        self.input.flush()?;
        match self.line()?.as_deref() {
            Some([wall, cpu]) => Ok(Timing {
                wall: Duration::from_secs_f64(wall.parse()?),
                cpu: Duration::from_secs_f64(cpu.parse()?),
            }),
            other => Err(format!("the peer said {other:?}, expected two times").into()),
        }
    }

    /// The words of the next line, if there is one.
    fn line(&mut self) -> Result<Option<Vec<String>>, Error> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line)?;
        Ok((read > 0).then(|| line.split_whitespace().map(str::to_owned).collect()))
    }
}

/// PyTorch's training step of this kind with networks of these sizes, where it is installed.
pub(crate) fn training_step(
    args: &Args,
    kind: &str,
    sizes: &[usize],
    threads: usize,
    precision: &str,
) -> Result<Option<Side<'static>>, Error> {
    let Some(python) = &args.python else {
        return Ok(None);
    };
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    let mut arguments = vec![kind];
    arguments.extend(sizes.iter().map(String::as_str));
    arguments.push(precision);
    let peer = Peer::start(python, &arguments, threads, false)?;
    Ok(peer.map(|mut peer| Side::new("pytorch", move || peer.pass())))
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself, and nothing else can be done about one that does not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
