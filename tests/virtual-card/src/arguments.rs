use cardwright_virtual_card::{CardOptions, Dialect, Fault, Interface, Trace, vpcd};
use clap::{Args, Parser, Subcommand};
use std::{path::PathBuf, time::Duration};

/// A virtual PIV card behind the PC/SC service, or a whole office of them.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) card: CardArguments,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start a private PC/SC service with a card in every reader, and print the path for
    /// PCSCLITE_CSOCK_NAME; it ends with its standard input.
    Office {
        /// Number of readers, at most 16.
        #[arg(long, default_value_t = 4)]
        readers: usize,
        /// Folder that keeps the cards.
        #[arg(long)]
        dir: PathBuf,
    },
    /// The part of an office that runs inside its namespaces.
    #[command(hide = true)]
    Inside {
        #[arg(long)]
        readers: usize,
        #[arg(long)]
        dir: PathBuf,
    },
}

/// One card, put into the reader of a running PC/SC service.
#[derive(Args)]
pub(crate) struct CardArguments {
    /// Host of the virtual reader driver.
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// Port of the virtual reader driver.
    #[arg(long, default_value_t = vpcd::DEFAULT_PORT)]
    pub(crate) port: u16,
    /// Which chip it is: each number has its own life cycle data and serial number.
    #[arg(long, default_value_t = 0)]
    index: u16,
    /// Start value of the chip's random generator.
    #[arg(long)]
    seed: Option<u64>,
    /// Folder that keeps the card; without it the card is forgotten at the end.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    fault: FaultArguments,
    /// Milliseconds that every answer takes longer.
    #[arg(long, value_name = "N", default_value_t = 0)]
    delay_ms: u64,
    /// Append every command and answer to this file.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Speak the firmware's own dialect.
    #[arg(long)]
    strict: bool,
    /// Be in a contactless reader, as the answer to reset says.
    #[arg(long)]
    contactless: bool,
}

/// At most one way to be torn out.
#[derive(Args)]
#[group(multiple = false)]
struct FaultArguments {
    /// Leave before the Nth command is carried out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    die_before: Option<u64>,
    /// Leave after the Nth command is carried out, without its answer.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    die_inside: Option<u64>,
    /// Leave before the first command with this instruction byte (INS, hexadecimal) is carried out.
    #[arg(long, value_name = "INS", value_parser = instruction)]
    die_on: Option<u8>,
    /// Leave after the first command with this instruction byte (INS, hexadecimal) is carried
    /// out, without its answer.
    #[arg(long, value_name = "INS", value_parser = instruction)]
    die_inside_on: Option<u8>,
}

impl CardArguments {
    pub(crate) fn options(&self) -> CardOptions {
        CardOptions {
            index: self.index,
            seed: self.seed,
            state: self.state.clone(),
            fault: self.fault.fault(),
            delay: Duration::from_millis(self.delay_ms),
            trace: self.trace.clone().map_or(Trace::Off, Trace::File),
            dialect: if self.strict { Dialect::Strict } else { Dialect::Softened },
            interface: match self.contactless {
                true => Interface::Contactless,
                false => Interface::Contact,
            },
        }
    }
}

impl FaultArguments {
    fn fault(&self) -> Option<Fault> {
        (self.die_before.map(Fault::before))
            .or(self.die_inside.map(Fault::inside))
            .or(self.die_on.map(Fault::before_instruction))
            .or(self.die_inside_on.map(Fault::inside_instruction))
    }
}

fn instruction(text: &str) -> Result<u8, std::num::ParseIntError> {
    u8::from_str_radix(text, 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
