//! `encode`: our verified job beside other tools' unverified ones, and beside its own bare bytes.

mod four;
mod rounds;

use crate::figures::{median_ratio, print, progress, remark, times};
use crate::place::{Place, READERS, Traced};
use crate::script::{self, Step};
use crate::tools::check_whole;
use cardwright_protocol::outcome::Receipt;
use rounds::Round;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `encode`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many pairs are measured for each ratio with a delay.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pairs: usize,
    /// How many pairs are measured for each ratio without a delay: three times as many unless
    /// given, since whatever else the machine does shows in hundredths of a second.
    #[arg(long, value_name = "N")]
    quick_pairs: Option<usize>,
    /// How much longer a command takes in the second half, in milliseconds; the names of the
    /// figures say it.
    #[arg(long, value_name = "MS", default_value_t = 50)]
    delay: u64,
    /// Folder for the helper's data, which should be on a disk; without it, the one of this
    /// program.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Measures and prints everything.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let data = match &options.data {
        Some(folder) => folder.clone(),
        None => std::env::current_exe()?.parent().map(PathBuf::from).unwrap_or_default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&data, options))
}

async fn measure(data: &std::path::Path, options: &Options) -> anyhow::Result<()> {
    progress("starting a PC/SC service and a helper");
    let mut place = Place::open(data).await?;
    let steps = first_round(&mut place).await?;

    let delay = Duration::from_millis(options.delay);
    let suffix = format!("_{}ms", options.delay);
    let quick = options.quick_pairs.unwrap_or(3 * options.pairs);
    for (delay, suffix, pairs) in [(Duration::ZERO, "", quick), (delay, &suffix, options.pairs)] {
        let mut rounds = Vec::new();
        for number in 0..pairs {
            progress(&format!("pair {} of {pairs}{suffix}", number + 1));
            rounds.push(rounds::round(&mut place, number, delay, &steps).await?);
        }
        print_rounds(&rounds, suffix);
    }
    let mut pairs = Vec::new();
    for number in 0..options.pairs {
        progress(&format!("four readers and one: pair {} of {}", number + 1, options.pairs));
        pairs.push(four::pair(&mut place, number, delay).await?);
    }
    let (four, one) = (pairs.iter().map(|pair| pair.0), pairs.iter().map(|pair| pair.1));
    remark(&format!("medians{suffix}: four readers {}, one reader {}", times(four), times(one)));
    print_ratio(&format!("encode.four_readers_vs_one{suffix}"), median_ratio(pairs));
    Ok(())
}

/// Everything once, not measured: what each side does is written down, and our commands are kept
/// to be sent bare.
async fn first_round(place: &mut Place) -> anyhow::Result<Vec<Step>> {
    let cards = place.traced_cards(&READERS).await?;
    let [(ours, our_trace), (yubico, yubico_trace), (open_sc, open_sc_trace), (bare, bare_trace)] =
        &cards[..]
    else {
        anyhow::bail!("four readers have four cards");
    };
    let job = place.sealed_job(ours);
    let (_, receipt) = place.execute(job).await?;
    let steps = script::steps(&our_trace.text()?, &place.registry.contents())?;
    place.tools.yubico(&yubico.name)?;
    place.tools.open_sc(&open_sc.name)?;
    place.bare.run(&bare.name, &steps)?;

    let commands = |whose: &str, trace: &Traced| {
        let exchanges = script::exchanges(&trace.text()?)?;
        check_whole(whose, &exchanges)?;
        anyhow::Ok(exchanges.len())
    };
    let ours = commands("our job", our_trace)?;
    let yubico = commands("yubico-piv-tool", yubico_trace)?;
    let open_sc = commands("OpenSC", open_sc_trace)?;
    let bare = commands("bare", bare_trace)?;
    anyhow::ensure!(ours == bare, "our job has {ours} commands, bare there are {bare}");
    describe(&receipt, yubico, open_sc);
    print("encode.commands", receipt.commands, "commands");
    Ok(steps)
}

fn describe(receipt: &Receipt, yubico: usize, open_sc: usize) {
    let keys: Vec<String> = receipt
        .keys
        .iter()
        .map(|key| format!("{} {}", hex::encode_upper(&key.reference.0), key.algorithm))
        .collect();
    remark(&format!(
        "ours: profile piv-temporary (CCC, CHUID, PIN, PUK), key {}, management key {:?}; read \
         back and proved; {} commands, one sealed job",
        keys.join(", "),
        receipt.management_key,
        receipt.commands
    ));
    remark(&format!(
        "yubico-piv-tool: CCC, CHUID, PIN, PUK, key 9A P-256, management key TripleDes; not \
         verified; {yubico} commands, 6 processes"
    ));
    remark(&format!(
        "OpenSC: CCC, CHUID, PIN, PUK, key 9A P-256, management key TripleDes; not verified; \
         {open_sc} commands, 5 processes"
    ));
    remark("bare: the commands of ours, one process that is connected to the service already");
}

fn print_rounds(rounds: &[Round], suffix: &str) {
    remark(&format!(
        "medians{suffix}: ours {}, with its request {}, yubico-piv-tool {}, OpenSC {}, bare {}",
        times(rounds.iter().map(|round| round.ours.accepted_to_receipt)),
        times(rounds.iter().map(|round| round.ours.request_to_receipt)),
        times(rounds.iter().map(|round| round.yubico)),
        times(rounds.iter().map(|round| round.open_sc)),
        times(rounds.iter().map(|round| round.bare)),
    ));
    let against = |their: fn(&Round) -> Duration| {
        median_ratio(rounds.iter().map(|round| (round.ours.accepted_to_receipt, their(round))))
    };
    let ratios = [
        ("encode.vs_yubico_piv_tool", against(|round| round.yubico)),
        ("encode.vs_opensc", against(|round| round.open_sc)),
        ("encode.vs_bare", against(|round| round.bare)),
    ];
    for (name, ratio) in ratios {
        print_ratio(&format!("{name}{suffix}"), ratio);
    }
}

fn print_ratio(name: &str, ratio: f64) {
    print(name, format!("{ratio:.3}"), "ratio");
}
