use crate::Cause;
use cardwright_card::{CardError, commands::Presented};

/// What is known of the tries of a PIN or PUK.
#[derive(Debug)]
pub(super) struct Counter {
    /// Tries that the chip says are left; `None` when it does not say.
    pub(super) left: Option<u8>,
    /// Tries that this run spent since a right value was presented, at most.
    pub(super) spent: u8,
    /// All tries that this run spent on finding out which value is right.
    pub(super) guessed: u8,
    /// A right value was presented, or the chip has all its tries for another reason.
    pub(super) is_proved: bool,
    /// The chip said how many are left when it was presented a wrong value in this run.
    is_told: bool,
    /// Tries that it may spend.
    allowed: u8,
    /// It is known which value is right: whoever presents it finds nothing out, and cannot lose a
    /// try.
    is_known: bool,
}

impl Counter {
    pub(super) fn new(allowed: u8) -> Self {
        Self {
            left: None,
            spent: 0,
            guessed: 0,
            is_proved: false,
            is_told: false,
            allowed,
            is_known: false,
        }
    }

    pub(super) fn may_try(&self) -> bool {
        self.is_known || self.spent < self.allowed && self.left.is_none_or(|left| left > 1)
    }

    /// Whether the only value that remains may be presented: all others were wrong, and the chip
    /// itself said that it is not the last try. What the job allows is for values that may be
    /// wrong.
    pub(super) fn may_try_remaining(&self) -> bool {
        self.may_try() || self.is_told && self.left.is_some_and(|left| left > 1)
    }

    /// Tries that are spent when the next step is over, or cut off: at most.
    pub(super) fn may_spend(&self, is_presented: bool) -> u8 {
        match is_presented && !self.is_known {
            true => self.spent.max(self.allowed),
            false => self.spent,
        }
    }

    /// The value is known, and all tries are there. How many that is nobody said.
    pub(super) fn is_set(&mut self) {
        self.left = None;
        self.spent = 0;
        self.is_proved = true;
        self.is_known = true;
    }

    /// Takes down what became of a value. A right one gives the counter all its tries back.
    pub(super) fn presented(
        &mut self,
        outcome: Result<Presented, CardError>,
    ) -> Result<bool, Cause> {
        let is_right = self.used(outcome)?;
        if is_right {
            self.is_set();
        }
        Ok(is_right)
    }

    /// As [`Self::presented`], where a right value need not give the tries back.
    pub(super) fn used(&mut self, outcome: Result<Presented, CardError>) -> Result<bool, Cause> {
        if outcome != Ok(Presented::Accepted) && !self.is_known {
            // Without an answer, or with one that every maker means otherwise, the try may be
            // gone.
            self.guessed = self.guessed.saturating_add(1);
        }
        self.spend(outcome)
    }

    /// As [`Self::used`], where nothing is to be found out: the value is meant to be wrong.
    pub(super) fn spend(&mut self, outcome: Result<Presented, CardError>) -> Result<bool, Cause> {
        let was_known = std::mem::replace(&mut self.is_known, outcome == Ok(Presented::Accepted));
        match outcome {
            Ok(Presented::Accepted) => Ok(true),
            Ok(Presented::Wrong { tries_left }) => {
                self.spent = self.spent.saturating_add(1);
                self.is_told = tries_left.is_some();
                self.left = tries_left.or(self.left.map(|left| left.saturating_sub(1)));
                Ok(false)
            }
            Err(error) => {
                if !was_known {
                    self.spent = self.spent.saturating_add(1);
                }
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_card::{StatusWord, TransportError};

    #[test]
    fn a_try_that_may_be_gone_counts_as_spent() {
        let security_status = CardError::Refused { status: StatusWord::SECURITY_STATUS };
        for error in [security_status, CardError::Link(TransportError::Removed)] {
            let mut counter = Counter { left: Some(3), ..Counter::new(1) };
            assert!(counter.may_try());
            assert!(counter.presented(Err(error)).is_err());
            assert_eq!((counter.spent, counter.guessed, counter.may_try()), (1, 1, false));
        }
    }

    #[test]
    fn tries_are_counted_up_to_the_largest_number() {
        let mut counter = Counter { spent: u8::MAX, guessed: u8::MAX, ..Counter::new(1) };
        assert_eq!(counter.presented(Ok(Presented::Wrong { tries_left: None })), Ok(false));
        assert_eq!((counter.spent, counter.guessed), (u8::MAX, u8::MAX));
    }

    #[test]
    fn a_value_that_is_known_may_be_presented_again() {
        let mut counter = Counter { left: Some(2), ..Counter::new(1) };
        assert_eq!(counter.presented(Ok(Presented::Wrong { tries_left: None })), Ok(false));
        assert!(!counter.may_try(), "it is the last try, and no other is allowed");
        assert_eq!((counter.spent, counter.is_proved), (1, false));
        assert_eq!(counter.presented(Ok(Presented::Accepted)), Ok(true));
        assert!(counter.may_try());
        assert_eq!((counter.spent, counter.guessed, counter.is_proved), (0, 1, true));
    }

    #[test]
    fn what_remains_is_presented_where_the_chip_says_that_it_is_not_the_last_try() {
        for (told, may_try) in [(Some(2), true), (Some(1), false), (None, false)] {
            let mut counter = Counter::new(1);
            assert_eq!(counter.presented(Ok(Presented::Wrong { tries_left: told })), Ok(false));
            assert_eq!((counter.may_try(), counter.may_try_remaining()), (false, may_try));
        }
    }

    #[test]
    fn a_known_value_whose_answer_is_lost_costs_no_try() {
        let lost = || Err(CardError::Link(TransportError::Removed));
        let mut counter = Counter::new(1);
        assert_eq!(counter.presented(Ok(Presented::Accepted)), Ok(true));
        assert!(counter.presented(lost()).is_err());
        assert_eq!((counter.spent, counter.guessed), (0, 0));
    }

    #[test]
    fn a_puk_that_sets_a_pin_is_known_and_has_not_its_tries_back() {
        let mut counter = Counter::new(2);
        assert_eq!(counter.presented(Ok(Presented::Wrong { tries_left: Some(2) })), Ok(false));
        assert_eq!(counter.used(Ok(Presented::Accepted)), Ok(true));
        assert_eq!((counter.spent, counter.is_proved, counter.may_try()), (1, false, true));
    }
}
