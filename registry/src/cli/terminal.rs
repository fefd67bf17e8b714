//! Secrets that a person types.

use super::CliError;
use cardwright_seal::Secret;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use zeroize::Zeroizing;

/// Longest line that is expected, in bytes: a text that grows leaves pieces of itself in memory.
const LINE: usize = 1024;

/// What is to be typed.
pub(super) struct AskedFor {
    /// As errors call it.
    pub(super) what: &'static str,
    /// What the terminal asks, once for each time that it is to be typed; all must be alike.
    pub(super) prompts: &'static [&'static str],
    /// The fewest characters.
    pub(super) min_length: usize,
}

/// Reads a secret: from a terminal, which does not show it, or one line from standard input.
pub(super) fn read_secret(asked: AskedFor) -> Result<Secret, CliError> {
    let AskedFor { what, prompts, min_length } = asked;
    let io = |source| CliError::Io { doing: format!("reading the {what}"), source };
    let secret = match io::stdin().is_terminal() {
        false => read_line().map_err(io)?,
        true => {
            let typed: Result<Vec<Secret>, _> = prompts.iter().map(|prompt| ask(prompt)).collect();
            let mut typed = typed.map_err(io)?.into_iter();
            let first = typed.next().unwrap_or_else(|| Secret::new(Vec::new()));
            if typed.any(|again| again != first) {
                return Err(CliError::Refused(format!("the {what} was not the same both times")));
            }
            first
        }
    };
    let text = std::str::from_utf8(secret.expose()).unwrap_or_default();
    if text.chars().count() < min_length {
        return Err(CliError::Refused(format!("a {what} has at least {min_length} characters")));
    }
    Ok(secret)
}

fn ask(prompt: &str) -> io::Result<Secret> {
    // Hidden first: what is typed as soon as the prompt is seen is not shown either.
    let hidden = HiddenInput::begin()?;
    write!(io::stderr(), "{prompt}")?;
    let line = read_line();
    drop(hidden);
    writeln!(io::stderr())?;
    line
}

fn read_line() -> io::Result<Secret> {
    let mut line = Zeroizing::new(String::with_capacity(LINE));
    io::stdin().lock().read_line(&mut line)?;
    Ok(Secret::from(line.trim_end_matches(['\r', '\n']).as_bytes()))
}

/// While it lives, the terminal does not show what is typed.
#[cfg(unix)]
struct HiddenInput(rustix::termios::Termios);

#[cfg(unix)]
impl HiddenInput {
    fn begin() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for HiddenInput {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Nothing is left to be done when the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Here the terminal shows what is typed; `--generate` avoids it.
#[cfg(not(unix))]
struct HiddenInput;

#[cfg(not(unix))]
impl HiddenInput {
    fn begin() -> io::Result<Self> {
        Ok(Self)
    }
}
