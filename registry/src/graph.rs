//! The state graph of temporary cards: what can happen at all. Configuration only narrows it.

use cardwright_protocol::domain::{CardState, Command};

/// A command takes a card from one state to another.
struct Transition {
    from: CardState,
    command: Command,
    to: CardState,
}

const TRANSITIONS: &[Transition] = &[
    edge(CardState::Produced, Command::InitializeTemporaryCard, CardState::Unassigned),
    edge(CardState::Returned, Command::InitializeTemporaryCard, CardState::Unassigned),
    edge(CardState::Ordered, Command::MarkAsLost, CardState::Lost),
    edge(CardState::InProduction, Command::MarkAsLost, CardState::Lost),
    edge(CardState::Produced, Command::MarkAsLost, CardState::Lost),
    edge(CardState::Produced, Command::MarkAsDefective, CardState::Defective),
    edge(CardState::Unassigned, Command::MarkAsDefective, CardState::Defective),
];

const fn edge(from: CardState, command: Command, to: CardState) -> Transition {
    Transition { from, command, to }
}

/// The state that a command takes a card to; `None` when it cannot be started in this state.
pub(crate) fn target(from: CardState, command: Command) -> Option<CardState> {
    let mut fitting = TRANSITIONS.iter().filter(|edge| edge.from == from);
    fitting.find(|edge| edge.command == command).map(|edge| edge.to)
}

/// The commands that a state allows, in the order that people see.
pub(crate) fn possible(from: CardState) -> Vec<Command> {
    Command::ALL.iter().copied().filter(|command| target(from, *command).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_graph_is_that_of_the_domain() {
        let mut text = String::new();
        for state in CardState::ALL {
            for command in possible(*state) {
                let to = target(*state, command).unwrap();
                text += &format!("{} -- {} --> {}\n", state.name(), command.title(), to.name());
            }
        }
        expect![[r#"
            ordered -- Mark as lost --> lost
            in-production -- Mark as lost --> lost
            produced -- Initialize temporary card --> unassigned
            produced -- Mark as defective --> defective
            produced -- Mark as lost --> lost
            unassigned -- Mark as defective --> defective
            returned -- Initialize temporary card --> unassigned
        "#]]
        .assert_eq(&text);
    }
}
