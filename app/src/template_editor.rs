//! A template as it is being changed, beside the template as the registry has it.

use cardwright_protocol::domain::{CardState, Command};
use cardwright_protocol::registry::templates::{
    ChangeState, ChangeTemplate, StateCommands, Template,
};

/// Where an entry of the *Process* list is moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the place before.
    Up,
    /// To the place after.
    Down,
}

/// A template with changes that are not saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    saved: Template,
    /// *Confirm the printed number where the bureau gave no chip id*.
    pub(crate) confirm_number: bool,
    /// *Operators may erase chips that somebody else has used*.
    pub(crate) allow_erase: bool,
    states: Vec<StateCommands>,
}

impl Draft {
    /// A draft without changes.
    pub(crate) fn new(saved: Template) -> Self {
        Self {
            confirm_number: saved.confirm_number,
            allow_erase: saved.allow_erase,
            states: saved.states.clone(),
            saved,
        }
    }

    /// The template as the registry has it.
    pub(crate) fn saved(&self) -> &Template {
        &self.saved
    }

    /// Whether there is something to save.
    pub(crate) fn is_dirty(&self) -> bool {
        self.confirm_number != self.saved.confirm_number
            || self.allow_erase != self.saved.allow_erase
            || self.states != self.saved.states
    }

    /// The *Process* list of a state.
    pub(crate) fn enabled(&self, state: CardState) -> Vec<Command> {
        self.of(state).map(|commands| commands.enabled.clone()).unwrap_or_default()
    }

    /// The commands that can be added to a state: possible, and not enabled yet.
    pub(crate) fn addable(&self, state: CardState) -> Vec<Command> {
        let commands = self.of(state).into_iter();
        commands
            .flat_map(|of| of.possible.iter().filter(|command| !of.enabled.contains(command)))
            .copied()
            .collect()
    }

    /// Adds a command to the end of a state's *Process* list.
    pub(crate) fn add(&mut self, state: CardState, command: Command) {
        if self.addable(state).contains(&command) {
            self.change(state, |enabled| enabled.push(command));
        }
    }

    /// Takes a command out of a state's *Process* list.
    pub(crate) fn remove(&mut self, state: CardState, command: Command) {
        self.change(state, |enabled| enabled.retain(|other| *other != command));
    }

    /// Moves a command by one place; at the end of the list it stays.
    pub(crate) fn shift(&mut self, state: CardState, command: Command, direction: Direction) {
        self.change(state, |enabled| {
            let Some(from) = enabled.iter().position(|other| *other == command) else { return };
            let to = match direction {
                Direction::Up => from.checked_sub(1),
                Direction::Down => Some(from + 1).filter(|to| *to < enabled.len()),
            };
            if let Some(to) = to {
                enabled.swap(from, to);
            }
        });
    }

    /// Forgets all changes.
    pub(crate) fn discard(&mut self) {
        *self = Self::new(self.saved.clone());
    }

    /// What is sent to the registry: only the states that changed.
    pub(crate) fn wire_change(&self) -> ChangeTemplate {
        let states = self.states.iter().filter(|state| !self.saved.states.contains(state));
        ChangeTemplate {
            version: self.saved.version,
            confirm_number: self.confirm_number,
            allow_erase: self.allow_erase,
            states: states
                .map(|of| ChangeState { state: of.state, enabled: of.enabled.clone() })
                .collect(),
        }
    }

    fn of(&self, state: CardState) -> Option<&StateCommands> {
        self.states.iter().find(|commands| commands.state == state)
    }

    fn change(&mut self, state: CardState, change: impl FnOnce(&mut Vec<Command>)) {
        if let Some(commands) = self.states.iter_mut().find(|commands| commands.state == state) {
            change(&mut commands.enabled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Command::{InitializeTemporaryCard, MarkAsDefective, MarkAsLost};

    fn draft() -> Draft {
        let possible = Command::ALL.to_vec();
        let state = |state| StateCommands { state, enabled: vec![], possible: possible.clone() };
        Draft::new(Template {
            name: "temporary-card".into(),
            title: "Temporary card".into(),
            version: 7,
            profile: "PIV, temporary".into(),
            confirm_number: true,
            allow_erase: false,
            states: vec![state(CardState::Produced), state(CardState::Unassigned)],
        })
    }

    #[test]
    fn choosing_a_command_adds_it_and_takes_it_out_of_the_choice() {
        let mut draft = draft();
        assert!(!draft.is_dirty());
        draft.add(CardState::Produced, MarkAsLost);
        draft.add(CardState::Produced, MarkAsLost);
        assert_eq!(draft.enabled(CardState::Produced), [MarkAsLost]);
        assert_eq!(draft.addable(CardState::Produced), [InitializeTemporaryCard, MarkAsDefective]);
        assert!(draft.enabled(CardState::Unassigned).is_empty());
        assert!(draft.is_dirty());
        draft.remove(CardState::Produced, MarkAsLost);
        assert!(!draft.is_dirty());
    }

    #[test]
    fn entries_move_by_one_place_and_stay_in_the_list() {
        let mut draft = draft();
        for command in Command::ALL {
            draft.add(CardState::Produced, *command);
        }
        let moves = [
            (MarkAsLost, Direction::Up, [InitializeTemporaryCard, MarkAsLost, MarkAsDefective]),
            (MarkAsLost, Direction::Up, [MarkAsLost, InitializeTemporaryCard, MarkAsDefective]),
            (MarkAsLost, Direction::Up, [MarkAsLost, InitializeTemporaryCard, MarkAsDefective]),
            (
                MarkAsDefective,
                Direction::Down,
                [MarkAsLost, InitializeTemporaryCard, MarkAsDefective],
            ),
        ];
        for (command, direction, expected) in moves {
            draft.shift(CardState::Produced, command, direction);
            assert_eq!(draft.enabled(CardState::Produced), expected);
        }
    }

    #[test]
    fn only_what_changed_is_sent_under_the_version_that_was_seen() {
        let mut draft = draft();
        draft.add(CardState::Unassigned, MarkAsDefective);
        let change = draft.wire_change();
        assert_eq!((change.version, change.states.len()), (7, 1));
        assert_eq!(change.states[0].state, CardState::Unassigned);
        assert!(!change.allow_erase);
        draft.confirm_number = false;
        draft.discard();
        assert!(!draft.is_dirty() && draft.confirm_number);
        draft.allow_erase = true;
        assert!(draft.is_dirty() && draft.wire_change().allow_erase);
    }
}
