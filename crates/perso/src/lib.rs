//! Personalization: a chip as found becomes the chip that is wanted.
//!
//! [`inspect`] says what a chip is, and touches nothing. A [`Job`] says what is wanted, a [`Run`]
//! carries it out one phase at a time, so that its caller can show progress, cancel between
//! phases, and reset the chip where that is asked for. What a chip already is drops out of the
//! plan: a run that was torn at any point is mended by running the same job again.
//!
//! ```
//! use cardwright_card::Transport;
//! use cardwright_perso::{Failure, Job, Next, Receipt, Run};
//! use rand::CryptoRng;
//!
//! /// Carries a job out; `reset` resets the chip and connects to it again.
//! fn carry_out<T: Transport>(
//!     job: Job,
//!     transport: &mut T,
//!     reset: impl Fn(&mut T),
//!     random: &mut impl CryptoRng,
//! ) -> Result<Receipt, Failure> {
//!     let mut run = Run::new(job);
//!     loop {
//!         run = match run.step(transport, random)? {
//!             Next::Step(run) => run,
//!             Next::Reset(run) => {
//!                 reset(transport);
//!                 run
//!             }
//!             Next::Done(receipt) => return Ok(receipt),
//!         };
//!     }
//! }
//! ```
//!
//! No input or output, no clock and no random source of its own.

mod dialect;
mod facts;
mod failure;
mod from_profile;
mod inspect;
mod job;
mod phase;
mod receipt;
mod run;
mod standing;

pub use facts::{ChipFacts, ChipIds, PivFacts};
pub use failure::{Cause, Condition, Failure, Proved};
pub use from_profile::{fasc_n, management_key_algorithm};
pub use inspect::inspect;
pub use job::{Candidates, Job, PukFirst, RecordedKey, Tries, Wanted};
pub use phase::Phase;
pub use receipt::{KeyReceipt, Receipt};
pub use run::{Next, Progress, Run};
