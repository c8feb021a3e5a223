//! Progress of an evaluation: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Progress: a bar on a terminal, a plain line for each tenth elsewhere, nothing if quiet.
pub(super) struct Show {
    bar: ProgressBar,
    lines: bool,
    last: String,
}

impl Show {
    pub(super) fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if quiet || !terminal {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(1)
        };
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {eta} {msg}");
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            lines: !quiet && !terminal,
            last: String::new(),
        }
    }

    pub(super) fn at(&mut self, what: &str, done: u64, all: u64, how: &str) {
        self.bar.set_prefix(what.to_owned());
        self.bar.set_length(all);
        self.bar.set_position(done);
        self.bar.set_message(how.to_owned());
        let tenth = format!("{what} {}0 %", 10 * done / all.max(1));
        if self.lines && self.last != tenth {
            eprintln!("{tenth}  {how}");
            self.last = tenth;
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
