//! The end-to-end stories: Chromium against registry, helper, a real PC/SC service and virtual
//! cards. Each has a desk of its own, so that they run side by side.

mod cancel;
mod escrow;
mod initialize;
mod look;
mod reload;
mod search;
mod tools;
mod trouble;

/// A produced card of the examples whose chip the bureau named: it is in the first virtual reader.
const CARD_WITH_CHIP: &str = "TC-2026-004102";

/// A produced card of the examples without a chip id.
const CARD_WITHOUT_CHIP: &str = "TC-2026-004103";

/// What the wizard says when *Next* will encode.
const READY: &str = "Next encodes the chip";
