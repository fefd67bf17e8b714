//! What an admin configures.

use crate::domain::{CardState, Command};
use serde::{Deserialize, Serialize};

/// A template in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSummary {
    /// The word in URLs, such as `temporary-card`.
    pub name: String,
    /// For people, such as *Temporary card*.
    pub title: String,
    /// Cards of this template.
    pub cards: u64,
}

/// A template, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The word in URLs.
    pub name: String,
    /// For people.
    pub title: String,
    /// Counts its changes.
    pub version: u64,
    /// Title of the profile that chips of its cards follow.
    pub profile: String,
    /// Whether the printed number is to be confirmed where the bureau gave no chip id.
    pub confirm_number: bool,
    /// Whether operators may erase a chip that has values of somebody else, each time by an
    /// explicit yes.
    pub allow_erase: bool,
    /// Every state, in the order of its tabs.
    pub states: Vec<StateCommands>,
}

/// The commands of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateCommands {
    /// The state.
    pub state: CardState,
    /// *Process*: what is enabled, in its order.
    pub enabled: Vec<Command>,
    /// All that the state graph allows here, enabled or not.
    pub possible: Vec<Command>,
}

/// Changes a template. States that are not named keep their commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeTemplate {
    /// The version that the person saw.
    pub version: u64,
    /// As in [`Template`].
    pub confirm_number: bool,
    /// As in [`Template`].
    pub allow_erase: bool,
    /// New commands of some states.
    pub states: Vec<ChangeState>,
}

/// New commands of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeState {
    /// The state.
    pub state: CardState,
    /// *Process*, in its order.
    pub enabled: Vec<Command>,
}
